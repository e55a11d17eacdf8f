namespace Weir.Social.Throttling;

/// <summary>
/// Turns at something costly, of which so many are under way at once; whoever finds none free waits. The next turn is for the account that
/// has the fewest under way, and accounts that have as many take turns: what one account has waiting delays another by one turn, however
/// much it is. Those who wait are bounded by their callers: each has one of <see cref="Places"/>.
/// </summary>
internal sealed class FairTurns(int atOnce)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<Guid, int> _underWay = [];

    /// <summary>What waits, by account; the account whose turn was longest ago first.</summary>
    private readonly OrderedDictionary<Guid, List<TaskCompletionSource<IDisposable>>> _waiting = [];
    private int _all;

    /// <summary>The turn ends when what this gives is disposed.</summary>
    /// <exception cref="OperationCanceledException">Cancelled before its turn.</exception>
    public async Task<IDisposable> EnterAsync(Guid account, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        // What goes on with its turn does so elsewhere, not under the lock.
        var turn = new TaskCompletionSource<IDisposable>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            if (_all < atOnce)
            {
                Count(account);
                return new Turn(this, account);
            }

            if (!_waiting.TryGetValue(account, out var mine))
            {
                _waiting.Add(account, mine = []);
            }

            mine.Add(turn);
        }

        await using var registration = cancellation.UnsafeRegister((_, token) => Cancel(account, turn, token), null);
        return await turn.Task;
    }

    private void Cancel(Guid account, TaskCompletionSource<IDisposable> turn, CancellationToken cancellation)
    {
        lock (_lock)
        {
            // Otherwise its turn has come already.
            if (_waiting.TryGetValue(account, out var mine) && mine.Remove(turn))
            {
                if (mine.Count == 0)
                {
                    _waiting.Remove(account);
                }

                turn.SetCanceled(cancellation);
            }
        }
    }

    private void End(Guid account)
    {
        lock (_lock)
        {
            _all--;
            if (--_underWay[account] == 0)
            {
                _underWay.Remove(account);
            }

            if (_waiting.Count > 0)
            {
                GiveNext();
            }
        }
    }

    private void GiveNext()
    {
        // The first of those with the fewest.
        var (account, mine) = _waiting.MinBy(waiting => _underWay.GetValueOrDefault(waiting.Key));
        _waiting.Remove(account);
        if (mine.Count > 1)
        {
            // Behind all others.
            _waiting.Add(account, mine);
        }

        var turn = mine[0];
        mine.RemoveAt(0);
        Count(account);
        turn.SetResult(new Turn(this, account));
    }

    private void Count(Guid account)
    {
        _all++;
        _underWay[account] = _underWay.GetValueOrDefault(account) + 1;
    }

    private sealed class Turn(FairTurns turns, Guid account) : IDisposable
    {
        private bool _ended;

        public void Dispose()
        {
            if (!Interlocked.Exchange(ref _ended, true))
            {
                turns.End(account);
            }
        }
    }
}
