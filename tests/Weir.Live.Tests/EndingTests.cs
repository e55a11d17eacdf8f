using System.Net;
using System.Net.WebSockets;
using System.Text.Json;
using Google.Protobuf;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Weir.Contracts;
using Weir.Contracts.Planes;
using Weir.Live.Broadcasts;
using Weir.Media.Broadcasting;

namespace Weir.Live.Tests;

/// <summary>The end of a broadcast at a node without a social plane: what its viewers are told must be enough to go on to the replay.</summary>
public sealed class EndingTests : IAsyncLifetime
{
    private const string Key = "wk_the-key-of-this-test";
    private static readonly Track Sound = new(TrackKind.Audio, Codec.Aac, (byte[])[0x11, 0x90], "mp4a.40.2")
    {
        SampleRate = 48000, Channels = 2, SamplesPerFrame = 1024,
    };

    private readonly DirectoryInfo _data = Directory.CreateTempSubdirectory("weir-ending-");
    private readonly Guid _broadcast = Guid.NewGuid();
    private readonly Guid _mia = Guid.NewGuid();
    private readonly Guid _ben = Guid.NewGuid();
    private WebApplication _node = null!;
    private HttpClient _http = null!;
    private Uri _address = null!;
    private Publisher? _publisher;

    private BroadcastDirectory Broadcasts => _node.Services.GetRequiredService<BroadcastDirectory>();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _node = LiveNode.Build(LoneNode.Options(_data));
        await _node.StartAsync(Cancellation);
        Broadcasts.BeginLists();
        Say();
        Broadcasts.CompleteLists();
        _address = new Uri(_node.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        _http = new HttpClient { BaseAddress = _address };
    }

    public async ValueTask DisposeAsync()
    {
        _publisher?.Dispose();
        _http.Dispose();
        await _node.StopAsync(CancellationToken.None);
        await _node.DisposeAsync();
        _data.Delete(recursive: true);
    }

    [Fact]
    public async Task Whoever_watches_is_told_when_to_ask_and_the_ticket_they_have_opens_the_replay_at_that_moment()
    {
        var (mia, ben) = (Ticket(_mia), Ticket(_ben));
        using var watching = await OpenAsync(mia);
        using var listening = await OpenAsync(ben, "&media=none");
        await PlayAsync(seconds: 5);
        Assert.Equal(HttpStatusCode.NotFound, await ReplayAsync(mia));

        Say(rules => rules.Ended = true);
        foreach (var (socket, ticket) in new[] { (watching, mia), (listening, ben) })
        {
            var ended = await EndedAsync(socket);
            Assert.Equal(HttpStatusCode.OK, await ReplayAsync(ticket));
            Assert.True(ended.GetProperty("replay").GetBoolean());
            Assert.InRange(ended.GetProperty("after").GetInt64(), 0, 2000);
            var broadcast = Broadcasts.FindRunning(_broadcast)!.Broadcast;
            Assert.Equal(broadcast.Timeline.Edge / 1000, ended.GetProperty("duration").GetInt64());
            Assert.Equal(broadcast.StartedAt, ended.GetProperty("startedAt").GetDateTimeOffset());
        }

        // Somebody whose connection broke at the end comes back with the same ticket, and is told the same.
        using var again = await OpenAsync(mia, "&media=none");
        Assert.True((await EndedAsync(again)).GetProperty("replay").GetBoolean());
    }

    [Fact]
    public async Task Of_what_was_never_recorded_there_is_no_replay_to_ask_for()
    {
        using var socket = await OpenAsync(Ticket(_mia));
        Say(rules => rules.Ended = true);
        var ended = await EndedAsync(socket);
        Assert.False(ended.GetProperty("replay").GetBoolean());
        Assert.False(ended.TryGetProperty("startedAt", out _));
        Assert.Equal(HttpStatusCode.NotFound, await ReplayAsync(Ticket(_mia)));
    }

