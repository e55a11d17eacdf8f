using System.Net;
using Google.Protobuf;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Weir.Contracts;
using Weir.Contracts.Planes;
using Weir.Live.Broadcasts;
using Weir.Media.Broadcasting;

namespace Weir.Live.Tests;

/// <summary>LL-HLS as HTTP, by a node without a social plane that somebody publishes sound to.</summary>
public sealed class HlsHttpTests : IAsyncLifetime
{
    private const string Key = "wk_the-key-of-this-test";
    private const int FrameBytes = 4000;
    private static readonly Track Sound = new(TrackKind.Audio, Codec.Aac, (byte[])[0x11, 0x90], "mp4a.40.2") { SampleRate = 48000, Channels = 2, SamplesPerFrame = 1024 };
    private readonly DirectoryInfo _data = Directory.CreateTempSubdirectory("weir-hls-http-");
    private readonly Guid _broadcast = Guid.NewGuid();
    private readonly Guid _mia = Guid.NewGuid();
    private WebApplication _node = null!;
    private HttpClient _http = null!;
    private string _ticket = "";
    private Publisher _publisher = null!;
    private int _frames;

    private BroadcastDirectory Broadcasts => _node.Services.GetRequiredService<BroadcastDirectory>();

    private string Main => $"/live/{_broadcast.ToText()}/main.m3u8?ticket={_ticket}";

    public async ValueTask InitializeAsync()
    {
        _node = LiveNode.Build(LoneNode.Options(_data));
        await _node.StartAsync(TestContext.Current.CancellationToken);
        Broadcasts.BeginLists();
        Say();
        Broadcasts.CompleteLists();
        _ticket = Ticket(_mia);
        _http = new HttpClient { BaseAddress = new Uri(_node.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()) };
        Assert.True(_node.Services.GetRequiredService<LiveAdmission>().TryPublish(Key, new PublisherInfo("test", "test"), out var publisher, out _));
        _publisher = publisher;
        await PlayAsync(seconds: 9);
    }

    public async ValueTask DisposeAsync()
    {
        _publisher.Dispose();
        _http.Dispose();
        await _node.StopAsync(CancellationToken.None);
        await _node.DisposeAsync();
        _data.Delete(recursive: true);
    }

    [Fact]
    public async Task Playlists_parts_and_whole_segments_arrive_to_the_byte_with_all_their_headers()
    {
        using var playlist = await GetAsync(Main);
        Assert.Equal("private, no-store", playlist.Headers.CacheControl?.ToString().Replace("no-store, private", "private, no-store"));
        Assert.Equal("application/vnd.apple.mpegurl", playlist.Content.Headers.ContentType?.MediaType);
        Assert.Equal(["Accept-Encoding"], playlist.Headers.Vary);
        AssertOpenAndQuiet(playlist);
        var text = await playlist.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        var segment = text.Split('\n').Last(line => line.EndsWith(".m4s", StringComparison.Ordinal));
        var parts = text.Split("URI=\"").Skip(1).Select(uri => uri.Split('"')[0]).Where(uri => uri.Contains(segment[..^4] + ".", StringComparison.Ordinal)).ToList();
        Assert.NotEmpty(parts);

        var whole = await BytesAsync(segment);
        Assert.True(whole.Length > 2 * (128 << 10), $"{whole.Length} bytes are no test of more than one write");
        var together = new MemoryStream();
        foreach (var part in parts)
        {
            together.Write(await BytesAsync(part));
        }

        Assert.Equal(together.ToArray(), whole);
    }

