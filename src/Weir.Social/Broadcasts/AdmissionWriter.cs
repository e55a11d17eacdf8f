using System.Threading.Channels;
using Microsoft.EntityFrameworkCore;
using Weir.Social.Audiences;
using Weir.Social.Data;

namespace Weir.Social.Broadcasts;

/// <summary>Bounds of tickets and first admissions.</summary>
internal sealed record AdmissionLimits
{
    /// <summary>Tickets that are looked at at the same time: however many come, half of the processors are left to messages.</summary>
    public int MaxLooking { get; init; } = Math.Max(1, Environment.ProcessorCount / 2);

    /// <summary>Tickets that wait for it. One more is refused with 503 at once.</summary>
    public int MaxWaitingToLook { get; init; } = 8192;

    /// <summary>Admissions in one transaction.</summary>
    public int MaxBatch { get; init; } = 200;

    /// <summary>Broadcasts in one transaction: each is a query.</summary>
    public int MaxBroadcasts { get; init; } = 16;

    /// <summary>Admissions that wait for the writer. One more is refused with 503 at once: nothing was promised.</summary>
    public int MaxWaiting { get; init; } = 4096;
}

/// <summary>
/// Somebody who is to be admitted to a broadcast for the first time since they were cut. The empty id is everybody without an account.
/// </summary>
internal sealed record Applicant(Guid Broadcast, Guid Account)
{
    /// <summary>Completes once the admission is on disk, with the epoch to sign; null when the viewer may not see the broadcast.</summary>
    public TaskCompletionSource<long?> Admitted { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
}

/// <summary>
/// The one place where viewers are admitted: whatever waits, at most <see cref="AdmissionLimits.MaxBatch"/>, goes into one transaction,
/// which decides about each again. So of an admission and a cut at the same moment, either the cut finds the admission or there is none.
/// It is one transaction at a time: also on PostgreSQL, where nobody waits for turns, that bounds what a storm of viewers asks of the
/// database.
/// </summary>
internal sealed class AdmissionWriter(IServiceScopeFactory scopes, AdmissionLimits limits, TimeProvider clock, ILogger<AdmissionWriter> log)
    : BackgroundService
{
    private readonly Channel<Applicant> _waiting =
        Channel.CreateBounded<Applicant>(new BoundedChannelOptions(limits.MaxWaiting) { SingleReader = true });

    /// <summary>How many wait to be taken into a transaction.</summary>
    public int Waiting => _waiting.Reader.Count;

    /// <summary>How many are being admitted by the running transaction.</summary>
    public int Writing { get; private set; }

    /// <summary>False when too many wait.</summary>
    public bool TryEnqueue(Applicant applicant)
    {
        if (_waiting.Writer.TryWrite(applicant))
        {
            return true;
        }

        SocialMetrics.TicketsRefused.Add(1);
        return false;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var batch = new List<Applicant>(limits.MaxBatch);
        var broadcasts = new HashSet<Guid>();
        try
        {
            while (await _waiting.Reader.WaitToReadAsync(stoppingToken))
            {
                batch.Clear();
                broadcasts.Clear();
                while (batch.Count < limits.MaxBatch
                    && _waiting.Reader.TryPeek(out var next)
                    && (broadcasts.Contains(next.Broadcast) || broadcasts.Count < limits.MaxBroadcasts)
                    && _waiting.Reader.TryRead(out var applicant))
                {
                    broadcasts.Add(applicant.Broadcast);
                    batch.Add(applicant);
                }

                Writing = batch.Count;
                await WriteAsync(batch);
                Writing = 0;
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }
        finally
        {
            _waiting.Writer.TryComplete();
            while (_waiting.Reader.TryRead(out var applicant))
            {
                applicant.Admitted.TrySetCanceled(CancellationToken.None);
            }
        }
    }

    private async Task WriteAsync(List<Applicant> batch)
    {
        try
        {
            await using var scope = scopes.CreateAsyncScope();
            var db = scope.ServiceProvider.GetRequiredService<WeirDb>();
            // Not cancelled by anybody's request: others wait for the same transaction.
            var write = scope.ServiceProvider.GetRequiredService<WriteScope>();
            var epochs = await write.RunAsync(() => AdmitAsync(db, batch), CancellationToken.None, WriteLane.Live);
            foreach (var applicant in batch)
            {
                applicant.Admitted.TrySetResult(epochs.TryGetValue((applicant.Broadcast, applicant.Account), out var epoch) ? epoch : null);
            }
        }
        catch (Exception fault)
        {
            log.LogError(fault, "{Count} viewers could not be admitted", batch.Count);
            foreach (var applicant in batch)
            {
                applicant.Admitted.TrySetException(fault);
            }
        }
    }

    /// <summary>The epochs of those who may see what they ask for, all of them admitted.</summary>
    private async Task<Dictionary<(Guid Broadcast, Guid Account), long>> AdmitAsync(WeirDb db, List<Applicant> batch)
    {
        var now = clock.Now();
        var epochs = new Dictionary<(Guid, Guid), long>();
        foreach (var wanted in batch.GroupBy(a => a.Broadcast, a => a.Account))
        {
            var accounts = wanted.Where(account => account != Guid.Empty).Distinct().ToList();
            if (accounts.Count > 0)
            {
                var people = from broadcast in db.Broadcasts
                             where broadcast.Id == wanted.Key
                             from account in db.Accounts
                             where accounts.Contains(account.Id)
                             select new Viewing<Broadcast> { Item = broadcast, Post = broadcast, Viewer = account.Id };
                Add(wanted.Key, await ReadAsync(people.WhereVisible(db, now)));
            }

            if (accounts.Count < wanted.Count() && wanted.Contains(Guid.Empty))
            {
                Add(wanted.Key, await ReadAsync(db.Broadcasts.Where(b => b.Id == wanted.Key).AsSeenBy(Guid.Empty).WhereVisible(db, now)));
            }
        }

        return epochs;

        Task<List<Seen>> ReadAsync(IQueryable<Viewing<Broadcast>> visible) => visible
            .Select(v => new Seen(v.Viewer, v.Item.Epoch, db.Admissions.Any(a => a.BroadcastId == v.Item.Id && a.AccountId == v.Viewer)))
            .ToListAsync();

        void Add(Guid broadcast, List<Seen> seen)
        {
            foreach (var (viewer, epoch, admitted) in seen)
            {
                epochs.Add((broadcast, viewer), epoch);
                if (!admitted)
                {
                    db.Admissions.Add(new Admission { BroadcastId = broadcast, AccountId = viewer });
                }
            }
        }
    }

    private sealed record Seen(Guid Viewer, long Epoch, bool Admitted);
}
