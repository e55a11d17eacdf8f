using Google.Protobuf;
using Weir.Contracts;
using Weir.Contracts.Planes;
using Weir.Live.Planes;

namespace Weir.Live.Tests;

public sealed class ReportQueueTests
{
    private static readonly ByteString First = Guid.NewGuid().ToWire();
    private static readonly ByteString Second = Guid.NewGuid().ToWire();

    [Fact]
    public void A_report_is_sent_once_a_connection_and_again_on_the_next_until_acknowledged()
    {
        var queue = new ReportQueue();
        queue.Put(Report(First, BroadcastPhase.Live));
        Assert.True(queue.TryTake(out var sent));
        Assert.False(queue.TryTake(out _));

        queue.Restart();
        Assert.True(queue.TryTake(out var again));
        Assert.Equal(sent.Broadcast, again.Broadcast);

        queue.Acknowledged(again.Sequence);
        queue.Restart();
        Assert.False(queue.TryTake(out _));
    }

    [Fact]
    public void Only_the_latest_state_of_a_broadcast_waits_however_long_nobody_takes_it()
    {
        var queue = new ReportQueue();
        for (var change = 0; change < 1000; change++)
        {
            queue.Put(Report(First, change % 2 == 0 ? BroadcastPhase.Live : BroadcastPhase.Interrupted));
        }

        queue.Put(Report(Second, BroadcastPhase.Ended));
        var taken = Drain(queue);
        Assert.Equal(2, taken.Count);
        Assert.Contains(taken, report => report.Broadcast.Phase == BroadcastPhase.Interrupted && report.Broadcast.Broadcast == First);
    }

    [Fact]
    public void A_state_put_after_its_older_one_was_sent_survives_the_older_ones_acknowledgement()
    {
        var queue = new ReportQueue();
        queue.Put(Report(First, BroadcastPhase.Live));
        Assert.True(queue.TryTake(out var older));
        queue.Put(Report(First, BroadcastPhase.Ended));
        queue.Acknowledged(older.Sequence);
        Assert.Equal(BroadcastPhase.Ended, Assert.Single(Drain(queue)).Broadcast.Phase);
    }

    [Fact]
    public void Revisions_grow_even_when_the_clock_stands_still_or_runs_back()
    {
        var queue = new ReportQueue();
        List<long> revisions = [];
        foreach (var clock in new long[] { 100, 100, 50, 101 })
        {
            queue.Put(Report(First, BroadcastPhase.Live, clock));
            revisions.Add(Assert.Single(Drain(queue)).Broadcast.Revision);
        }

        Assert.Equal(revisions.Order().Distinct(), revisions);
    }

    [Fact]
    public void Only_the_newest_command_is_acknowledged()
    {
        var queue = new ReportQueue();
        queue.Acknowledge(1);
        queue.Acknowledge(2);
        Assert.Equal(2u, Assert.Single(Drain(queue)).Acknowledge.Sequence);
    }

    [Fact]
    public async Task A_waiting_sender_wakes_for_what_was_put_before_and_after_it_began_to_wait()
    {
        var queue = new ReportQueue();
        queue.Put(Report(First, BroadcastPhase.Live));
        await queue.WaitAsync(TestContext.Current.CancellationToken);
        var waiting = queue.WaitAsync(TestContext.Current.CancellationToken);
        Assert.False(waiting.IsCompleted);
        queue.Put(Report(Second, BroadcastPhase.Live));
        await waiting;
    }

    private static BroadcastReport Report(ByteString broadcast, BroadcastPhase phase, long revision = 1) =>
        new() { Broadcast = broadcast, Phase = phase, Revision = revision };

    private static List<Report> Drain(ReportQueue queue)
    {
        List<Report> taken = [];
        while (queue.TryTake(out var report))
        {
            taken.Add(report);
        }

        return taken;
    }
}
