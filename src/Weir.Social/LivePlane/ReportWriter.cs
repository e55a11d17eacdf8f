using Weir.Contracts;
using Weir.Contracts.Planes;
using Weir.Social.Data;

namespace Weir.Social.LivePlane;

/// <summary>
/// Writes what the live node reports of its broadcasts: for each the newest state, at most one write in <see cref="Interval"/>, however
/// often its publisher comes and goes. Only that a broadcast begins or has ended does not wait. Whatever may be written goes into one
/// transaction, one at a time, so that a node with thousands of broadcasts that connects again is a few of them; also on PostgreSQL,
/// where nobody waits for turns. A report is acknowledged once it, or a newer one of the same broadcast, is on disk; the node sends the
/// others again when it connects again.
/// </summary>
internal sealed class ReportWriter(IServiceScopeFactory scopes, TimeProvider clock, ILogger<ReportWriter> log) : BackgroundService
{
    private const int MaxBatch = 200;

    /// <summary>Broadcasts that may wait. A node that reports more is read again when there is room.</summary>
    private const int MaxWaiting = 10_000;

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly Dictionary<Guid, Waiting> _waiting = [];
    private readonly Dictionary<Guid, (long At, BroadcastPhase Phase)> _written = [];
    private readonly SemaphoreSlim _signal = new(0, 1);
    private TaskCompletionSource _room = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Puts a report in the place of an older one that waits.</summary>
    public async Task PutAsync(BroadcastReport report, ulong sequence, ReportProgress progress, CancellationToken cancellation)
    {
        var broadcast = Ids.FromWire(report.Broadcast);
        while (true)
        {
            Task room;
            lock (_lock)
            {
                if (_waiting.TryGetValue(broadcast, out var waiting) || _waiting.Count < MaxWaiting)
                {
                    var isNews = waiting is null || (report.Phase == BroadcastPhase.Ended && waiting.Report.Phase != BroadcastPhase.Ended);
                    waiting ??= _waiting[broadcast] = new Waiting { Report = report };
                    waiting.Report = report.Revision > waiting.Report.Revision ? report : waiting.Report;
                    progress.Waits(sequence, waiting);
                    if (isNews)
                    {
                        Signal();
                    }

                    return;
                }

                room = _room.Task;
            }

            await room.WaitAsync(cancellation);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            var batch = Take(out var next);
            if (batch.Count > 0)
            {
                await WriteAsync(batch);
                continue;
            }

            using var pause = next is { } wait ? new CancellationTokenSource(wait, clock) : new CancellationTokenSource();
            using var either = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken, pause.Token);
            await _signal.WaitAsync(either.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    public override void Dispose()
    {
        _signal.Dispose();
        base.Dispose();
    }

    /// <summary>What may be written now, or when the first may.</summary>
    private List<Waiting> Take(out TimeSpan? next)
    {
        var batch = new List<Waiting>();
        next = null;
        lock (_lock)
        {
            var now = clock.GetTimestamp();
            foreach (var (broadcast, waiting) in _waiting)
            {
                if (waiting.Failed && batch.Count > 0)
                {
                    // Alone, when the others are written: if it is this one that cannot be, they can.
                    continue;
                }

                var passed = _written.TryGetValue(broadcast, out var last) ? clock.GetElapsedTime(last.At, now) : Interval;
                if (passed >= Interval || (waiting.Report.Phase == BroadcastPhase.Ended && last.Phase != BroadcastPhase.Ended))
                {
                    batch.Add(waiting);
                    if (batch.Count == MaxBatch || waiting.Failed)
                    {
                        break;
                    }
                }
                else if (next is null || Interval - passed < next)
                {
                    next = Interval - passed;
                }
            }

            foreach (var (broadcast, (at, _)) in _written)
            {
                if (clock.GetElapsedTime(at, now) >= Interval)
                {
                    _written.Remove(broadcast);
                }
            }

            foreach (var waiting in batch)
            {
                var broadcast = Ids.FromWire(waiting.Report.Broadcast);
                _waiting.Remove(broadcast);
                _written[broadcast] = (now, waiting.Report.Phase);
            }
        }

        return batch;
    }

    private async Task WriteAsync(List<Waiting> batch)
    {
        try
        {
            await using var scope = scopes.CreateAsyncScope();
            var reports = scope.ServiceProvider.GetRequiredService<Reports>();
            await reports.ApplyAsync(batch.ConvertAll(waiting => waiting.Report), CancellationToken.None);
        }
        catch (Exception fault)
        {
            log.LogError(fault, "{Count} reports of the live node could not be written; they are tried again", batch.Count);
            foreach (var waiting in batch)
            {
                PutBack(waiting);
            }

            return;
        }

        SocialMetrics.Reports.Add(batch.Count);
        HashSet<ReportProgress> told = [];
        lock (_lock)
        {
            foreach (var waiting in batch)
            {
                waiting.IsWritten = true;
                told.UnionWith(waiting.Of);
            }

            _room.TrySetResult();
            _room = new(TaskCreationOptions.RunContinuationsAsynchronously);
            foreach (var progress in told)
            {
                progress.Acknowledge();
            }
        }
    }

    // It is due again after the interval, like everything that was written just now.
    private void PutBack(Waiting failed)
    {
        lock (_lock)
        {
            var broadcast = Ids.FromWire(failed.Report.Broadcast);
            failed.Failed = true;
            if (!_waiting.TryGetValue(broadcast, out var newer))
            {
                _waiting.Add(broadcast, failed);
                return;
            }

            newer.Report = failed.Report.Revision > newer.Report.Revision ? failed.Report : newer.Report;
            newer.Of.UnionWith(failed.Of);
            newer.Failed = true;
            failed.WrittenWith = newer;
        }
    }

    private void Signal()
    {
        if (_signal.CurrentCount == 0)
        {
            _signal.Release();
        }
    }

    /// <summary>
    /// The newest state of one broadcast, and the connections that wait for word that it is on disk. Changed under the writer's lock
    /// only.
    /// </summary>
    internal sealed class Waiting
    {
        private bool _isWritten;

        public required BroadcastReport Report { get; set; }

        public HashSet<ReportProgress> Of { get; } = [];

        /// <summary>It was in a transaction that could not be written.</summary>
        public bool Failed { get; set; }

        /// <summary>The one that took its place when it could not be written.</summary>
        public Waiting? WrittenWith { get; set; }

        public bool IsWritten
        {
            get => _isWritten || WrittenWith?.IsWritten == true;
            set => _isWritten = value;
        }
    }
}

/// <summary>
/// Which reports of one connection are on disk. Acknowledgements name the highest number up to which all are, so a report that waits
/// holds back those after it; it is one a broadcast, however often it was replaced. Called by the connection, and by the writer under its
/// lock.
/// </summary>
internal sealed class ReportProgress(Outbox outbox)
{
    private readonly Lock _lock = new();
    private readonly Queue<(ulong Sequence, ReportWriter.Waiting Report)> _waiting = new();
    private ulong _received;

    /// <summary>Nothing of this report has to be written, or it was.</summary>
    public void Received(ulong sequence)
    {
        lock (_lock)
        {
            _received = sequence;
        }

        Acknowledge();
    }

    public void Waits(ulong sequence, ReportWriter.Waiting report)
    {
        lock (_lock)
        {
            _received = sequence;
            // The first of those that were merged holds the place of all.
            if (report.Of.Add(this))
            {
                _waiting.Enqueue((sequence, report));
            }
        }
    }

    public void Acknowledge()
    {
        lock (_lock)
        {
            while (_waiting.TryPeek(out var first) && first.Report.IsWritten)
            {
                _waiting.Dequeue();
            }

            outbox.Acknowledge(_waiting.TryPeek(out var next) ? next.Sequence - 1 : _received);
        }
    }
}
