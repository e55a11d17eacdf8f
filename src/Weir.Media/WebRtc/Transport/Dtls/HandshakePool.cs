namespace Weir.Media.WebRtc.Transport.Dtls;

/// <summary>One handshake to be done, on a thread that it may block.</summary>
internal interface IHandshake
{
    /// <summary>When the peer last sent something, in the clock's stamps.</summary>
    long LastHeard { get; }

    /// <summary>Nothing happens in it before a datagram comes or time passes.</summary>
    bool IsWaiting { get; }

    void Run();

    /// <summary>Makes <see cref="Run"/> end soon; it never began when it has not yet.</summary>
    void Abort();
}

/// <summary>
/// Threads for blocking handshakes: a few at once, a bounded queue behind them. A handshake whose peer says nothing while others wait has to go,
/// so that half-done ones cannot keep the places.
/// </summary>
internal sealed class HandshakePool(TimeProvider time)
{
    public const int MaxRunning = 32;
    public const int MaxWaiting = 512;

    /// <summary>How long a peer may say nothing while somebody waits: an answer from the other end of the world, and one lost datagram.</summary>
    private static readonly TimeSpan SilenceLimit = TimeSpan.FromSeconds(1);

    /// <summary>How long when many wait. Most peers answer within it, and all who wait get their turn within 4 s.</summary>
    private static readonly TimeSpan ShortestLimit = TimeSpan.FromMilliseconds(150);

    private readonly Lock _lock = new();
    private readonly List<(IHandshake Handshake, long Began)> _running = [];
    private readonly Queue<IHandshake> _waiting = new();

    public int Running
    {
        get
        {
            lock (_lock)
            {
                return _running.Count;
            }
        }
    }

    public int Waiting
    {
        get
        {
            lock (_lock)
            {
                return _waiting.Count;
            }
        }
    }

    /// <summary>No handshake computes anything just now.</summary>
    public bool IsIdle
    {
        get
        {
            lock (_lock)
            {
                return _running.TrueForAll(running => running.Handshake.IsWaiting);
            }
        }
    }

    /// <returns>False when too many wait.</returns>
    public bool TryAdd(IHandshake handshake)
    {
        lock (_lock)
        {
            if (_running.Count == MaxRunning)
            {
                if (_waiting.Count == MaxWaiting)
                {
                    return false;
                }

                _waiting.Enqueue(handshake);
                return true;
            }

            _running.Add((handshake, time.GetTimestamp()));
        }

        // A thread of its own: it blocks, and the thread pool's threads are for what does not.
        new Thread(() => Work(handshake)) { IsBackground = true, Name = "dtls handshake" }.Start();
        return true;
    }

    /// <summary>Makes room for those who wait; to be called a few times a second.</summary>
    public void Tick()
    {
        lock (_lock)
        {
            var places = _waiting.Count;
            var limit = SilenceLimit * MaxRunning / (MaxRunning + places);
            limit = limit < ShortestLimit ? ShortestLimit : limit;
            foreach (var (handshake, began) in _running)
            {
                if (places > 0 && time.GetElapsedTime(Math.Max(began, handshake.LastHeard)) > limit)
                {
                    handshake.Abort();
                    places--;
                }
            }
        }
    }

    private void Work(IHandshake first)
    {
        for (IHandshake? handshake = first; handshake is not null;)
        {
            handshake.Run();
            lock (_lock)
            {
                _running.RemoveAll(running => running.Handshake == handshake);
                if (_waiting.TryDequeue(out var next))
                {
                    _running.Add((next, time.GetTimestamp()));
                }

                handshake = next;
            }
        }
    }
}
