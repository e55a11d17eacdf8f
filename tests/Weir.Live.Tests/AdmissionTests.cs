using Weir.Contracts;
using Weir.Contracts.Planes;
using Weir.Live.Broadcasts;
using Weir.Media.Broadcasting;

namespace Weir.Live.Tests;

public sealed class AdmissionTests
{
    [Fact]
    public async Task Before_its_lists_are_complete_a_node_admits_nobody()
    {
        await using var stage = new Stage();
        var ticket = stage.Ticket();
        Assert.Equal(WatchDenied.NotFound, stage.Watch(ticket, out _));
        stage.Broadcasts.BeginLists();
        stage.Say();
        Assert.Equal(WatchDenied.NotFound, stage.Watch(ticket, out _));
        Assert.False(stage.Publish());
        stage.Broadcasts.CompleteLists();
        Assert.Equal(WatchDenied.None, stage.Watch(ticket, out _));
        Assert.True(stage.Publish());
    }

    [Fact]
    public async Task The_key_of_a_broadcast_that_has_ended_is_said_to_be_over_and_not_to_be_wrong()
    {
        await using var stage = new Stage();
        stage.Listed();
        for (var i = 0; i < 2; i++)
        {
            stage.Say(rules =>
            {
                rules.Ended = true;
                rules.PublishKeyHashes.Clear();
            });
            Assert.False(stage.Admission.TryPublish(Stage.StreamKey, new PublisherInfo("RTMP", "test"), out _, out var refusal));
            Assert.Equal(PublishRefusal.Ended, refusal);
            Assert.True(stage.Admission.MayPublish(stage.Broadcast.ToText(), Stage.StreamKey, out var why));
            Assert.Equal(PublishRefusal.Ended, why);
        }

        Assert.False(stage.Admission.TryPublish("wk_another", new PublisherInfo("RTMP", "test"), out _, out var unknown));
        Assert.Equal(PublishRefusal.UnknownKey, unknown);
        await stage.Broadcasts.ForgetAsync(stage.Broadcast);
        Assert.False(stage.Admission.TryPublish(Stage.StreamKey, new PublisherInfo("RTMP", "test"), out _, out var forgotten));
        Assert.Equal(PublishRefusal.UnknownKey, forgotten);
    }

    [Fact]
    public async Task A_ticket_that_is_forged_expired_cut_or_for_another_broadcast_is_refused_alike()
    {
        await using var stage = new Stage();
        stage.Listed(rules =>
        {
            rules.Epoch = 3;
            rules.Cuts.Add(new AudienceCut { Account = stage.Mia.ToWire(), Epoch = 3 });
        });
        Assert.Equal(WatchDenied.None, stage.Watch(stage.Ticket(epoch: 3), out _));
        Assert.Equal(WatchDenied.None, stage.Watch(stage.Ticket(account: Guid.NewGuid(), epoch: 0), out _));
        foreach (var ticket in new[]
        {
            null, "", "AAAA", new string('A', 5000), stage.Ticket(epoch: 2), stage.Ticket(epoch: 3, broadcast: Guid.NewGuid()),
            stage.Ticket(epoch: 3, lifetime: TimeSpan.Zero),
        })
        {
            Assert.Equal(WatchDenied.NotFound, stage.Watch(ticket, out var viewer));
            Assert.Null(viewer);
        }

        var expiring = stage.Ticket(epoch: 3);
        stage.Clock.Advance(TimeSpan.FromHours(12));
        Assert.Equal(WatchDenied.NotFound, stage.Watch(expiring, out _));
    }

    [Fact]
    public async Task What_was_allowed_before_a_wait_is_no_longer_after_a_cut_an_end_of_being_public_or_the_tickets_expiry()
    {
        await using var stage = new Stage();
        stage.Listed(rules => rules.Public = true);
        var id = stage.Broadcast.ToText();
        Assert.True(stage.Admission.TryCheck(id, stage.Ticket(), out var rules, out var mia));
        Assert.True(stage.Admission.TryCheck(id, stage.Ticket(account: Guid.NewGuid(), lifetime: TimeSpan.FromHours(13)), out _, out var other));
        Assert.True(stage.Admission.TryCheck(id, null, out _, out var nobody));
        Assert.All([mia, other, nobody], ticket => Assert.True(stage.Admission.StillAllows(rules, ticket)));

        stage.Say(cut =>
        {
            cut.Epoch = 1;
            cut.Cuts.Add(new AudienceCut { Account = stage.Mia.ToWire(), Epoch = 1 });
        });
        Assert.False(stage.Admission.StillAllows(rules, mia));
        Assert.False(stage.Admission.StillAllows(rules, nobody));
        Assert.True(stage.Admission.StillAllows(rules, other));
        stage.Clock.Advance(TimeSpan.FromHours(13));
        Assert.False(stage.Admission.StillAllows(rules, other));
        stage.Broadcasts.BeginLists();
        stage.Broadcasts.CompleteLists();
        Assert.False(stage.Admission.StillAllows(rules, nobody));
    }