    [Fact]
    public async Task HEAD_is_answered_as_GET_without_the_body()
    {
        using var playlist = await GetAsync(Main);
        var media = (await playlist.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).Split('\n').Last(line => line.EndsWith(".m4s", StringComparison.Ordinal));
        var live = $"/live/{_broadcast.ToText()}";
        foreach (var path in new[]
        {
            Main, Main.Replace("main", "index", StringComparison.Ordinal), $"{live}/{media}", $"{live}.flv?ticket={_ticket}", $"{live}/events?ticket={_ticket}",
            $"{live}/replay.m3u8?ticket={_ticket}", "/health/ready", $"{live}/main.m3u8", $"{live}.flv", "/nothing",
        })
        {
            // A live body has no end: the headers are compared.
            using var get = await _http.GetAsync(path, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
            using var head = await _http.SendAsync(new HttpRequestMessage(HttpMethod.Head, path), TestContext.Current.CancellationToken);
            Assert.Equal((path, get.StatusCode), (path, head.StatusCode));
            Assert.Equal((path, get.Content.Headers.ContentType), (path, head.Content.Headers.ContentType));
            Assert.Equal((path, get.Headers.CacheControl), (path, head.Headers.CacheControl));
            Assert.Empty(await head.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
        }

        using var whole = await GetAsync($"{live}/{media}");
        using var asked = await _http.SendAsync(new HttpRequestMessage(HttpMethod.Head, $"{live}/{media}"), TestContext.Current.CancellationToken);
        Assert.Equal(whole.Content.Headers.ContentLength, asked.Content.Headers.ContentLength);
        Assert.True(asked.Content.Headers.ContentLength > 0);
    }

    [Fact]
    public async Task Outsiders_and_wrong_names_get_the_same_not_found()
    {
        using var known = await GetAsync(Main);
        var media = (await known.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).Split('\n').First(line => line.EndsWith(".m4s", StringComparison.Ordinal));
        List<string> bodies = [];
        foreach (var path in new[]
        {
            $"/live/{_broadcast.ToText()}/main.m3u8", $"/live/{Guid.NewGuid().ToText()}/main.m3u8?ticket={_ticket}", "/live/nonsense/index.m3u8",
            $"/live/{_broadcast.ToText()}/audio.m3u8?ticket={_ticket}x", $"/live/{Guid.NewGuid().ToText()}/{media}", $"/live/{_broadcast.ToText()}/m/wrong/{media.Split('/', 3)[2]}",
        })
        {
            using var answer = await GetAsync(path);
            Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
            Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
            Assert.Equal("no-store", answer.Headers.CacheControl?.ToString());
            AssertOpenAndQuiet(answer);
            bodies.Add(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        }

        Assert.Single(bodies.Distinct());
    }

    [Theory]
    [InlineData("&_HLS_part=1")]
    [InlineData("&_HLS_msn=1000000")]
    public async Task A_directive_that_cannot_be_is_a_bad_request_at_once(string directive)
    {
        using var answer = await GetAsync(Main + directive);
        Assert.Equal((HttpStatusCode.BadRequest, 0L), (answer.StatusCode, answer.Content.Headers.ContentLength));
        Assert.Equal("no-store", answer.Headers.CacheControl?.ToString());
        AssertOpenAndQuiet(answer);
    }

    [Fact]
    public async Task Whoever_is_cut_while_they_wait_gets_not_found_and_the_others_get_the_part()
    {
        var next = await NextAsync();
        var (mia, other) = (GetAsync(Main + next), GetAsync(Main.Replace(_ticket, Ticket(Guid.NewGuid())) + next));
        await WaitsAsync(mia, other);
        Say(rules =>
        {
            rules.Epoch = 1;
            rules.Cuts.Add(new AudienceCut { Account = _mia.ToWire(), Epoch = 1 });
        });
        Assert.Equal(HttpStatusCode.NotFound, (await mia).StatusCode);
        // Where the machine is slow three target durations are over meanwhile: they are told to come again, and do.
        Assert.True(!other.IsCompleted || (await other).StatusCode == HttpStatusCode.ServiceUnavailable);
        await PlayAsync(seconds: 3);
        var answer = await other;
        answer = answer.StatusCode == HttpStatusCode.ServiceUnavailable
            ? await GetAsync(Main.Replace(_ticket, Ticket(Guid.NewGuid())) + next)
            : answer;
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    [Fact]
    public async Task The_metrics_count_requests_and_not_the_blocks_of_memory_they_are_sent_from()
    {
        using var playlist = await GetAsync(Main);
        using var answer = await GetAsync("/metrics");
        var metrics = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.Contains("http_server_request_duration", metrics);
        Assert.DoesNotContain("memory_pool", metrics);
    }

    private static void AssertOpenAndQuiet(HttpResponseMessage answer)
    {
        Assert.Equal("*", Assert.Single(answer.Headers.GetValues("Access-Control-Allow-Origin")));
        Assert.Equal("no-referrer", Assert.Single(answer.Headers.GetValues("Referrer-Policy")));
        Assert.Equal("nosniff", Assert.Single(answer.Headers.GetValues("X-Content-Type-Options")));
        var policy = Assert.Single(answer.Headers.GetValues("Content-Security-Policy"));
        Assert.Equal("default-src 'none'; frame-ancestors 'none'; sandbox", policy);
    }

    /// <summary>The directives of the request for what is not there yet.</summary>
    private async Task<string> NextAsync()
    {
        using var playlist = await GetAsync(Main);
        var hint = (await playlist.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).Split("TYPE=PART,URI=\"")[1].Split('"')[0];
        var numbers = hint.Split('-')[^1].Split('.');
        return $"&_HLS_msn={numbers[0]}&_HLS_part={numbers[1]}";
    }

    /// <summary>Both were seen as viewers, and neither has an answer.</summary>
    private async Task WaitsAsync(params Task[] requests)
    {
        await Patience.HoldsAsync(() => Broadcasts.FindRunning(_broadcast)!.Viewers.Now().Count >= 2);
        Assert.All(requests, request => Assert.False(request.IsCompleted));
    }

    private async Task PlayAsync(int seconds)
    {
        var running = Broadcasts.FindRunning(_broadcast)!;
        var payload = new byte[FrameBytes];
        for (var i = 0; i < seconds * 48000 / 1024; i++, _frames++)
        {
            Random.Shared.NextBytes(payload);
            _publisher.Audio(Sound, _frames * 1_024_000_000L / 48000 / 1000 * 1000, payload.ToArray());
            // The packager follows on another thread and skips what it cannot keep up with.
            while (running.Outputs.Packager.Position < running.Broadcast.Timeline.Log.Next)
            {
                TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
                await Task.Yield();
            }
        }
    }

    private void Say(Action<BroadcastRules>? change = null)
    {
        var rules = new BroadcastRules { Broadcast = _broadcast.ToWire(), Host = Guid.NewGuid().ToWire(), PublishKeyHashes = { ByteString.CopyFrom(PublishKey.Hash(Key)) } };
        change?.Invoke(rules);
        Broadcasts.Apply(new Rules(rules));
    }

    private string Ticket(Guid account) =>
        new Ticket(_broadcast, account, Contracts.Ticket.NewId(), 0, DateTimeOffset.UtcNow.AddHours(1), TicketRights.Comment, "Mia").Sign(_node.Services.GetRequiredService<NodeKey>());

    private Task<HttpResponseMessage> GetAsync(string path) => _http.GetAsync(path, TestContext.Current.CancellationToken);

    private async Task<byte[]> BytesAsync(string uri)
    {
        using var answer = await GetAsync($"/live/{_broadcast.ToText()}/{uri}");
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.True(answer.Headers.CacheControl is { Public: true, MaxAge: not null });
        AssertOpenAndQuiet(answer);
        var body = await answer.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
        Assert.Equal(answer.Content.Headers.ContentLength, body.Length);
        return body;
    }
}
