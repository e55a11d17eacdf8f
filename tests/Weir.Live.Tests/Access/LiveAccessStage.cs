using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Google.Protobuf;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Weir.Contracts;
using Weir.Contracts.Planes;
using Weir.Live.Broadcasts;
using Weir.Live.Http;
using Weir.Media.Broadcasting;

namespace Weir.Live.Tests.Access;

/// <summary>A node without a social plane, with broadcasts in every state, and everything that somebody may hold of them.</summary>
internal sealed class LiveAccessStage : IAsyncDisposable
{
    private const string Guess = "AAAAAAAAAAAAAAAAAAAAAA";

    private static readonly Track Sound =
        new(TrackKind.Audio, Codec.Aac, (byte[])[0x11, 0x90], "mp4a.40.2") { SampleRate = 48000, Channels = 2, SamplesPerFrame = 1024 };

    private readonly DirectoryInfo _data;
    private readonly Dictionary<string, Guid> _broadcasts = NewIds("live", "ended", "public", "camera");
    private readonly Dictionary<string, Guid> _accounts = NewIds("author", "good", "former", "cut", "host", "expired", "forged", "otherBroadcast");
    private readonly Dictionary<string, string[]> _media = [];
    private readonly List<Publisher> _publishers = [];

    private LiveAccessStage(WebApplication node, DirectoryInfo data) => (Node, _data) = (node, data);

    public WebApplication Node { get; }

    public HttpClient Http { get; private set; } = null!;

    private BroadcastDirectory Broadcasts => Node.Services.GetRequiredService<BroadcastDirectory>();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static async Task<LiveAccessStage> OpenAsync(RequestRates? rates = null)
    {
        var data = Directory.CreateTempSubdirectory("weir-live-access-");
        // The same ticket is tried on every route.
        var stage = new LiveAccessStage(
            // The test may be as somebody from elsewhere.
            LiveNode.Build(
                LoneNode.Options(data) with { SessionsPerTicket = 1000, TrustedProxies = ["127.0.0.1/32"] },
                services => services.AddSingleton(rates ?? new RequestRates())),
            data);
        await stage.Node.StartAsync(Cancellation);
        var addresses = stage.Node.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses;
        stage.Http = new HttpClient { BaseAddress = new Uri(addresses.First()) };
        stage.Broadcasts.BeginLists();
        foreach (var name in stage._broadcasts.Keys)
        {
            stage.Say(name);
        }

        stage.Broadcasts.CompleteLists();
        foreach (var name in new[] { "live", "ended", "public" })
        {
            await stage.PlayAsync(name);
        }

        await stage.EndAsync();
        return stage;
    }

    public string IdOf(string broadcast) => _broadcasts[broadcast].ToText();

    /// <summary>What they show: a ticket, to WHIP a key, or nothing.</summary>
    public string? CredentialOf(string broadcast, string who)
    {
        if (broadcast == "camera")
        {
            return who switch
            {
                "none" => null,
                "good" => KeyOf("camera"),
                "otherBroadcast" => KeyOf("live"),
                _ => TicketOf("camera", who),
            };
        }

        return who == "none" ? null : TicketOf(broadcast, who);
    }

    /// <summary>What stands in a path beside the broadcast: those who may come in know addresses, others guess.</summary>
    public async Task<string> FillAsync(string path, string name, string broadcast, string who)
    {
        var isIn = who is "author" or "good" or "former" or "again" or "guest" or "host" || (broadcast == "public" && who == "none");
        switch (name)
        {
            case "comment":
                return Comment(broadcast);
            case "name":
                return who is "good" or "otherBroadcast" ? await SessionAsync(path, who == "good" ? "camera" : "live") : Guess;
            case "path" when path.Contains("/r/", StringComparison.Ordinal):
                return TicketOf(broadcast, who) ?? "public";
            default:
                var media = await MediaAsync(broadcast);
                var others = who == "otherBroadcast" ? (await MediaAsync(broadcast == "live" ? "public" : "live"))[1] : Guess;
                return name switch
                {
                    "path" => isIn ? media[1] : others,
                    "rendition" => media[2],
                    "file" => media[^1],
                    _ => "none",
                };
        }
    }

    public async ValueTask DisposeAsync()
    {
        _publishers.ForEach(publisher => publisher.Dispose());
        Http.Dispose();
        await Node.StopAsync(CancellationToken.None);
        await Node.DisposeAsync();
        _data.Delete(recursive: true);
    }

    private static Dictionary<string, Guid> NewIds(params string[] names) => names.ToDictionary(name => name, _ => Guid.NewGuid());

    private static string KeyOf(string broadcast) => $"wk_the-key-of-{broadcast}";

    private string? TicketOf(string broadcast, string who)
    {
        var account = who switch { "guest" or "none" => Guid.Empty, "again" => _accounts["cut"], _ => _accounts[who] };
        var rights = who == "host" ? TicketRights.Host | TicketRights.Comment : TicketRights.Comment;
        var of = who == "otherBroadcast" ? _broadcasts[broadcast == "live" ? "public" : "live"] : _broadcasts[broadcast];
        var expires = who == "expired" ? DateTimeOffset.UtcNow.AddMinutes(-1) : DateTimeOffset.UtcNow.AddHours(1);
        var epoch = who is "former" or "cut" ? 0u : 1u;
        var ticket = new Ticket(of, account, Ticket.NewId(), epoch, expires, rights, who).Sign(Node.Services.GetRequiredService<NodeKey>());
        return who switch { "none" => null, "forged" => ticket[..^4] + (ticket[^4] == 'A' ? 'B' : 'A') + ticket[^3..], _ => ticket };
    }

