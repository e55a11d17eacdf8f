using Microsoft.AspNetCore.Identity;
using Weir.Hosting;

namespace Weir.Social.Accounts;

/// <summary>Bounds of <see cref="PasswordQueue"/>.</summary>
internal sealed record PasswordQueueLimits
{
    /// <summary>Fewer than the processors wherever there is more than one: the others are left to everybody's requests.</summary>
    public int Threads { get; init; } = Math.Max(1, Environment.ProcessorCount / 2);

    /// <summary>Passwords that wait in each lane. One more is refused at once with 503: nobody waits for minutes.</summary>
    public int MaxWaiting { get; init; } = 64;
}

/// <summary>Whose password it is. The first lane goes first, three times of four.</summary>
internal enum PasswordLane
{
    /// <summary>Somebody in a session, or at a device that signed in to this account before.</summary>
    Known,

    /// <summary>Anybody else. However many they are, those who are known wait for one of them in four.</summary>
    Unknown,
}

/// <summary>
/// The one place where passwords are hashed and checked. One of them is about a tenth of a second of a processor, on purpose, so it runs on
/// threads of its own with a lower priority: on the thread pool a few dozen at once would keep every other request waiting for seconds.
/// </summary>
internal sealed class PasswordQueue : IDisposable
{
    /// <summary>So many of the known go before somebody unknown who waits.</summary>
    private const int KnownInARow = 3;

    private readonly Lock _lock = new();
    private readonly PasswordHashing _hashing;
    private readonly int _maxWaiting;
    private readonly Queue<Job>[] _lanes = [new(), new()];
    private readonly SemaphoreSlim _due = new(0);
    private readonly Thread[] _threads;
    private int _knownInARow;
    private bool _stopping;

    public PasswordQueue(PasswordHashing hashing, PasswordQueueLimits limits)
    {
        (_hashing, _maxWaiting) = (hashing, limits.MaxWaiting);
        _threads = [.. Enumerable.Range(1, limits.Threads).Select(i => new Thread(Work) { IsBackground = true, Name = $"passwords {i}" })];
        Array.ForEach(_threads, thread => thread.Start());
    }

    /// <summary>The hash to keep; null when too many wait.</summary>
    public Task<string>? Hash(string password, PasswordLane lane, CancellationToken cancellation) =>
        Enqueue(lane, () => _hashing.HashPassword(null!, password), cancellation);

    /// <summary>
    /// Whether it is this password; null when too many wait. Without a hash it takes as long and fails, so that the time does not tell
    /// whether there is one.
    /// </summary>
    public Task<PasswordVerificationResult>? Verify(
        string? hash, string password, PasswordLane lane, CancellationToken cancellation) => Enqueue(
        lane,
        () =>
        {
            var verdict = _hashing.VerifyHashedPassword(null!, hash ?? _hashing.Nobody, password);
            return hash is null ? PasswordVerificationResult.Failed : verdict;
        },
        cancellation);

    /// <summary>The answer where too many wait. Nothing was done.</summary>
    public static ProblemHttpResult Busy(HttpContext context)
    {
        context.Response.Headers.RetryAfter = "2";
        return Problems.Of(StatusCodes.Status503ServiceUnavailable, "busy", "Too many people sign in at once. Try again in a moment.");
    }

    /// <summary>Ends the threads. What still waits is cancelled.</summary>
    public void Dispose()
    {
        List<Job> left;
        lock (_lock)
        {
            _stopping = true;
            left = [.. _lanes.SelectMany(lane => lane)];
            Array.ForEach(_lanes, lane => lane.Clear());
        }

        left.ForEach(job => job.Cancel());
        _due.Release(_threads.Length);
        Array.ForEach(_threads, thread => thread.Join());
        _due.Dispose();
    }

    private Task<T>? Enqueue<T>(PasswordLane lane, Func<T> work, CancellationToken cancellation)
    {
        var job = new Job<T>(work, cancellation);
        lock (_lock)
        {
            var waiting = _lanes[(int)lane];
            if (_stopping || waiting.Count >= _maxWaiting)
            {
                SocialMetrics.PasswordsRefused.Add(1);
                return null;
            }

            waiting.Enqueue(job);
            _due.Release();
        }

        return job.Done;
    }

    private void Work()
    {
        BackgroundPriority.Take();
        while (true)
        {
            _due.Wait();
            Job? job;
            lock (_lock)
            {
                if (_stopping)
                {
                    return;
                }

                job = Next();
            }

            job?.Run();
        }
    }

    private Job? Next()
    {
        var (known, unknown) = (_lanes[(int)PasswordLane.Known], _lanes[(int)PasswordLane.Unknown]);
        if (known.Count > 0 && (unknown.Count == 0 || _knownInARow < KnownInARow))
        {
            _knownInARow = unknown.Count == 0 ? 0 : _knownInARow + 1;
            return known.Dequeue();
        }

        _knownInARow = 0;
        return unknown.TryDequeue(out var job) ? job : null;
    }

    private abstract class Job
    {
        public abstract void Run();

        public abstract void Cancel();
    }

    private sealed class Job<T>(Func<T> work, CancellationToken cancellation) : Job
    {
        private readonly TaskCompletionSource<T> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<T> Done => _done.Task;

        public override void Run()
        {
            // Whoever went away in the meantime costs nothing.
            if (cancellation.IsCancellationRequested)
            {
                Cancel();
                return;
            }

            try
            {
                _done.TrySetResult(work());
            }
            catch (Exception fault)
            {
                _done.TrySetException(fault);
            }
        }

        public override void Cancel() => _done.TrySetCanceled(cancellation.IsCancellationRequested ? cancellation : CancellationToken.None);
    }
}
