using Microsoft.Extensions.Logging.Abstractions;
using Weir.Contracts;
using Weir.Contracts.Planes;
using Weir.Live.Broadcasts;
using Weir.Media.Broadcasting;

namespace Weir.Live.Tests;

public sealed class CommentRemovalTests
{
    private static readonly Track Sound = new(TrackKind.Audio, Codec.Aac, (byte[])[0x11, 0x90], "mp4a.40.2")
    {
        SampleRate = 48000, Channels = 2, SamplesPerFrame = 1024,
    };

    [Fact]
    public async Task A_live_comment_keeps_the_rule_of_all_texts()
    {
        await using var stage = new Stage();
        stage.Listed();
        stage.Publish();
        var room = stage.Broadcasts.FindRunning(stage.Broadcast)!.Broadcast.Comments;
        var host = new Commenter(Guid.NewGuid(), "Ben", IsHost: true, MayComment: true);
        foreach (var blank in new[] { "\0", "\u200B\u200D", "\u3164", "\uFE0F", "\u202E" })
        {
            Assert.Equal(CommentOutcome.Length, room.Post(host, null, blank, null).Outcome);
        }

        Assert.Equal(CommentOutcome.Taken, room.Post(host, null, " \u202Eno\0t\u001B turned\uFFFE ", null).Outcome);
        using var said = System.Text.Json.JsonDocument.Parse(Assert.Single(room.Latest()).Json);
        Assert.Equal("not turned", said.RootElement.GetProperty("text").GetString());
    }

    [Fact]
    public async Task What_was_deleted_is_in_no_later_answer_however_far_the_recorder_is()
    {
        await using var stage = new Stage();
        stage.Listed();
        stage.Publish();
        var running = stage.Broadcasts.FindRunning(stage.Broadcast)!;
        var events = running.Outputs.Events!;
        var removal = new CommentRemoval(stage.Broadcasts, stage.Replays, NullLogger<CommentRemoval>.Instance);
        for (var number = 0; number < 20; number++)
        {
            var ben = new Commenter(Guid.NewGuid(), "Ben", IsHost: false, MayComment: true);
            Assert.Equal(CommentOutcome.Taken, running.Broadcast.Comments.Post(ben, null, "oops", null).Outcome);
            using var said = System.Text.Json.JsonDocument.Parse(running.Broadcast.Comments.Latest()[^1].Json);
            var id = said.RootElement.GetProperty("id").GetString()!;
            await Patience.HoldsAsync(() => events.Find(id) is not null);
            Assert.True(await removal.RemoveAsync(stage.Broadcast, id, ben.Account, isHost: false));
            Assert.Null(events.Find(id));
            Assert.Equal("""{"events":[],"next":null}""", System.Text.Encoding.UTF8.GetString(events.Page(0, long.MaxValue).Json));
        }
    }

    [Fact]
    public async Task The_text_of_a_deleted_comment_is_in_no_file_of_the_recording()
    {
        await using var stage = new Stage();
        stage.Listed();
        Assert.True(stage.Admission.TryPublish(Stage.StreamKey, new PublisherInfo("RTMP", "test"), out var publisher, out _));
        var running = stage.Broadcasts.FindRunning(stage.Broadcast)!;
        var removal = new CommentRemoval(stage.Broadcasts, stage.Replays, NullLogger<CommentRemoval>.Instance);
        var ben = new Commenter(Guid.NewGuid(), "Ben", IsHost: false, MayComment: true);
        for (var frame = 0; frame < 200; frame++)
        {
            publisher!.Audio(Sound, frame * 21_333L, new byte[] { 0x21, 0x10, 4 });
        }

        var (early, late) = (Post("said-early"), Post("said-late"));
        Assert.NotNull(Post("said-and-kept"));
        await Patience.HoldsAsync(() => Recorded().Contains("said-and-kept", StringComparison.Ordinal));
        Assert.True(await removal.RemoveAsync(stage.Broadcast, early, ben.Account, isHost: false));
        await Patience.HoldsAsync(() => !Recorded().Contains("said-early", StringComparison.Ordinal));

        running.Broadcast.End();
        await running.Outputs.Recorded.WaitAsync(Patience.Limit, TestContext.Current.CancellationToken);
        await stage.Broadcasts.RetireAsync(running);
        Assert.Contains("said-late", Recorded(), StringComparison.Ordinal);
        Assert.True(await removal.RemoveAsync(stage.Broadcast, late, ben.Account, isHost: false));
        Assert.DoesNotContain("said-late", Recorded(), StringComparison.Ordinal);
        Assert.Contains("said-and-kept", Recorded(), StringComparison.Ordinal);

        string Post(string text)
        {
            Assert.Equal(CommentOutcome.Taken, running.Broadcast.Comments.Post(ben, text, text, null).Outcome);
            using var said = System.Text.Json.JsonDocument.Parse(running.Broadcast.Comments.Latest()[^1].Json);
            return said.RootElement.GetProperty("id").GetString()!;
        }

        string Recorded() => string.Concat(
            Directory.EnumerateFiles(stage.Replays.DirectoryOf(stage.Broadcast), "*.jsonl*").Select(File.ReadAllText));
    }