    /// <summary>A comment of the author's, a new one each time: one that is deleted is not missed.</summary>
    private string Comment(string broadcast)
    {
        var room = Broadcasts.FindRunning(_broadcasts[broadcast])!.Broadcast.Comments;
        var text = Guid.NewGuid().ToString("N");
        // As the host's, so that none is one too many.
        var author = new Commenter(_accounts["author"], "author", IsHost: true, MayComment: true);
        Assert.Equal(CommentOutcome.Taken, room.Post(author, text, text, null).Outcome);
        var comments = room.Latest().Select(one => JsonElement.Parse(one.Json.Span));
        return comments.Single(one => one.GetProperty("text").GetString() == text).GetProperty("id").GetString()!;
    }

    /// <summary>The address of a session that is open.</summary>
    private async Task<string> SessionAsync(string path, string broadcast)
    {
        var isWhip = path.StartsWith("/whip/", StringComparison.Ordinal);
        var url = isWhip ? $"/whip/{IdOf("camera")}" : $"/live/{IdOf("camera")}/whep?ticket={TicketOf("camera", "good")}";
        if (broadcast != "camera")
        {
            url = url.Replace(IdOf("camera"), IdOf("live"), StringComparison.Ordinal);
            url = isWhip ? url : $"/live/{IdOf("live")}/whep?ticket={TicketOf("live", "good")}";
        }

        var file = Path.Combine(AppContext.BaseDirectory, "offers", $"chromium-{(isWhip ? "publish" : "play")}.sdp");
        var offer = (await File.ReadAllTextAsync(file, Cancellation)).ReplaceLineEndings("\r\n");
        using var request = new HttpRequestMessage(HttpMethod.Post, url);
        request.Content = new StringContent(offer, Encoding.UTF8, new MediaTypeHeaderValue("application/sdp"));
        request.Headers.Authorization = isWhip ? new AuthenticationHeaderValue("Bearer", KeyOf(broadcast)) : null;
        using var made = await Http.SendAsync(request, Cancellation);
        Assert.True(made.Headers.Location is not null, $"{(int)made.StatusCode} {await made.Content.ReadAsStringAsync(Cancellation)}");
        return made.Headers.Location.ToString().Split('/')[^1];
    }

    /// <summary>The parts of the address of a piece of media, as the playlist says it.</summary>
    private async Task<string[]> MediaAsync(string broadcast)
    {
        if (!_media.TryGetValue(broadcast, out var parts))
        {
            var (name, ending) = broadcast == "ended" ? ("replay.m3u8", ".mp4") : ("main.m3u8", ".m4s");
            var playlist = await Http.GetStringAsync($"/live/{IdOf(broadcast)}/{name}?ticket={TicketOf(broadcast, "good")}", Cancellation);
            parts = _media[broadcast] = playlist.Split('\n').Last(line => line.EndsWith(ending, StringComparison.Ordinal)).Split('/');
        }

        return parts;
    }

    private async Task PlayAsync(string name)
    {
        var admission = Node.Services.GetRequiredService<LiveAdmission>();
        Assert.True(admission.TryPublish(KeyOf(name), new PublisherInfo("test", "test"), out var publisher, out _));
        _publishers.Add(publisher);
        var running = Broadcasts.FindRunning(_broadcasts[name])!;
        // The recording follows too, and leaves out what it cannot keep up with: there must be something of it.
        for (var frame = 0; frame < 9 * 48000 / 1024 || !running.Outputs.IsRecorded; frame++)
        {
            publisher.Audio(Sound, frame * 1_024_000_000L / 48000 / 1000 * 1000, new byte[400]);
            // The packager follows on another thread and skips what it cannot keep up with.
            var began = TimeProvider.System.GetTimestamp();
            while (running.Outputs.Packager.Position < running.Broadcast.Timeline.Log.Next)
            {
                Cancellation.ThrowIfCancellationRequested();
                Assert.True(TimeProvider.System.GetElapsedTime(began) < Patience.Limit, "The packager stopped.");
                await Task.Yield();
            }
        }
    }

    private async Task EndAsync()
    {
        Say("ended", rules => rules.Ended = true);
        await Patience.HoldsAsync(async () =>
        {
            using var replay = await Http.GetAsync($"/live/{IdOf("ended")}/replay.m3u8?ticket={TicketOf("ended", "good")}", Cancellation);
            return replay.IsSuccessStatusCode;
        });
    }

    private void Say(string name, Action<BroadcastRules>? change = null)
    {
        var rules = new BroadcastRules
        {
            Broadcast = _broadcasts[name].ToWire(),
            Host = _accounts["host"].ToWire(),
            PublishKeyHashes = { ByteString.CopyFrom(PublishKey.Hash(KeyOf(name))) },
            Public = name == "public",
            Epoch = 1,
            Cuts = { new AudienceCut { Account = _accounts["cut"].ToWire(), Epoch = 1 } },
        };
        change?.Invoke(rules);
        Broadcasts.Apply(new Rules(rules));
    }
}
