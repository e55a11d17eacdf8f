using Weir.Media.Broadcasting;

// Not "Broadcasting": that name would hide Weir.Media.Broadcasting from the other tests.
namespace Weir.Media.Tests.Broadcasts;

public class SharedLogTests
{
    [Fact]
    public void It_keeps_the_newest_entries_and_their_indexes()
    {
        var log = new SharedLog<string>(4, firstIndex: 10);
        for (var i = 10; i < 20; i++)
        {
            Assert.Equal(i, log.Append($"{i}"));
        }

        Assert.Equal((16, 20), (log.First, log.Next));
        Assert.False(log.TryGet(15, out _));
        Assert.True(log.TryGet(16, out var oldest));
        Assert.Equal("16", oldest);
        Assert.False(log.TryGet(20, out _));
        log.TrimBefore(19);
        Assert.False(log.TryGet(18, out _));
        Assert.True(log.TryGet(19, out _));
    }

    [Fact]
    public async Task A_waiting_reader_is_woken_by_an_append_a_completion_or_its_own_cancellation()
    {
        var log = new SharedLog<string>(4);
        var first = log.WaitAsync(0, CancellationToken.None).AsTask();
        Assert.False(first.IsCompleted);
        log.Append("a");
        await first.WaitAsync(Patience.Limit);
        Assert.True(log.WaitAsync(0, CancellationToken.None).IsCompleted);

        using var cancelled = new CancellationTokenSource();
        var second = log.WaitAsync(1, cancelled.Token).AsTask();
        var third = log.WaitAsync(1, CancellationToken.None).AsTask();
        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
        Assert.False(third.IsCompleted);
        log.Complete();
        await third.WaitAsync(Patience.Limit);
        Assert.Throws<InvalidOperationException>(() => log.Append("b"));
    }

    [Fact]
    public async Task Readers_beside_a_writer_see_every_entry_in_order_or_know_that_they_skipped()
    {
        const int entries = 200_000;
        var log = new SharedLog<Entry>(64);
        var readers = Enumerable.Range(0, 4).Select(slow => Task.Run(async () =>
        {
            long next = 0;
            var seen = 0;
            while (true)
            {
                if (log.TryGet(next, out var entry))
                {
                    // Never an entry of another index: that is what a reused slot would give.
                    Assert.Equal(next, entry.Index);
                    next++;
                    seen++;
                    continue;
                }

                if (next < log.First)
                {
                    next = log.First;
                    continue;
                }

                if (log.IsCompleted && next >= log.Next)
                {
                    return (Seen: seen, Next: next);
                }

                await log.WaitAsync(next, CancellationToken.None).AsTask().WaitAsync(Patience.Limit);
            }
        })).ToList();
        for (var i = 0; i < entries; i++)
        {
            log.Append(new Entry(i));
            if (i % 100 == 0)
            {
                log.TrimBefore(i - 20);
            }
        }

        log.Complete();
        foreach (var (seen, next) in await Task.WhenAll(readers))
        {
            Assert.Equal(entries, next);
            Assert.InRange(seen, 1, entries);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3)]
    public void A_capacity_that_is_no_power_of_two_is_refused(int capacity) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new SharedLog<string>(capacity));

    private sealed record Entry(long Index);
}
