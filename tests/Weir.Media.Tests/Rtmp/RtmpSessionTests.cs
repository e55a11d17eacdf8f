using System.Diagnostics.Metrics;
using Weir.Media.Broadcasting;
using Weir.Media.Formats;
using Weir.Media.Rtmp;
using Weir.Media.Tests.Formats;
using Weir.Media.Tests.HttpFlv;

namespace Weir.Media.Tests.Rtmp;

public class RtmpSessionTests
{
    [Fact]
    public async Task Another_protocol_is_closed_at_its_first_byte_and_counted()
    {
        using var counter = new Counted("weir_rtmp_protocol_errors");
        var rig = new SessionRig();
        await rig.Stream.WriteAsync("GET / HTTP/1.1\r\n\r\n"u8.ToArray());
        Assert.Equal(RtmpEnd.ProtocolError, await rig.End);
        Assert.True(counter.Sum >= 1);
        Assert.DoesNotContain(rig.Log, line => line.Contains("MPEG-TS", StringComparison.Ordinal));
    }

    [Fact]
    public async Task MPEG_TS_is_closed_at_its_first_byte_and_the_log_says_what_came()
    {
        var rig = new SessionRig();
        await rig.Stream.WriteAsync((byte[])[0x47, 0x40, 0x00, 0x10]);
        Assert.Equal(RtmpEnd.ProtocolError, await rig.End);
        Assert.Contains(rig.Log, line => line.Contains("MPEG-TS", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_handshake_that_trickles_in_has_ten_seconds_in_all()
    {
        var rig = new SessionRig();
        await rig.Stream.WriteAsync(new byte[] { 3 });
        rig.Clock.Advance(TimeSpan.FromSeconds(9));
        await rig.Stream.WriteAsync(new byte[100]);
        Assert.False(rig.Run.IsCompleted);
        rig.Clock.Advance(TimeSpan.FromSeconds(1.5));
        Assert.Equal(RtmpEnd.Idle, await rig.End);
    }

    [Fact]
    public async Task Who_connects_and_asks_for_nothing_is_let_go()
    {
        var rig = new SessionRig();
        await using var client = await rig.ConnectAsync();
        rig.Clock.Advance(TimeSpan.FromSeconds(10.5));
        Assert.Equal(RtmpEnd.Idle, await rig.End);
    }

    [Fact]
    public async Task A_publisher_who_falls_silent_leaves_an_interrupted_broadcast()
    {
        var rig = new SessionRig();
        await using var client = await rig.PublishAsync();
        await client.SendAudioAsync(0, Convert.FromHexString("af001210"));
        await client.SendAudioAsync(0, Convert.FromHexString("af0121"));
        await RealEncoderTests.WaitFor(() => rig.Broadcast.State == BroadcastState.Live);
        rig.Clock.Advance(TimeSpan.FromSeconds(21));
        Assert.Equal(RtmpEnd.Idle, await rig.End);
        Assert.Equal(BroadcastState.Interrupted, rig.Broadcast.State);
    }

    [Fact]
    public async Task A_silent_player_is_asked_twice_and_then_let_go()
    {
        var rig = new SessionRig();
        await using var client = await rig.PlayAsync();
        var began = rig.Clock.GetUtcNow();
        for (var i = 1; i <= 2; i++)
        {
            await AsTimePassesAsync(rig, NextAsync(client, RtmpMessageType.UserControl));
            Assert.True(rig.Clock.GetUtcNow() - began >= i * TimeSpan.FromSeconds(30));
        }

        Assert.Equal(RtmpEnd.Idle, await AsTimePassesAsync(rig, rig.Run));
        Assert.True(rig.Clock.GetUtcNow() - began >= TimeSpan.FromSeconds(90));
        Assert.True(rig.Viewer!.IsDisposed);
    }

    [Fact]
    public async Task A_player_who_answers_pings_stays()
    {
        var rig = new SessionRig();
        await using var client = await rig.PlayAsync();
        for (var i = 0; i < 10; i++)
        {
            rig.Clock.Advance(TimeSpan.FromSeconds(31));
            await NextAsync(client, RtmpMessageType.UserControl);

            // Its own ping is answered, so the test knows that the session has read it.
            await client.SendAsync(2, RtmpMessageType.UserControl, 0, 0, (byte[])[0, 6, 0, 0, 0, 1]);
            await NextAsync(client, RtmpMessageType.UserControl);
        }

        Assert.False(rig.Run.IsCompleted);
    }

    [Fact]
    public async Task A_player_who_reads_nothing_is_disconnected_after_the_write_timeout()
    {
        var rig = new SessionRig(options: new RtmpOptions { PlayerIdleTimeout = TimeSpan.FromDays(60) }, clientBuffer: 16 << 10);
        await using var client = await rig.PlayAsync();
        using var publisher = rig.Broadcast.Publish(new PublisherInfo("test", ""))!;
        FlvSessionTests.Feed(publisher, MediaSample.Load(await Samples.Path("h264.mp4")));

        // The session blocks in a write some time after the frames came.
        Assert.Equal(RtmpEnd.TooSlow, await AsTimePassesAsync(rig, rig.Run));
        Assert.True(rig.Viewer!.IsDisposed);
    }

    [Fact]
    public async Task A_newer_publisher_replaces_the_older_who_is_told()
    {
        var older = new SessionRig();
        await using var first = await older.PublishAsync();
        var newer = new SessionRig(older.Broadcast, older.Clock);
        await using var second = await newer.PublishAsync();
        var refused = await Assert.ThrowsAsync<RtmpRefusedException>(() => first.StatusAsync("none"));
        Assert.Equal("NetStream.Unpublish.Success", refused.Code);
        await first.DisposeAsync();
        Assert.Equal(RtmpEnd.Replaced, await older.End);
        Assert.False(newer.Run.IsCompleted);
    }

    [Fact]
    public async Task A_cut_viewer_is_closed_at_once()
    {
        var rig = new SessionRig();
        await using var client = await rig.PlayAsync();
        rig.Viewer!.Close(ViewerEnd.Cut);
        Assert.Equal(RtmpEnd.Cut, await rig.End);
        Assert.True(rig.Viewer.IsDisposed);
    }

    [Fact]
    public async Task The_end_is_said_to_players_before_the_connection_closes()
    {
        var rig = new SessionRig();
        await using var client = await rig.PlayAsync();
        rig.Broadcast.End();
        await client.StatusAsync("NetStream.Play.UnpublishNotify");
        Assert.Equal(RtmpMessageType.UserControl, await NextAsync(client, RtmpMessageType.UserControl));
        await client.DisposeAsync();
        Assert.Equal(RtmpEnd.Ended, await rig.End);
    }

    [Fact]
    public async Task A_peer_who_was_told_the_end_may_stay_three_seconds()
    {
        var rig = new SessionRig();
        await using var client = await rig.PlayAsync();
        rig.Broadcast.End();
        await client.StatusAsync("NetStream.Play.Stop");
        while (!rig.Run.IsCompleted)
        {
            rig.Clock.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        Assert.Equal(RtmpEnd.Ended, await rig.End);
    }

    [Theory]
    [InlineData("wrong")]
    [InlineData("secret-key-7")]
    [InlineData("")]
    public async Task A_wrong_key_is_refused_and_no_part_of_it_logged(string key)
    {
        var rig = new SessionRig();
        await using var client = await rig.ConnectAsync();
        var refused = await Assert.ThrowsAsync<RtmpRefusedException>(() => client.PublishAsync(key));
        Assert.Equal("NetStream.Publish.BadName", refused.Code);
        await client.DisposeAsync();
        Assert.Equal(RtmpEnd.Refused, await rig.End);
        Assert.Contains(rig.Log, line => line.Contains("Refused a publisher", StringComparison.Ordinal));
        Assert.DoesNotContain(rig.Log, line => key.Length > 0 && line.Contains(key, StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_right_key_of_an_ended_broadcast_is_denied_in_other_words()
    {
        var rig = new SessionRig();
        rig.Broadcast.End();
        await using var client = await rig.ConnectAsync();
        Assert.Equal("NetStream.Publish.Denied", (await Assert.ThrowsAsync<RtmpRefusedException>(() => client.PublishAsync(SessionRig.Key))).Code);
        Assert.DoesNotContain(rig.Log, line => line.Contains(SessionRig.Key, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_key_with_a_query_of_the_encoders_own_is_taken()
    {
        var rig = new SessionRig();
        await using var client = await rig.ConnectAsync("live/");
        await client.PublishAsync(SessionRig.Key + "?bandwidthtest=false");
    }

    [Fact]
    public async Task Another_application_is_refused_in_clear_words()
    {
        var rig = new SessionRig();
        var refused = await Assert.ThrowsAsync<RtmpRefusedException>(() => rig.ConnectAsync("vod"));
        Assert.Equal("NetConnection.Connect.InvalidApp", refused.Code);
        Assert.Contains("stream key as stream name", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{0}?ticket=t", "live", "rtmp://h/live")]
    [InlineData("{0}?a=b&ticket=t", "live", "rtmp://h/live")]
    [InlineData("{0}", "live?ticket=t", "rtmp://h/live")]
    [InlineData("{0}", "live", "rtmp://h/live?ticket=t")]
    [InlineData("/{0}/?ticket=%74", "live/", "rtmp://h/live/")]
    public async Task A_ticket_is_found_wherever_players_put_it(string name, string app, string tcUrl)
    {
        var rig = new SessionRig();
        await using var client = await rig.ConnectAsync(app, tcUrl);
        await client.PlayAsync(string.Format(name, rig.Broadcast.Id.ToString("N")));
        Assert.Equal("t", rig.AskedTicket);
    }

    [Fact]
    public async Task Every_refusal_to_play_is_the_same_answer()
    {
        HashSet<string> answers = [];
        foreach (var name in new[] { "0", "{0}", "{0}?ticket=x", "", "../{0}?ticket=t" })
        {
            var rig = new SessionRig();
            await using var client = await rig.ConnectAsync();
            answers.Add((await Assert.ThrowsAsync<RtmpRefusedException>(
                () => client.PlayAsync(string.Format(name, rig.Broadcast.Id.ToString("N"))))).Message);
        }

        Assert.StartsWith("NetStream.Play.StreamNotFound", Assert.Single(answers), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("publish")]
    [InlineData("play")]
    [InlineData("connect")]
    public async Task A_command_out_of_its_place_is_a_protocol_error(string command)
    {
        var rig = new SessionRig();
        await using var client = await rig.ConnectAsync();
        await client.CommandAsync(command, 2, null, SessionRig.Key);
        Assert.Equal(RtmpEnd.ProtocolError, await rig.End);
    }

    [Fact]
    public async Task A_stranger_cannot_make_the_server_take_a_large_message()
    {
        var rig = new SessionRig();
        await using var client = await rig.ConnectAsync();
        await client.SendRawAsync(Convert.FromHexString("0600000001000109" + "01000000"));
        Assert.Equal(RtmpEnd.ProtocolError, await rig.End);
    }

    [Fact]
    public async Task Received_bytes_are_acknowledged_once_a_window()
    {
        var rig = new SessionRig();
        await using var client = await rig.ConnectAsync();
        await client.SendAsync(2, RtmpMessageType.WindowAcknowledgementSize, 0, 0, (byte[])[0, 0, 0x40, 0]);
        await client.PublishAsync(SessionRig.Key);
        for (var i = 0; i < 3; i++)
        {
            await client.SendVideoAsync(0, new byte[16 << 10]);
            await NextAsync(client, RtmpMessageType.Acknowledgement);
        }
    }

    [Fact]
    public async Task A_node_that_stops_ends_its_sessions()
    {
        using var stopping = new CancellationTokenSource();
        var input = new System.IO.Pipelines.Pipe();
        var session = new RtmpSession(new Ends(input.Reader, new System.IO.Pipelines.Pipe().Writer), new SessionRig(), new RtmpOptions(), TimeProvider.System, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance);
        var run = session.RunAsync(stopping.Token);
        await stopping.CancelAsync();
        Assert.Equal(RtmpEnd.Stopping, await run.WaitAsync(Patience.Limit));
    }

    /// <summary>For what a timer brings that the session sets some time after it was last heard: the clock moves until it has.</summary>
    private static async Task<T> AsTimePassesAsync<T>(SessionRig rig, Task<T> outcome)
    {
        var began = System.Diagnostics.Stopwatch.GetTimestamp();
        while (!outcome.IsCompleted)
        {
            Assert.True(System.Diagnostics.Stopwatch.GetElapsedTime(began) < Patience.Limit, "It did not come to pass");
            rig.Clock.Advance(TimeSpan.FromMilliseconds(500));
            await Task.Yield();
        }

        return await outcome;
    }

    private static async Task<RtmpMessageType> NextAsync(RtmpClient client, RtmpMessageType type)
    {
        while (await client.ReceiveAsync() is { } message)
        {
            if (message.Type == type)
            {
                return type;
            }
        }

        throw new EndOfStreamException($"No {type} came");
    }

    private sealed record Ends(System.IO.Pipelines.PipeReader Input, System.IO.Pipelines.PipeWriter Output) : System.IO.Pipelines.IDuplexPipe;

    private sealed class Counted : IDisposable
    {
        private readonly MeterListener _listener = new();
        private long _sum;

        public Counted(string name)
        {
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Name == MediaMeter.Name && instrument.Name == name)
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            };
            _listener.SetMeasurementEventCallback<long>((_, value, _, _) => Interlocked.Add(ref _sum, value));
            _listener.Start();
        }

        public long Sum => Interlocked.Read(ref _sum);

        public void Dispose() => _listener.Dispose();
    }
}
