using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Google.Protobuf;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Weir.Contracts;
using Weir.Contracts.Planes;
using Weir.Live.Broadcasts;
using Weir.Media.Broadcasting;

namespace Weir.Live.Tests;

/// <summary>One account publishes a few broadcasts at a time and no more: each holds media in memory.</summary>
public sealed class HostSharesTests
{
    private static readonly Guid Host = Guid.NewGuid();

    private static readonly Track Sound = new(TrackKind.Audio, Codec.Aac, (byte[])[0x11, 0x90], "mp4a.40.2")
    {
        SampleRate = 48000, Channels = 2, SamplesPerFrame = 1024,
    };

    [Fact]
    public async Task A_host_has_three_broadcasts_on_air_and_a_publisher_of_a_fourth_is_refused()
    {
        await using var stage = new Stage();
        var broadcasts = Known(stage, 5);
        var publishers = broadcasts.Take(HostShares.MostOnAir).Select(broadcast => OnAir(stage, broadcast)).ToList();
        var fourth = broadcasts[HostShares.MostOnAir];
        Assert.False(TryPublish(stage, fourth, out _, out var refusal));
        Assert.Equal(PublishRefusal.TooManyOnAir, refusal);
        Assert.True(stage.Admission.MayPublish(fourth.ToText(), Key(fourth), out var why));
        Assert.Equal(PublishRefusal.TooManyOnAir, why);

        // Interrupted, it holds as much as before, and its own publisher may come back at any time.
        publishers[0].Dispose();
        Assert.Equal(BroadcastState.Interrupted, stage.Broadcasts.FindRunning(broadcasts[0])!.Broadcast.State);
        Assert.False(TryPublish(stage, fourth, out _, out _));
        Assert.True(TryPublish(stage, broadcasts[0], out _, out _));
        Assert.True(TryPublish(stage, broadcasts[1], out _, out _));

        // Another host has three of its own.
        var other = Known(stage, 1, Guid.NewGuid())[0];
        Assert.True(TryPublish(stage, other, out _, out _));

        stage.Broadcasts.FindRunning(broadcasts[0])!.Broadcast.End();
        Assert.True(TryPublish(stage, fourth, out _, out _));
        Assert.False(TryPublish(stage, broadcasts[4], out _, out _));
    }

    [Fact]
    public async Task Broadcasts_that_ended_a_moment_ago_count_until_the_node_lets_go_of_them()
    {
        await using var stage = new Stage();
        var broadcasts = Known(stage, HostShares.MostHeld + 1);
        foreach (var broadcast in broadcasts.Take(HostShares.MostHeld))
        {
            OnAir(stage, broadcast);
            stage.Broadcasts.FindRunning(broadcast)!.Broadcast.End();
        }

        Assert.False(TryPublish(stage, broadcasts[^1], out _, out var refusal));
        Assert.Equal(PublishRefusal.TooManyOnAir, refusal);
        var ticker = new Ticker(stage.Broadcasts, stage.Reports, stage.Options, stage.Clock, NullLogger<Ticker>.Instance);
        stage.Clock.Advance(TimeSpan.FromMinutes(2));
        foreach (var running in stage.Broadcasts.Running)
        {
            await ticker.TickAsync(running, 1);
        }

        Assert.True(TryPublish(stage, broadcasts[^1], out _, out _));
    }

    [Fact]
    public async Task Publishers_that_come_at_the_same_moment_are_not_more_than_that()
    {
        await using var stage = new Stage();
        var broadcasts = Known(stage, 12);
        var taken = 0;
        await Task.WhenAll(broadcasts.Select(broadcast => Task.Run(() =>
        {
            if (TryPublish(stage, broadcast, out _, out _))
            {
                Interlocked.Increment(ref taken);
            }
        })));
        Assert.Equal(HostShares.MostOnAir, taken);
    }

