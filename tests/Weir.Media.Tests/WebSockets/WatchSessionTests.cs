using System.Net.WebSockets;
using System.Text;
using Weir.Media.Broadcasting;
using Weir.Media.Formats.Mp4;
using Weir.Media.Tests.Cmaf;
using Weir.Media.WebSockets;

namespace Weir.Media.Tests.WebSockets;

/// <summary>Over a sender of its own that writes to the socket, and through a pipe as over TLS: the same promises.</summary>
public abstract class WatchSessionTests(bool direct)
{
    protected static readonly Commenter Ben = new(Guid.NewGuid(), "Ben", false, true);

    [Fact]
    public async Task A_joiner_gets_hello_the_latest_comments_the_init_segment_and_media_from_the_newest_keyframe()
    {
        var stage = new Stage();
        stage.Play(stage.Publish(), Sample.H264Aac.Take(400));
        stage.Broadcast.Comments.Post(Ben, "1", "hi", null);
        stage.Packager.Drain();
        await using var viewer = await Loopback.OpenAsync(stage, direct);

        var hello = await viewer.NextAsync();
        Assert.Equal("hello", hello.Kind);
        Assert.Equal(stage.Packager.Init!.Mime, hello.Json.GetProperty("mime").GetString());
        Assert.StartsWith("video/mp4; codecs=\"avc1.", hello.Json.GetProperty("mime").GetString());
        Assert.True(hello.Json.GetProperty("live").GetBoolean());
        Assert.Equal("Ann", hello.Json.GetProperty("you").GetProperty("name").GetString());
        Assert.Equal("hi", (await viewer.NextAsync("comment")).Json.GetProperty("text").GetString());
        var init = await viewer.NextAsync();
        Assert.Equal("ftyp", init.Kind);
        Assert.Equal(stage.Packager.Init.Data.ToArray(), init.Bytes);
        var first = await viewer.NextAsync();
        Assert.Equal("moof", first.Kind);
        Assert.True(FragmentReader.Read(first.Bytes)[0].Samples[0].IsSync);

        stage.End();
        var rest = await viewer.RestAsync();
        Assert.Equal(["ended", "close 4410"], rest.TakeLast(2).Select(message => message.Kind));
        Assert.DoesNotContain(rest, message => message.Kind == "comment");
        Assert.Equal(WatchEnd.Ended, await viewer.Ended);
        Probe.DecodesCleanly([.. init.Bytes, .. first.Bytes, .. rest.Where(m => m.Kind == "moof").SelectMany(m => m.Bytes)]);
    }

    [Fact]
    public async Task Before_the_first_picture_hello_has_no_mime_and_a_second_one_brings_it()
    {
        var stage = new Stage();
        await using var viewer = await Loopback.OpenAsync(stage, direct);
        Assert.Equal(System.Text.Json.JsonValueKind.Null, (await viewer.NextAsync("hello")).Json.GetProperty("mime").ValueKind);

        stage.Play(stage.Publish(), Sample.H264Aac.Take(100));
        Assert.Equal(stage.Packager.Init!.Mime, (await viewer.NextAsync("hello")).Json.GetProperty("mime").GetString());
        Assert.Equal("ftyp", (await viewer.NextAsync()).Kind);
        Assert.Equal("moof", (await viewer.NextAsync()).Kind);
    }

    [Fact]
    public async Task A_viewer_who_does_not_answer_a_ping_has_left()
    {
        var stage = new Stage();
        await using var viewer = await Loopback.OpenAsync(stage, direct);
        await viewer.NextAsync("hello"); // The client answers pings while it receives, and from here on it does not.
        viewer.KeepAliveClock.Advance(WatchKeepAlive.PingAfter + WatchKeepAlive.PongTimeout - TimeSpan.FromSeconds(1));
        Assert.False(viewer.Ended.IsCompleted);
        viewer.KeepAliveClock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(WatchEnd.ViewerLeft, await viewer.Ended.WaitAsync(Patience.Limit));
    }

    [Fact]
    public async Task Other_codecs_are_announced_before_their_init_segment()
    {
        var stage = new Stage();
        await using var viewer = await Loopback.OpenAsync(stage, direct);
        var greeting = await viewer.NextAsync();
        var first = stage.Publish();
        stage.Play(first, Sample.H264Aac.Take(100));
        first.Dispose();
        stage.Play(stage.Publish(), Sample.H264Opus.Take(100));
        stage.End();

        var kinds = (await viewer.RestAsync()).Prepend(greeting).Select(message => message.Kind).Where(kind => kind != "state").ToList();
        Assert.Equal(
            ["hello", "hello", "ftyp", "moof", "hello", "ftyp", "moof", "ended", "close 4410"],
            kinds.Where((kind, i) => kind != "moof" || kinds[i - 1] != "moof"));
    }