    [Fact]
    public async Task The_name_of_a_deleted_account_is_in_no_file_of_the_recording_and_its_comments_are()
    {
        await using var stage = new Stage();
        stage.Listed();
        Assert.True(stage.Admission.TryPublish(Stage.StreamKey, new PublisherInfo("RTMP", "test"), out var publisher, out _));
        var running = stage.Broadcasts.FindRunning(stage.Broadcast)!;
        using var names = new NameRemoval(stage.Broadcasts, stage.Replays, stage.Clock, NullLogger<NameRemoval>.Instance);
        var ben = new Commenter(Guid.NewGuid(), "Ben", IsHost: false, MayComment: true);
        var mia = new Commenter(Guid.NewGuid(), "Mia", IsHost: false, MayComment: true);
        for (var frame = 0; frame < 200; frame++)
        {
            publisher!.Audio(Sound, frame * 21_333L, new byte[] { 0x21, 0x10, 4 });
        }

        Assert.Equal(CommentOutcome.Taken, running.Broadcast.Comments.Post(ben, null, "said-by-one", null).Outcome);
        Assert.Equal(CommentOutcome.Taken, running.Broadcast.Comments.Post(mia, null, "said-by-another", null).Outcome);
        await Patience.HoldsAsync(() => Recorded().Contains("said-by-another", StringComparison.Ordinal));
        await ForgetAsync(ben);
        Check("Mia", there: true);

        running.Broadcast.End();
        await running.Outputs.Recorded.WaitAsync(Patience.Limit, TestContext.Current.CancellationToken);
        await stage.Broadcasts.RetireAsync(running);
        await ForgetAsync(ben, mia);
        Check("Mia", there: false);
        Assert.True(stage.Replays.TryOpen(stage.Broadcast, out var lease));
        using (lease)
        {
            Assert.Equal(2, lease.Replay.Events.Count);
        }

        async Task ForgetAsync(params Commenter[] deleted)
        {
            stage.Say(rules => rules.DeletedAccounts.AddRange(deleted.Select(one => one.Account.ToWire())));
            names.Apply(stage.Broadcasts.Find(stage.Broadcast)!);
            Assert.True(await names.CatchUpAsync());
        }

        void Check(string name, bool there)
        {
            Assert.DoesNotContain("\"Ben\"", Recorded(), StringComparison.Ordinal);
            Assert.Equal(there, Recorded().Contains($"\"{name}\"", StringComparison.Ordinal));
            Assert.Contains("said-by-one", Recorded(), StringComparison.Ordinal);
            Assert.Contains("said-by-another", Recorded(), StringComparison.Ordinal);
        }

        string Recorded() => string.Concat(
            Directory.EnumerateFiles(stage.Replays.DirectoryOf(stage.Broadcast), "*.jsonl*").Select(File.ReadAllText));
    }

    [Fact]
    public async Task What_an_administrator_took_away_is_gone_and_told_again_changes_nothing()
    {
        await using var stage = new Stage();
        stage.Listed();
        stage.Publish();
        var room = stage.Broadcasts.FindRunning(stage.Broadcast)!.Broadcast.Comments;
        var ben = new Commenter(Guid.NewGuid(), "Ben", IsHost: false, MayComment: true);
        Assert.Equal(CommentOutcome.Taken, room.Post(ben, "1", "bad", null).Outcome);
        stage.Clock.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(CommentOutcome.Taken, room.Post(ben, "2", "good", null).Outcome);
        var bad = room.Latest().Select(one => System.Text.Json.JsonDocument.Parse(one.Json).RootElement).Single(one => one.GetProperty("text").GetString() == "bad").GetProperty("id").GetString()!;

        var removal = new CommentRemoval(stage.Broadcasts, stage.Replays, NullLogger<CommentRemoval>.Instance);
        var rules = new Rules(new BroadcastRules
        {
            Broadcast = stage.Broadcast.ToWire(),
            Host = Guid.NewGuid().ToWire(),
            RemovedComments = { Guid.ParseExact(bad, "N").ToWire(), Guid.NewGuid().ToWire() },
        });
        for (var times = 0; times < 2; times++)
        {
            await removal.ApplyAsync(rules);
            Assert.Null(room.Find(bad));
            Assert.Single(room.Latest());
        }

        Assert.False(await removal.RemoveAsync(Guid.NewGuid(), bad, default, isHost: true));
    }
}