    [Fact]
    public async Task The_host_whose_encoder_is_refused_is_told_and_it_is_counted()
    {
        long counted = 0;
        await using var stage = new Stage();
        using var listener = new MeterListener();
        listener.SetMeasurementEventCallback<long>((_, value, tags, _) =>
            counted += tags.ToArray().Any(tag => tag.Value is nameof(PublishRefusal.TooManyOnAir)) ? value : 0);
        listener.EnableMeasurementEvents(stage.Metrics.PublishRefused);
        var broadcasts = Known(stage, HostShares.MostOnAir + 1);
        foreach (var broadcast in broadcasts.SkipLast(1))
        {
            OnAir(stage, broadcast);
        }

        // The studio's page is open.
        Assert.Equal(WatchDenied.None, stage.Watch(stage.Ticket(broadcast: broadcasts[^1]), out var page, broadcasts[^1]));
        Assert.False(TryPublish(stage, broadcasts[^1], out _, out _));
        Assert.Equal(1, counted);
        var ticker = new Ticker(stage.Broadcasts, stage.Reports, stage.Options, stage.Clock, NullLogger<Ticker>.Instance);
        var log = page!.Live.Broadcast.Timeline.Log;
        await ticker.TickAsync(page.Live, 2);
        Assert.Contains("tooManyOnAir", Said(log), StringComparison.Ordinal);
        stage.Clock.Advance(TimeSpan.FromMinutes(2));
        var before = log.Next;
        await ticker.TickAsync(page.Live, 4);
        Assert.Equal(before, log.Next);
    }

    [Fact]
    public async Task A_browser_that_publishes_one_more_is_told_why_it_may_not()
    {
        var data = Directory.CreateTempSubdirectory("weir-host-shares-");
        await using (var node = LiveNode.Build(LoneNode.Options(data)))
        {
            await node.StartAsync(TestContext.Current.CancellationToken);
            var directory = node.Services.GetRequiredService<BroadcastDirectory>();
            var admission = node.Services.GetRequiredService<LiveAdmission>();
            var broadcasts = Enumerable.Range(0, HostShares.MostOnAir + 1).Select(_ => Guid.NewGuid()).ToArray();
            directory.BeginLists();
            Array.ForEach(broadcasts, broadcast => directory.Apply(new Rules(new BroadcastRules
            {
                Broadcast = broadcast.ToWire(),
                Host = Host.ToWire(),
                PublishKeyHashes = { ByteString.CopyFrom(PublishKey.Hash(Key(broadcast))) },
            })));
            directory.CompleteLists();
            foreach (var broadcast in broadcasts.SkipLast(1))
            {
                Assert.True(admission.TryPublish(Key(broadcast), new PublisherInfo("RTMP", "test"), out _, out _));
            }

            var address = node.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
            using var http = new HttpClient { BaseAddress = new Uri(address) };
            http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Key(broadcasts[^1]));
            using var offer = new StringContent("", Encoding.UTF8, new MediaTypeHeaderValue("application/sdp"));
            using var answer = await http.PostAsync($"/whip/{broadcasts[^1]:N}", offer, TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.Conflict, answer.StatusCode);
            Assert.Contains("\"too-many-on-air\"", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
            await node.StopAsync(CancellationToken.None);
        }

        data.Delete(recursive: true);
    }

    private static string Said(SharedLog<Frame> log)
    {
        var text = new StringBuilder();
        for (var i = log.First; i < log.Next; i++)
        {
            Assert.True(log.TryGet(i, out var frame));
            text.Append(Encoding.UTF8.GetString(frame.Payload.Span));
        }

        return text.ToString();
    }

    private static Guid[] Known(Stage stage, int count, Guid? host = null)
    {
        var broadcasts = Enumerable.Range(0, count).Select(_ => Guid.NewGuid()).ToArray();
        if (!stage.Broadcasts.HasLists)
        {
            stage.Listed();
        }

        foreach (var broadcast in broadcasts)
        {
            stage.Say(rules =>
            {
                rules.Broadcast = broadcast.ToWire();
                rules.Host = (host ?? Host).ToWire();
                rules.PublishKeyHashes.Clear();
                rules.PublishKeyHashes.Add(ByteString.CopyFrom(PublishKey.Hash(Key(broadcast))));
            });
        }

        return broadcasts;
    }

    private static Publisher OnAir(Stage stage, Guid broadcast)
    {
        Assert.True(TryPublish(stage, broadcast, out var publisher, out _));
        Assert.True(publisher!.Audio(Sound, 0, new byte[] { 1, 2, 3 }));
        return publisher;
    }

    private static bool TryPublish(Stage stage, Guid broadcast, out Publisher? publisher, out PublishRefusal refusal) =>
        stage.Admission.TryPublish(Key(broadcast), new PublisherInfo("RTMP", "test"), out publisher, out refusal);

    private static string Key(Guid broadcast) => $"wk_{broadcast:N}";
}
