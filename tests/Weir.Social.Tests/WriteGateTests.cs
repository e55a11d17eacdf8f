using CsCheck;
using Weir.Social.Data;

namespace Weir.Social.Tests;

/// <summary>Whose turn it is to write, without a database and without time: turns are taken and given back by the test alone.</summary>
public sealed class WriteGateTests
{
    private const WriteLane M = WriteLane.Messages;
    private const WriteLane P = WriteLane.People;
    private const WriteLane L = WriteLane.Live;

    [Fact]
    public async Task A_free_gate_is_entered_at_once_and_in_a_lane_the_first_is_the_first()
    {
        var queue = new Queue();
        foreach (var lane in Enum.GetValues<WriteLane>())
        {
            await queue.HoldAsync();
            queue.Wait(lane, lane, lane);
            Assert.Equal([0, 1, 2], (await queue.DrainAsync()).Select(turn => turn.Number));
        }
    }

    [Fact]
    public async Task Messages_go_first_and_nobody_waits_for_ever()
    {
        var queue = new Queue();
        await queue.HoldAsync();
        for (var i = 0; i < 8; i++)
        {
            queue.Wait(L, P, M);
        }

        Assert.Equal([M, M, P, L, M, M, P, L, M, M, P, L, M, M, P, L, P, P, L, P, P, L, L, L], (await queue.DrainAsync()).Select(turn => turn.Lane));
    }

    [Fact]
    public async Task What_broadcasts_cause_has_one_turn_in_three_while_messages_wait_and_all_of_them_otherwise()
    {
        var queue = new Queue();
        await queue.HoldAsync();
        for (var i = 0; i < 6; i++)
        {
            queue.Wait(L, M);
        }

        Assert.Equal([M, M, L, M, M, L, M, M, L, L, L, L], (await queue.DrainAsync()).Select(turn => turn.Lane));
    }

    [Fact]
    public async Task A_message_waits_for_one_turn_at_most_however_many_tickets_and_changes_wait()
    {
        var queue = new Queue();
        await queue.HoldAsync();
        queue.Wait(L, L, L, L, P, P, P, P);
        // Whatever had its turns before: a lane that was passed by twice is ahead of it once.
        for (var i = 0; i < 4; i++)
        {
            queue.Wait(M);
            var before = 0;
            while ((await queue.NextAsync()).Lane != M)
            {
                before++;
            }

            Assert.InRange(before, 0, 2);
        }
    }