    [Fact]
    public async Task A_cut_ends_the_open_sessions_of_its_account_and_no_others()
    {
        await using var stage = new Stage();
        stage.Listed();
        stage.Watch(stage.Ticket(), out var mia);
        stage.Watch(stage.Ticket(account: Guid.NewGuid()), out var other);
        stage.Say(rules =>
        {
            rules.Epoch = 1;
            rules.Cuts.Add(new AudienceCut { Account = stage.Mia.ToWire(), Epoch = 1 });
        });
        await ClosedAsync(mia!);
        Assert.Equal(ViewerEnd.Cut, mia!.End);
        Assert.Equal(ViewerEnd.None, other!.End);
        Assert.False(other.Closed.IsCancellationRequested);
    }

    [Fact]
    public async Task The_end_of_a_session_ends_what_is_open_with_its_tickets_and_no_others()
    {
        await using var stage = new Stage();
        stage.Listed();
        var (phone, laptop, nobodys) = (stage.Ticket(session: 1), stage.Ticket(session: 2), stage.Ticket());
        stage.Watch(phone, out var atPhone);
        stage.Watch(laptop, out var atLaptop);
        stage.Watch(nobodys, out var old);
        Assert.True(stage.Admission.TryCheck(stage.Broadcast.ToText(), phone, out var rules, out var verified));
        var waits = stage.Broadcasts.AudienceChange(stage.Broadcast);
        stage.Clock.Advance(TimeSpan.FromMilliseconds(1));
        stage.Sessions(2);
        await ClosedAsync(atPhone!);
        Assert.Equal(ViewerEnd.Cut, atPhone!.End);
        Assert.All([atLaptop, old], viewer => Assert.Equal(ViewerEnd.None, viewer!.End));
        Assert.Equal(WatchDenied.NotFound, stage.Watch(phone, out _));
        Assert.False(stage.Admission.StillAllows(rules, verified));
        Assert.All([laptop, nobodys], ticket => Assert.Equal(WatchDenied.None, stage.Watch(ticket, out _)));
        await Patience.HoldsAsync(() => waits.IsCancellationRequested);

        // One that begins afterwards is good before it is named, and void once it is not named any more.
        stage.Clock.Advance(TimeSpan.FromMilliseconds(1));
        var next = stage.Ticket(session: 3);
        Assert.Equal(WatchDenied.None, stage.Watch(next, out var atNext));
        stage.Clock.Advance(TimeSpan.FromMilliseconds(1));
        stage.Sessions(2, 3);
        Assert.Equal(WatchDenied.None, stage.Watch(next, out _));
        stage.Clock.Advance(TimeSpan.FromMilliseconds(1));
        stage.Sessions(2);
        await ClosedAsync(atNext!);
        Assert.Equal(WatchDenied.NotFound, stage.Watch(next, out _));
    }

    [Fact]
    public async Task Whoever_reads_a_replay_is_asked_again_when_sessions_end()
    {
        await using var stage = new Stage();
        stage.Listed(rules => rules.Ended = true);
        var waits = stage.Broadcasts.AudienceChange(stage.Broadcast);
        stage.Sessions();
        await Patience.HoldsAsync(() => waits.IsCancellationRequested);
    }

    [Fact]
    public async Task A_public_broadcast_needs_no_ticket_and_narrowing_it_cuts_those_without()
    {
        await using var stage = new Stage();
        stage.Listed(rules => rules.Public = true);
        Assert.Equal(WatchDenied.None, stage.Watch(null, out var viewer));
        Assert.Equal(WatchDenied.NotFound, stage.Watch("forged", out _));
        stage.Say(rules => rules.Epoch = 1);
        await ClosedAsync(viewer!);
        Assert.Equal(ViewerEnd.Cut, viewer!.End);
    }

