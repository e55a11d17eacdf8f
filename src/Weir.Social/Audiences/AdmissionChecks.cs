using Microsoft.EntityFrameworkCore;
using Weir.Social.Data;
using Weir.Social.LivePlane;

namespace Weir.Social.Audiences;

/// <summary>
/// Cuts those who fell out of an audience when they are too many for one turn. The change itself is on disk before, so nobody who is
/// outside is given a ticket from then on; what is left are tickets from before, and admissions that let their holders have more. Who is
/// outside is decided without a turn; then each batch is decided again and cut in a turn of its own, between which messages have theirs.
/// The call that made the change is answered afterwards. When the process ends in between, or a batch fails, the check's row is still
/// there: it is taken up again at the next start, and tried again until it is done. Doing it twice cuts nobody twice.
/// </summary>
internal sealed class AdmissionChecks(IServiceScopeFactory scopes, LiveLink live, TimeProvider clock, ILogger<AdmissionChecks> log)
    : BackgroundService
{
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(1);

    /// <summary>Each word of it to the live plane gives the media of a broadcast another address, of which it keeps a few.</summary>
    private static readonly TimeSpan BetweenAnnouncements = TimeSpan.FromMilliseconds(250);

    private readonly SemaphoreSlim _failed = new(0, 1);

    /// <summary>Checks and cuts. Its row must be on disk.</summary>
    public async Task CheckAsync(AdmissionCheck check)
    {
        try
        {
            await CutAsync(check);
        }
        catch
        {
            lock (_failed)
            {
                if (_failed.CurrentCount == 0)
                {
                    _failed.Release();
                }
            }

            throw;
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await ResumeAsync(stoppingToken);
                await _failed.WaitAsync(stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception fault)
            {
                log.LogError(fault, "Viewers who left an audience could not be cut yet; trying again");
            }

            await Task.Delay(Retry, clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    public override void Dispose()
    {
        _failed.Dispose();
        base.Dispose();
    }

    private async Task ResumeAsync(CancellationToken stopping)
    {
        List<AdmissionCheck> left;
        await using (var scope = scopes.CreateAsyncScope())
        {
            var db = scope.ServiceProvider.GetRequiredService<WeirDb>();
            left = await db.AdmissionChecks.AsNoTracking().OrderBy(c => c.Id).ToListAsync(stopping);
        }

        foreach (var check in left)
        {
            stopping.ThrowIfCancellationRequested();
            await CutAsync(check);
        }
    }

    // By nobody's request: whoever goes away in the middle has changed the audience all the same.
    private async Task CutAsync(AdmissionCheck check)
    {
        await using var scope = scopes.CreateAsyncScope();
        var write = scope.ServiceProvider.GetRequiredService<WriteScope>();
        var db = scope.ServiceProvider.GetRequiredService<WeirDb>();
        var cutting = scope.ServiceProvider.GetRequiredService<Cutting>();
        var outside = await write.LookAsync(() => cutting.OutsideAsync(check, CancellationToken.None), CancellationToken.None);
        var untold = new HashSet<Guid>();
        var toldAt = clock.GetTimestamp();
        try
        {
            foreach (var batch in Batches(outside))
            {
                untold.UnionWith(await write.RunAsync(() => cutting.CutOutsideAsync(batch, CancellationToken.None), CancellationToken.None));
                if (clock.GetElapsedTime(toldAt) >= BetweenAnnouncements)
                {
                    live.Changed(untold);
                    untold.Clear();
                    toldAt = clock.GetTimestamp();
                }
            }
        }
        finally
        {
            live.Changed(untold);
        }

        await write.RunAsync(() => db.AdmissionChecks.Where(c => c.Id == check.Id).ExecuteDeleteAsync(), CancellationToken.None);
    }

    private static IEnumerable<List<Admitted>> Batches(List<Admitted> outside)
    {
        var batch = new List<Admitted>(Cutting.MostInTurn);
        var broadcasts = new HashSet<Guid>();
        foreach (var viewing in outside.OrderBy(viewing => viewing.Broadcast))
        {
            var isFull = batch.Count == Cutting.MostInTurn
                || (!broadcasts.Contains(viewing.Broadcast) && broadcasts.Count == Cutting.MostBroadcastsInTurn);
            if (isFull)
            {
                yield return batch;
                batch = new List<Admitted>(Cutting.MostInTurn);
                broadcasts.Clear();
            }

            batch.Add(viewing);
            broadcasts.Add(viewing.Broadcast);
        }

        if (batch.Count > 0)
        {
            yield return batch;
        }
    }
}
