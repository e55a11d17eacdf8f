namespace Weir.Social.Data;

/// <summary>For whom a change is made. The order is the order of the turns.</summary>
internal enum WriteLane
{
    /// <summary>Messages.</summary>
    Messages,

    /// <summary>What people change.</summary>
    People,

    /// <summary>What broadcasts cause, and what nobody waits for: admissions, reports of the live plane, when sessions were used.</summary>
    Live,
}

/// <summary>
/// SQLite has one writer: waiting for one's turn here costs no thread and no polling, waiting inside SQLite costs both. The turn goes to
/// the first lane in which somebody waits, and inside a lane to whoever came first. No lane waits for ever: what people change has a turn
/// after two turns of messages, and what broadcasts cause has one after two turns of the others, but never more than one in three while
/// the others wait. The lanes have no bound of their own: a request waits in one at a time, and the writers of messages, admissions,
/// reports and uses of sessions, each of which takes one turn for many, have theirs. The messages' writer keeps a
/// <see cref="WritePlace"/>, so that its lane is not empty while messages wait for it.
/// </summary>
internal sealed class WriteGate
{
    /// <summary>How many turns may pass by a lane in which somebody waits.</summary>
    private const int MaxPassed = 2;

    private readonly Lock _lock = new();
    private readonly LinkedList<Waiting>[] _lanes = [new(), new(), new()];
    private bool _taken;

    // Turns since the lane's last one, or since somebody began to wait in it: of messages for the people's, of both for the live plane's.
    private int _passedPeople;
    private int _passedLive;

    /// <summary>Waits for a turn. Disposing the result ends it.</summary>
    /// <exception cref="OperationCanceledException">Whoever waits no longer leaves no trace.</exception>
    public async Task<IDisposable> EnterAsync(CancellationToken cancellation, WriteLane lane = WriteLane.People)
    {
        cancellation.ThrowIfCancellationRequested();
        Waiting waiting;
        lock (_lock)
        {
            if (!_taken)
            {
                _taken = true;
                return new Turn(this);
            }

            waiting = new Waiting(cancellation);
            waiting.Place = _lanes[(int)lane].AddLast(waiting);
        }

        await using var registration = cancellation.UnsafeRegister(static (state, _) => ((Action)state!)(), () => Leave(waiting));
        return await waiting.Granted.Task;
    }

    private void Leave(Waiting waiting)
    {
        lock (_lock)
        {
            if (waiting.Place?.List is not { } lane)
            {
                // The turn is theirs already: they will give it back.
                return;
            }

            lane.Remove(waiting.Place);
        }

        waiting.Granted.TrySetCanceled(waiting.Cancellation);
    }

    private void Next()
    {
        Waiting next;
        lock (_lock)
        {
            if (Choose() is not { } lane)
            {
                _taken = false;
                return;
            }

            next = _lanes[(int)lane].First!.Value;
            _lanes[(int)lane].RemoveFirst();
            _passedPeople = lane == WriteLane.People || !Waits(WriteLane.People) ? 0 : _passedPeople + (lane == WriteLane.Messages ? 1 : 0);
            _passedLive = lane == WriteLane.Live || !Waits(WriteLane.Live) ? 0 : _passedLive + 1;
        }

        next.Granted.TrySetResult(new Turn(this));
    }

    private WriteLane? Choose() =>
        Waits(WriteLane.People) && _passedPeople >= MaxPassed ? WriteLane.People
        : Waits(WriteLane.Live) && _passedLive >= MaxPassed ? WriteLane.Live
        : Waits(WriteLane.Messages) ? WriteLane.Messages
        : Waits(WriteLane.People) ? WriteLane.People
        : Waits(WriteLane.Live) ? WriteLane.Live
        : null;

    private bool Waits(WriteLane lane) => _lanes[(int)lane].Count > 0;

    private sealed class Waiting(CancellationToken cancellation)
    {
        public CancellationToken Cancellation => cancellation;

        public LinkedListNode<Waiting>? Place { get; set; }

        // The one who ends a turn must not run the work of the next one.
        public TaskCompletionSource<IDisposable> Granted { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    private sealed class Turn(WriteGate gate) : IDisposable
    {
        private WriteGate? _gate = gate;

        public void Dispose() => Interlocked.Exchange(ref _gate, null)?.Next();
    }
}