    [Fact]
    public async Task Whoever_stops_waiting_leaves_no_hole()
    {
        var queue = new Queue();
        await queue.HoldAsync();
        queue.Wait(M, M, M, L);
        await queue.CancelAsync(M, 0);
        await queue.CancelAsync(M, 2);
        Assert.Equal([(M, 1), (L, 0)], await queue.DrainAsync());
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => queue.Gate.EnterAsync(new CancellationToken(canceled: true)));
        // The turn was not lost.
        (await queue.Gate.EnterAsync(default)).Dispose();
    }

    [Fact]
    public async Task A_turn_that_is_given_back_twice_is_one_turn()
    {
        var gate = new WriteGate();
        var turn = await gate.EnterAsync(default);
        var (second, third) = (gate.EnterAsync(default), gate.EnterAsync(default));
        turn.Dispose();
        turn.Dispose();
        var held = await second;
        Assert.False(third.IsCompleted);
        held.Dispose();
        (await third).Dispose();
    }

    [Fact]
    public async Task However_they_come_wait_and_give_up_one_has_the_turn_in_order_and_none_is_lost() =>
        await Gen.Select(Gen.Int[0, 2], Gen.Int[0, 9]).Array[1, 120].SampleAsync(async steps =>
        {
            var queue = new Queue();
            await queue.HoldAsync();
            var (left, passedPeople, passedLive) = (new Dictionary<WriteLane, List<int>> { [M] = [], [P] = [], [L] = [] }, 0, 0);
            foreach (var (which, what) in steps)
            {
                var lane = (WriteLane)which;
                if (what < 6)
                {
                    left[lane].Add(queue.Wait(lane)[0]);
                }
                else if (what < 8 && left[lane].Count > 0)
                {
                    var gone = left[lane][which % left[lane].Count];
                    left[lane].Remove(gone);
                    await queue.CancelAsync(lane, gone);
                }
                else if (left.Values.Any(waiting => waiting.Count > 0))
                {
                    await TakeAsync();
                }
            }

            while (left.Values.Any(waiting => waiting.Count > 0))
            {
                await TakeAsync();
            }

            queue.GiveBack();
            (await queue.Gate.EnterAsync(default)).Dispose();

            async Task TakeAsync()
            {
                var messagesWait = left[M].Count > 0;
                var (lane, number) = await queue.NextAsync();
                Assert.Equal(left[lane][0], number);
                left[lane].RemoveAt(0);
                Assert.True(lane == L || left[L].Count == 0 || passedLive < 3, "The live plane's lane was passed by for too long.");
                Assert.True(lane == P || left[P].Count == 0 || passedPeople < 3, "The people's lane was passed by for too long.");
                Assert.True(lane != L || !messagesWait || passedLive >= 2, "More than one turn in three was the live plane's while messages waited.");
                passedPeople = lane == P || left[P].Count == 0 ? 0 : passedPeople + (lane == M ? 1 : 0);
                passedLive = lane == L || left[L].Count == 0 ? 0 : passedLive + 1;
            }
        }, iter: 400, threads: 1);

    [Fact]
    public async Task Under_real_threads_there_is_one_at_a_time_and_everybody_comes_through()
    {
        var gate = new WriteGate();
        var (inside, done) = (0, 0);
        await Task.WhenAll(Enumerable.Range(0, 16).Select(worker => Task.Run(async () =>
        {
            for (var round = 0; round < 300; round++)
            {
                using var giveUp = new CancellationTokenSource();
                var entering = gate.EnterAsync(giveUp.Token, (WriteLane)(worker % 3));
                if (round % 3 == 0)
                {
                    await giveUp.CancelAsync();
                }

                try
                {
                    using var turn = await entering;
                    Assert.Equal(1, Interlocked.Increment(ref inside));
                    await Task.Yield();
                    Interlocked.Decrement(ref inside);
                }
                catch (OperationCanceledException)
                {
                    // Half of what is tested: it must not take a turn with it.
                }

                Interlocked.Increment(ref done);
            }
        })));
        Assert.Equal((16 * 300, 0), (done, inside));
        (await gate.EnterAsync(default)).Dispose();
    }

    /// <summary>Those who wait at a gate whose turn the test holds.</summary>
    private sealed class Queue
    {
        private readonly Dictionary<WriteLane, List<(Task<IDisposable> Entering, CancellationTokenSource Stop)>> _waiting =
            Enum.GetValues<WriteLane>().ToDictionary(lane => lane, _ => new List<(Task<IDisposable>, CancellationTokenSource)>());

        private readonly HashSet<(WriteLane, int)> _had = [];

        private IDisposable? _turn;

        public WriteGate Gate { get; } = new();

        public async Task HoldAsync()
        {
            foreach (var lane in _waiting.Values)
            {
                lane.Clear();
            }

            _turn = await Gate.EnterAsync(default);
        }

        public List<int> Wait(params WriteLane[] lanes) => [.. lanes.Select(lane =>
        {
            var stop = new CancellationTokenSource();
            _waiting[lane].Add((Gate.EnterAsync(stop.Token, lane), stop));
            return _waiting[lane].Count - 1;
        })];

        public async Task CancelAsync(WriteLane lane, int number)
        {
            await _waiting[lane][number].Stop.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _waiting[lane][number].Entering);
        }

        public void GiveBack() => _turn!.Dispose();

        /// <summary>Gives the turn back and says who has it then.</summary>
        public async Task<(WriteLane Lane, int Number)> NextAsync()
        {
            GiveBack();
            var asked = _waiting.SelectMany(lane => lane.Value.Select((waiting, number) => (Lane: lane.Key, Number: number, waiting.Entering)))
                .Where(waiting => !waiting.Entering.IsCanceled && !_had.Contains((waiting.Lane, waiting.Number))).ToList();
            var first = await Task.WhenAny(asked.Select(waiting => waiting.Entering));
            _turn = await first;
            var next = asked.Single(waiting => waiting.Entering == first);
            Assert.Single(asked, waiting => waiting.Entering.IsCompleted);
            _had.Add((next.Lane, next.Number));
            return (next.Lane, next.Number);
        }

        public async Task<List<(WriteLane Lane, int Number)>> DrainAsync()
        {
            var turns = new List<(WriteLane, int)>();
            while (_waiting.Any(lane => lane.Value.Where((waiting, number) => !waiting.Entering.IsCanceled && !_had.Contains((lane.Key, number))).Any()))
            {
                turns.Add(await NextAsync());
            }

            GiveBack();
            _had.Clear();
            return turns;
        }
    }
}