    [Fact]
    public async Task Without_media_there_are_events_only()
    {
        var stage = new Stage();
        await using var viewer = await Loopback.OpenAsync(stage, direct, media: false);
        Assert.Equal("hello", (await viewer.NextAsync()).Kind);
        stage.Play(stage.Publish(), Sample.H264Aac.Take(100));
        await viewer.SayAsync("""{"type":"comment","clientId":"x","text":"only words","at":500}""");
        stage.Broadcast.End();
        await stage.Packager.RunAsync(CancellationToken.None);
        Assert.DoesNotContain(await viewer.RestAsync(), message => message.Type == WebSocketMessageType.Binary);
    }

    [Fact]
    public async Task A_comment_comes_to_everybody_and_a_refused_one_is_answered_to_its_author()
    {
        var stage = new Stage();
        await using var ann = await Loopback.OpenAsync(stage, direct);
        await using var ben = await Loopback.OpenAsync(stage, direct, person: Ben);
        using var stop = new CancellationTokenSource();
        var packaging = stage.Packager.RunAsync(stop.Token);

        await ann.SayAsync("""{"type":"comment","clientId":"c1","text":"hello all","at":0}""");
        Assert.Equal("c1", (await ann.NextAsync("comment")).Json.GetProperty("clientId").GetString());
        Assert.Equal("hello all", (await ben.NextAsync("comment")).Json.GetProperty("text").GetString());

        for (var i = 2; i <= 6; i++)
        {
            await ann.SayAsync($$"""{"type":"comment","clientId":"c{{i}}","text":"more","at":0}""");
        }

        var refused = (await ann.NextAsync("refused")).Json;
        Assert.Equal(("c6", "rate"), (refused.GetProperty("clientId").GetString(), refused.GetProperty("reason").GetString()));
        Assert.InRange(refused.GetProperty("retryAfterMs").GetInt64(), 1, 10_000);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => packaging);
    }

    [Fact]
    public async Task Muting_reaches_the_account_concerned_and_the_last_word_wins()
    {
        var stage = new Stage();
        await using var ben = await Loopback.OpenAsync(stage, direct, person: Ben);
        Assert.True(MayComment(await ben.NextAsync("hello")));
        stage.Broadcast.Comments.SetMuted([Ben.Account]);
        ben.Session.SetMuted(true);
        Assert.True((await ben.NextAsync("muted")).Json.GetProperty("muted").GetBoolean());
        await ben.SayAsync("""{"type":"comment","clientId":"c1","text":"hm","at":0}""");
        Assert.Equal("muted", (await ben.NextAsync("refused")).Json.GetProperty("reason").GetString());
        await using var again = await Loopback.OpenAsync(stage, direct, person: Ben);
        Assert.False(MayComment(await again.NextAsync("hello")));
        ben.Session.SetMuted(false);
        Assert.False((await ben.NextAsync("muted")).Json.GetProperty("muted").GetBoolean());
                static bool MayComment(Message hello) => hello.Json.GetProperty("you").GetProperty("mayComment").GetBoolean();
    }

    [Theory]
    [InlineData(ViewerEnd.Cut, "cut", 4403, WatchEnd.Cut)]
    [InlineData(ViewerEnd.Stopping, null, 1012, WatchEnd.Stopping)]
    public async Task A_session_that_must_go_is_told_so_and_gets_no_more_media(ViewerEnd end, string? word, int code, WatchEnd result)
    {
        var stage = new Stage();
        var publisher = stage.Publish();
        stage.Play(publisher, Sample.H264Aac.Take(100));
        await using var viewer = await Loopback.OpenAsync(stage, direct);
        await viewer.NextAsync("ftyp");
        viewer.Viewer.Close(end);
        stage.Play(publisher, Sample.H264Aac.Skip(100).Take(1));

        var rest = await viewer.RestAsync();
        Assert.Equal($"close {code}", rest[^1].Kind);
        Assert.Equal(word is not null, rest.Any(message => message.Kind == word));
        Assert.Equal(result, await viewer.Ended);
    }

    [Fact]
    public async Task A_cut_reaches_a_viewer_who_reads_nothing_within_the_grace()
    {
        var stage = new Stage();
        var publisher = stage.Publish();
        await using var viewer = await Loopback.OpenAsync(stage, direct, buffers: 4096);
        stage.Play(publisher, Sample.H264Aac);
        viewer.Viewer.Close(ViewerEnd.Cut);
        while (!viewer.Ended.IsCompleted)
        {
            stage.Clock.Advance(TimeSpan.FromMilliseconds(100));
            await Task.Yield();
        }

        Assert.Equal(WatchEnd.Cut, await viewer.Ended);
    }

    [Theory]
    [InlineData("not json", WebSocketMessageType.Text, 1007)]
    [InlineData("{\"type\":\"comment\",\"text\":\"\\ud800\"}", WebSocketMessageType.Text, 1007)]
    [InlineData("[1,2]", WebSocketMessageType.Text, 1007)]
    [InlineData("{\"type\":7}", WebSocketMessageType.Text, 1007)]
    [InlineData("binary", WebSocketMessageType.Binary, 1003)]
    [InlineData("big", WebSocketMessageType.Text, 1009)]
    public async Task What_is_no_message_closes_the_session_with_the_code_for_it(string text, WebSocketMessageType type, int code)
    {
        await using var viewer = await Loopback.OpenAsync(new Stage(), direct);
        await viewer.NextAsync("hello");
        var bytes = text == "big" ? new byte[5000] : Encoding.UTF8.GetBytes(text);
        bytes.AsSpan().Replace((byte)0, (byte)' ');
        await viewer.Client.SendAsync(bytes, type, true, CancellationToken.None);
        Assert.Equal($"close {code}", (await viewer.RestAsync())[^1].Kind);
        Assert.Equal(WatchEnd.ViewerAtFault, await viewer.Ended);
    }

    [Fact]
    public async Task A_flood_of_messages_closes_the_session()
    {
        await using var viewer = await Loopback.OpenAsync(new Stage(), direct);
        await viewer.NextAsync("hello");
        for (var i = 0; i <= 40; i++)
        {
            await viewer.SayAsync("""{"type":"unknown"}""");
        }

        Assert.Equal("close 1008", (await viewer.RestAsync())[^1].Kind);
    }

    protected static string CommentId(Stage stage) =>
        System.Text.Json.JsonDocument.Parse(stage.Broadcast.Comments.Latest()[^1].Json).RootElement.GetProperty("id").GetString()!;
}