    [Fact]
    public async Task A_ticket_from_before_the_end_opens_the_replay_until_its_account_is_cut_or_it_expires()
    {
        var (mia, ben, late) = (Ticket(_mia), Ticket(_ben), Ticket(_ben, TimeSpan.FromSeconds(-1)));
        using var miaWatches = await OpenAsync(mia);
        using var benWatches = await OpenAsync(ben);
        await PlayAsync(seconds: 5);

        // Mia is cut while it is live, Ben when it has ended.
        void CutMia(BroadcastRules rules)
        {
            rules.Epoch = 1;
            rules.Cuts.Add(new AudienceCut { Account = _mia.ToWire(), Epoch = 1 });
        }

        Say(CutMia);
        Assert.Equal("cut", (await LastWordAsync(miaWatches)).GetProperty("type").GetString());
        Say(rules =>
        {
            CutMia(rules);
            rules.Ended = true;
        });
        Assert.True((await EndedAsync(benWatches)).GetProperty("replay").GetBoolean());
        Assert.Equal(
            (HttpStatusCode.NotFound, HttpStatusCode.OK, HttpStatusCode.NotFound, HttpStatusCode.NotFound),
            (await ReplayAsync(mia), await ReplayAsync(ben), await ReplayAsync(late), await ReplayAsync(null)));

        var playlist = await _http.GetStringAsync(new Uri(Address(ben), UriKind.Relative), Cancellation);
        var media = playlist.Split('\n').First(line => line.StartsWith("r/", StringComparison.Ordinal));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync($"/live/{_broadcast.ToText()}/{media}"));
        Say(rules =>
        {
            CutMia(rules);
            rules.Ended = true;
            rules.Epoch = 2;
            rules.Cuts.Add(new AudienceCut { Account = _ben.ToWire(), Epoch = 2 });
        });
        Assert.Equal(HttpStatusCode.NotFound, await ReplayAsync(ben));
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync($"/live/{_broadcast.ToText()}/{media}"));
        Assert.Equal(HttpStatusCode.OK, await ReplayAsync(Ticket(_ben, epoch: 2)));
    }

    [Theory]
    [InlineData(1, 2000)]
    [InlineData(2500, 5000)]
    [InlineData(5000, 10_000)]
    [InlineData(100_000, 10_000)]
    public void The_more_viewers_the_longer_the_time_over_which_they_come(int viewers, int milliseconds)
    {
        var farewell = new Farewell(true, TimeSpan.Zero, TimeSpan.Zero, null, viewers);
        Assert.Equal(
            [0, milliseconds / 2, milliseconds],
            new[] { 0, 0.5, 1 }.Select(place => (int)farewell.To(place).After.TotalMilliseconds));
        Assert.Equal(TimeSpan.FromSeconds(3), (farewell with { NotBefore = TimeSpan.FromSeconds(3) }).To(0).After);
    }

    [Fact]
    public async Task At_the_end_nobody_is_present_any_more()
    {
        await using var stage = new Stage();
        stage.Listed();
        stage.Publish();
        stage.Watch(stage.Ticket(), out var viewer);
        var ticker = new Ticker(stage.Broadcasts, stage.Reports, stage.Options, stage.Clock, NullLogger<Ticker>.Instance);
        await ticker.TickAsync(viewer!.Live, 0);
        Assert.Equal([stage.Mia.ToWire()], Presence(stage).Accounts);
        viewer.Live.Broadcast.End();
        await ticker.TickAsync(viewer.Live, 1);
        Assert.Empty(Presence(stage).Accounts);
        await ticker.TickAsync(viewer.Live, 10);
        Assert.DoesNotContain(Taken(stage), report => report.Presence is not null);
    }

    private static Presence Presence(Stage stage) => Taken(stage).Single(report => report.Presence is not null).Presence;

    private static List<Report> Taken(Stage stage)
    {
        List<Report> taken = [];
        while (stage.Reports.TryTake(out var report))
        {
            taken.Add(report);
        }

        return taken;
    }

    private async Task PlayAsync(int seconds)
    {
        var admission = _node.Services.GetRequiredService<LiveAdmission>();
        Assert.True(admission.TryPublish(Key, new PublisherInfo("test", "test"), out _publisher, out _));
        var running = Broadcasts.FindRunning(_broadcast)!;
        // The recording follows too, and leaves out what it cannot keep up with: there must be something of it.
        for (var frame = 0; frame < seconds * 48000 / 1024 || !running.Outputs.IsRecorded; frame++)
        {
            _publisher.Audio(Sound, frame * 1_024_000_000L / 48000 / 1000 * 1000, new byte[400]);
            // The packager follows on another thread and skips what it cannot keep up with.
            while (running.Outputs.Packager.Position < running.Broadcast.Timeline.Log.Next)
            {
                Cancellation.ThrowIfCancellationRequested();
                await Task.Yield();
            }
        }
    }

    private void Say(Action<BroadcastRules>? change = null)
    {
        var rules = new BroadcastRules
        {
            Broadcast = _broadcast.ToWire(), Host = Guid.NewGuid().ToWire(), PublishKeyHashes = { ByteString.CopyFrom(PublishKey.Hash(Key)) },
        };
        change?.Invoke(rules);
        Broadcasts.Apply(new Rules(rules));
    }

    private string Ticket(Guid account, TimeSpan? lifetime = null, uint epoch = 0) =>
        new Ticket(
            _broadcast, account, Contracts.Ticket.NewId(), epoch, DateTimeOffset.UtcNow + (lifetime ?? TimeSpan.FromHours(1)), TicketRights.Comment, "Somebody")
            .Sign(_node.Services.GetRequiredService<NodeKey>());

    private string Address(string? ticket) => $"/live/{_broadcast.ToText()}/replay.m3u8{(ticket is null ? "" : $"?ticket={ticket}")}";

    private Task<HttpStatusCode> ReplayAsync(string? ticket) => StatusAsync(Address(ticket));

    private async Task<HttpStatusCode> StatusAsync(string path)
    {
        // A cut ends the connections on which the viewer reads, also one on which an answer has just ended: nothing is asked on it again.
        using var request = new HttpRequestMessage(HttpMethod.Get, path) { Headers = { ConnectionClose = true } };
        using var answer = await _http.SendAsync(request, Cancellation);
        return answer.StatusCode;
    }

    private async Task<ClientWebSocket> OpenAsync(string ticket, string options = "")
    {
        var socket = new ClientWebSocket();
        var address = $"ws://{_address.Authority}/live/{_broadcast.ToText()}/watch?ticket={ticket}{options}";
        await socket.ConnectAsync(new Uri(address), Cancellation);
        return socket;
    }

    private static async Task<JsonElement> EndedAsync(ClientWebSocket socket)
    {
        var word = await LastWordAsync(socket);
        Assert.Equal(("ended", 4410), (word.GetProperty("type").GetString(), (int)socket.CloseStatus!));
        return word;
    }

    /// <summary>The last text before the close.</summary>
    private static async Task<JsonElement> LastWordAsync(ClientWebSocket socket)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        patience.CancelAfter(Patience.Limit);
        var buffer = new byte[256 * 1024];
        byte[] last = [];
        while (true)
        {
            var length = 0;
            ValueWebSocketReceiveResult part;
            do
            {
                part = await socket.ReceiveAsync(buffer.AsMemory(length), patience.Token);
                length += part.Count;
            }
            while (!part.EndOfMessage);

            if (part.MessageType == WebSocketMessageType.Close)
            {
                return JsonDocument.Parse(last).RootElement;
            }

            if (part.MessageType == WebSocketMessageType.Text)
            {
                last = buffer[..length];
            }
        }
    }
}
