using System.Text;
using Microsoft.Extensions.Time.Testing;
using Weir.Media.Broadcasting;

// Not "Broadcasting": that name would hide Weir.Media.Broadcasting from the other tests.
namespace Weir.Media.Tests.Broadcasts;

public class CommentRoomTests
{
    private static readonly Commenter Ann = new(Guid.NewGuid(), "Ann", IsHost: false, MayComment: true);
    private static readonly Commenter Host = new(Guid.NewGuid(), "Host", IsHost: true, MayComment: true);
    private readonly FakeTimeProvider _clock = new();
    private readonly Timeline _timeline;
    private readonly CommentRoom _room;

    public CommentRoomTests()
    {
        _timeline = new Timeline(new TimelineLimits(), _clock, startAt: 100_000_000);
        _room = new CommentRoom(_timeline, _clock, text => text.Trim());
    }

    [Fact]
    public void Five_in_ten_seconds_are_taken_and_the_next_is_told_when()
    {
        for (var i = 0; i < 5; i++)
        {
            Assert.Equal(CommentOutcome.Taken, _room.Post(Ann, null, "hi", null).Outcome);
            _clock.Advance(TimeSpan.FromSeconds(1));
        }

        var refused = _room.Post(Ann, null, "hi", null);
        Assert.Equal((CommentOutcome.Rate, TimeSpan.FromSeconds(5)), (refused.Outcome, refused.RetryAfter));
        _clock.Advance(refused.RetryAfter);
        Assert.Equal(CommentOutcome.Taken, _room.Post(Ann, null, "hi", null).Outcome);
    }

    [Fact]
    public void The_host_may_say_more_and_not_without_end()
    {
        for (var i = 0; i < 50; i++)
        {
            Assert.Equal(CommentOutcome.Taken, _room.Post(Host, null, "hi", null).Outcome);
        }

        var refused = _room.Post(Host, null, "hi", null);
        Assert.Equal((CommentOutcome.Rate, TimeSpan.FromSeconds(10)), (refused.Outcome, refused.RetryAfter));
        Assert.Equal((50, 50), (_room.Count, (int)_timeline.Log.Next));
        _clock.Advance(refused.RetryAfter);
        Assert.Equal(CommentOutcome.Taken, _room.Post(Host, null, "hi", null).Outcome);
    }

    [Fact]
    public void The_same_client_id_of_one_account_is_one_comment()
    {
        Assert.Equal(CommentOutcome.Taken, _room.Post(Ann, "c1", "hi", null).Outcome);
        Assert.Equal(CommentOutcome.Taken, _room.Post(Ann, "c1", "hi", null).Outcome);
        Assert.Equal(CommentOutcome.Taken, _room.Post(Host, "c1", "hi", null).Outcome);
        Assert.Equal(2, _room.Count);
        Assert.Equal(2, _timeline.Log.Next);
    }

    [Fact]
    public void Empty_and_long_comments_muted_and_anonymous_people_are_refused()
    {
        Assert.Equal(CommentOutcome.Length, _room.Post(Ann, null, "  ", null).Outcome);
        Assert.Equal(CommentOutcome.Length, _room.Post(Ann, null, new string('x', 501), null).Outcome);
        Assert.Equal(CommentOutcome.Taken, _room.Post(Ann, null, new string('x', 500), null).Outcome);
        Assert.Equal(CommentOutcome.NotAllowed, _room.Post(Ann with { MayComment = false }, null, "hi", null).Outcome);
        Assert.Equal([(Ann.Account, true)], _room.SetMuted([Ann.Account]));
        Assert.Equal(CommentOutcome.Muted, _room.Post(Ann, null, "hi", null).Outcome);
        Assert.Equal([(Ann.Account, false)], _room.SetMuted([]));
        _timeline.Complete();
        Assert.Equal(CommentOutcome.Ended, _room.Post(Ann, null, "hi", null).Outcome);
    }

    [Theory]
    [InlineData(99_000L, 99_000)]
    [InlineData(500_000L, 100_000)]
    [InlineData(0L, 40_000)]
    [InlineData(null, 100_000)]
    public void A_comment_stands_where_its_author_was_watching_within_the_last_minute(long? at, long expected)
    {
        _room.Post(Ann, null, "hi", at);
        Assert.Contains($"\"at\":{expected},", Encoding.UTF8.GetString(_room.Latest().Single().Json.Span), StringComparison.Ordinal);
    }

    [Fact]
    public void Its_author_and_the_host_may_delete_a_comment_and_nobody_else()
    {
        _room.Post(Ann, null, "hi", null);
        var id = System.Text.Json.JsonDocument.Parse(_room.Latest().Single().Json).RootElement.GetProperty("id").GetString()!;
        Assert.False(_room.Delete(id, Guid.NewGuid(), isHost: false));
        Assert.False(_room.Delete("unknown", Host.Account, isHost: true));
        Assert.True(_room.Delete(id, Ann.Account, isHost: false));
        Assert.Empty(_room.Latest());
        Assert.False(_room.Delete(id, Host.Account, isHost: true));
        Assert.True(_timeline.Log.TryGet(1, out var deleted));
        Assert.Equal(("deleted", true), (deleted.Event!.Type, deleted.Event.Recorded));
    }

    [Fact]
    public void Who_is_called_otherwise_now_is_not_shown_under_the_old_name_to_those_who_join()
    {
        _room.Post(Ann, "1", "hi", null);
        _room.Post(Host, "2", "hello", null);
        _room.SetNames(new Dictionary<Guid, string> { [Ann.Account] = "Nobody" });
        var shown = _room.Latest().Select(comment => System.Text.Json.JsonDocument.Parse(_room.Shown(comment)).RootElement).ToList();
        Assert.Equal(["Nobody", Host.Name], shown.Select(comment => comment.GetProperty("name").GetString()));
        Assert.Equal("hi", shown[0].GetProperty("text").GetString());
    }

    [Fact]
    public void The_latest_fifty_are_kept_for_those_who_join()
    {
        for (var i = 0; i < 60; i++)
        {
            _clock.Advance(TimeSpan.FromSeconds(1));
            _room.Post(Host, null, $"n{i}.", null);
        }

        var latest = _room.Latest();
        Assert.Equal(50, latest.Count);
        Assert.Contains("n10.", Encoding.UTF8.GetString(latest[0].Json.Span), StringComparison.Ordinal);
    }

    [Fact]
    public void An_event_that_meets_the_end_is_not_appended()
    {
        _timeline.Complete();
        Assert.Null(_timeline.AppendEvent(_ => new TimelineEvent("x", Array.Empty<byte>())));
    }

    [Fact]
    public async Task Comments_posted_while_the_broadcast_ends_are_taken_or_refused_but_never_a_fault()
    {
        for (var round = 0; round < 200; round++)
        {
            var broadcast = new Broadcast(Guid.NewGuid(), new TimelineLimits(), _clock);
            using var start = new Barrier(2);
            var posting = Task.Run(() =>
            {
                start.SignalAndWait();
                for (var i = 0; i < 50; i++)
                {
                    broadcast.Comments.Post(Host, null, "hi", null);
                }
            });
            start.SignalAndWait();
            broadcast.End();
            await posting;
        }
    }
}