    [Fact]
    public async Task A_ticket_has_five_sessions_and_gets_one_back_when_one_closes()
    {
        await using var stage = new Stage();
        stage.Listed();
        var ticket = stage.Ticket();
        List<LiveViewer> open = [];
        for (var session = 0; session < 5; session++)
        {
            Assert.Equal(WatchDenied.None, stage.Watch(ticket, out var viewer));
            open.Add(viewer!);
        }

        Assert.Equal(WatchDenied.TooManySessions, stage.Watch(ticket, out _));
        Assert.Equal(WatchDenied.None, stage.Watch(stage.Ticket(), out _));
        open[2].Dispose();
        open[2].Dispose();
        Assert.Equal(WatchDenied.None, stage.Watch(ticket, out _));
        Assert.Equal(WatchDenied.TooManySessions, stage.Watch(ticket, out _));
    }

    [Fact]
    public async Task A_broadcast_the_new_lists_do_not_name_is_gone()
    {
        await using var stage = new Stage();
        stage.Listed();
        stage.Watch(stage.Ticket(), out var viewer);
        stage.Broadcasts.BeginLists();
        stage.Broadcasts.CompleteLists();
        await ClosedAsync(viewer!);
        Assert.Equal(WatchDenied.NotFound, stage.Watch(stage.Ticket(), out _));
        Assert.False(stage.Publish());
    }

    [Fact]
    public async Task A_newer_publisher_replaces_the_older_and_none_is_admitted_to_an_ended_broadcast_or_while_live_is_off()
    {
        await using var stage = new Stage();
        stage.Listed();
        Assert.True(stage.Admission.TryPublish(Stage.StreamKey, new PublisherInfo("RTMP", "a"), out var older, out _));
        Assert.True(stage.Admission.TryPublish(Stage.StreamKey, new PublisherInfo("RTMP", "b"), out var newer, out _));
        Assert.True(older!.Replaced.IsCancellationRequested);
        Assert.False(newer!.Replaced.IsCancellationRequested);

        Assert.False(stage.Admission.TryPublish("wk_wrong", new PublisherInfo("RTMP", "c"), out _, out var refusal));
        Assert.Equal(PublishRefusal.UnknownKey, refusal);
        stage.Broadcasts.Switch(on: false);
        Assert.True(newer.Replaced.IsCancellationRequested);
        Assert.False(stage.Admission.TryPublish(Stage.StreamKey, new PublisherInfo("RTMP", "d"), out _, out refusal));
        Assert.Equal(PublishRefusal.LiveIsOff, refusal);
        stage.Broadcasts.Switch(on: true);
        stage.Say(rules => rules.Ended = true);
        Assert.False(stage.Admission.TryPublish(Stage.StreamKey, new PublisherInfo("RTMP", "e"), out _, out refusal));
        Assert.Equal(PublishRefusal.Ended, refusal);
    }

    [Fact]
    public async Task A_key_that_moved_on_opens_the_broadcast_it_moved_to()
    {
        await using var stage = new Stage();
        stage.Listed();
        var next = Guid.NewGuid();
        stage.Say(rules => rules.Broadcast = next.ToWire());
        stage.Say(rules => rules.PublishKeyHashes.Clear());
        Assert.True(stage.Admission.TryPublish(Stage.StreamKey, new PublisherInfo("RTMP", "a"), out var publisher, out _));
        Assert.Equal(next, publisher!.Broadcast.Id);
    }

    [Fact]
    public async Task A_key_that_is_withdrawn_stops_whoever_publishes_with_it()
    {
        await using var stage = new Stage();
        stage.Listed();
        Assert.True(stage.Admission.TryPublish(Stage.StreamKey, new PublisherInfo("RTMP", "a"), out var publisher, out _));
        stage.Say();
        Assert.False(publisher!.Replaced.IsCancellationRequested);
        stage.Say(rules => rules.PublishKeyHashes.Clear());
        Assert.True(publisher.Replaced.IsCancellationRequested);
        Assert.False(stage.Publish());
    }

    private static Task ClosedAsync(LiveViewer viewer)
    {
        var closed = new TaskCompletionSource();
        viewer.Closed.Register(closed.SetResult);
        return closed.Task.WaitAsync(Patience.Limit, TestContext.Current.CancellationToken);
    }
}