public sealed class WatchSessionByPipeTests() : WatchSessionTests(direct: false)
{
    [Fact]
    public async Task A_viewer_who_falls_behind_goes_on_at_a_keyframe_and_misses_no_event_of_weight()
    {
        var stage = new Stage();
        var publisher = stage.Publish();
        await using var viewer = await Loopback.OpenAsync(stage, direct: false, buffers: 4096);
        stage.Play(publisher, Sample.H264Aac.Take(50));
        var first = await viewer.NextAsync("moof");
        stage.Play(publisher, Sample.H264Aac.Skip(50).Take(250));
        stage.Broadcast.Comments.Post(Ben, "x", "to be deleted", null);
        stage.Packager.Drain();
        Assert.True(stage.Broadcast.Comments.Delete(CommentId(stage), Ben.Account, false));
        stage.Play(publisher, Sample.H264Aac.Skip(300));
        stage.End();

        var messages = await viewer.RestAsync();
        Assert.Contains(messages, message => message.Kind == "deleted");
        var runs = messages.Prepend(first).Where(m => m.Kind == "moof")
            .Select(m => FragmentReader.Read(m.Bytes).Single(run => run.TrackId == 1)).ToList();
        var jumps = runs.Zip(runs.Skip(1)).Where(pair => pair.Second.BaseDecodeTime > pair.First.BaseDecodeTime + pair.First.Duration).ToList();
        Assert.NotEmpty(jumps);
        Assert.All(jumps, jump => Assert.True(jump.Second.Samples[0].IsSync));
    }

    [Fact]
    public async Task A_viewer_who_reads_nothing_for_too_long_is_given_up()
    {
        var stage = new Stage();
        await using var viewer = await Loopback.OpenAsync(stage, direct: false, buffers: 4096);
        stage.Play(stage.Publish(), Sample.H264Aac);
        while (!viewer.Ended.IsCompleted)
        {
            stage.Clock.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        Assert.Equal(WatchEnd.TooSlow, await viewer.Ended);
    }
}

public sealed class WatchSessionBySenderTests() : WatchSessionTests(direct: true)
{
    [Fact]
    public async Task A_ping_is_answered_between_the_frames_of_the_picture()
    {
        var stage = new Stage();
        var publisher = stage.Publish();
        await using var viewer = await Loopback.OpenAsync(stage, direct: true);
        await viewer.NextAsync("hello");
        await viewer.PingAsync();
        stage.Play(publisher, Sample.H264Aac.Take(100));
        stage.End();
        // A pong in the middle of a frame would break the framing of what follows.
        Assert.Equal("close 4410", (await viewer.RestAsync())[^1].Kind);
    }
}
