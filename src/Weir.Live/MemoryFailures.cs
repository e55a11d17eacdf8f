using System.Runtime.ExceptionServices;

namespace Weir.Live;

/// <summary>
/// Counts how often this process had no memory for something. A node that lost so much is half dead: it answers, and what a failure ended
/// (a recording, a connection, a loop) does not come back. From then on it says that it is not ready, and `weir up` replaces it.
/// </summary>
internal sealed class MemoryFailures : IDisposable
{
    /// <summary>Failures within <see cref="Window"/>. Fewer are of one request that was too much, which others survive.</summary>
    public const int Most = 10;

    public static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    /// <summary>An exception is raised again at each await that it goes through.</summary>
    private static readonly TimeSpan Same = TimeSpan.FromSeconds(1);

    private readonly TimeProvider _clock;
    private object? _last;
    private long _lastAt;
    private long _begin;
    private int _failures;
    private volatile bool _tooMany;

    public MemoryFailures(TimeProvider clock)
    {
        _clock = clock;
        _begin = clock.GetTimestamp();
        AppDomain.CurrentDomain.FirstChanceException += Count;
    }

    /// <summary>Stays so: nobody knows what is missing.</summary>
    public bool TooMany => _tooMany;

    public void Dispose() => AppDomain.CurrentDomain.FirstChanceException -= Count;

    /// <summary>There is no memory here either, so nothing is made; no lock is held, so one more or less may be counted.</summary>
    private void Count(object? sender, FirstChanceExceptionEventArgs raised)
    {
        if (raised.Exception is not OutOfMemoryException failure)
        {
            return;
        }

        var now = _clock.GetTimestamp();
        var lastAt = Interlocked.Exchange(ref _lastAt, now);
        if (ReferenceEquals(Interlocked.Exchange(ref _last, failure), failure) && _clock.GetElapsedTime(lastAt, now) < Same)
        {
            return;
        }

        if (_clock.GetElapsedTime(Interlocked.Read(ref _begin), now) > Window)
        {
            Interlocked.Exchange(ref _begin, now);
            Interlocked.Exchange(ref _failures, 0);
        }

        _tooMany |= Interlocked.Increment(ref _failures) >= Most;
    }
}
