using Microsoft.EntityFrameworkCore;
using Weir.Hosting;
using Weir.Social.Data;

namespace Weir.Social.Exports;

/// <summary>
/// Makes exports one after the other, in the order they were asked for; what a stop interrupted is begun anew. Also deletes those that were there long enough. Its queue is the table, at most one
/// row a person.
/// </summary>
internal sealed class ExportDesk(IServiceScopeFactory scopes, ExportFiles files, DiskRoom room, TimeProvider clock, ILogger<ExportDesk> log) : BackgroundService
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromMinutes(10);

    // One signal is enough: whoever wakes up takes all there is.
    private readonly SemaphoreSlim _waiting = new(1, 1);

    public void Wake()
    {
        lock (_waiting)
        {
            if (_waiting.CurrentCount == 0)
            {
                _waiting.Release();
            }
        }
    }

    public override void Dispose()
    {
        _waiting.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = clock.CreateTimer(_ => Wake(), null, LookEvery, LookEvery);
        try
        {
            while (true)
            {
                await _waiting.WaitAsync(stoppingToken);
                try
                {
                    await ClearAsync(stoppingToken);
                    while (await NextAsync(stoppingToken) is { } account)
                    {
                        await MakeAsync(account, stoppingToken);
                    }
                }
                catch (Exception fault) when (fault is not OperationCanceledException)
                {
                    log.LogWarning(fault, "Exports could not be looked at; the next round tries again");
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }
    }

    private async Task<Guid?> NextAsync(CancellationToken cancellation)
    {
        await using var scope = scopes.CreateAsyncScope();
        return await scope.ServiceProvider.GetRequiredService<WeirDb>().Exports
            .Where(e => e.State == ExportState.Waiting || e.State == ExportState.Working)
            .OrderBy(e => e.CreatedAt).Select(e => (Guid?)e.AccountId).FirstOrDefaultAsync(cancellation);
    }

    private async Task MakeAsync(Guid account, CancellationToken cancellation)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<WeirDb>();
        var write = scope.ServiceProvider.GetRequiredService<WriteScope>();
        if (await db.Exports.AsNoTracking().SingleOrDefaultAsync(e => e.AccountId == account, cancellation) is not { } export)
        {
            return;
        }

        try
        {
            long size;
            await using (var output = files.Begin(export.FileId))
            {
                await ActivatorUtilities.CreateInstance<ExportWriter>(scope.ServiceProvider).WriteAsync(
                    export, output, (done, total) => room.MayWrite() ? ChangeAsync(e => (e.State, e.Done, e.Total) = (ExportState.Working, done, total)) : throw new DiskFullException(), cancellation);
                output.Flush(flushToDisk: true);
                size = output.Length;
            }

            files.Finish(export.FileId);
            if (!await ChangeAsync(e => (e.State, e.Size, e.ReadyAt, e.Done) = (ExportState.Ready, size, clock.Now(), e.Total)))
            {
                // Deleted meanwhile, perhaps with the account.
                files.Delete(export.FileId);
            }
        }
        catch (ExportGoneException)
        {
            files.Delete(export.FileId);
        }
        catch (Exception fault) when (fault is not OperationCanceledException)
        {
            log.LogError(fault, "An export could not be made");
            files.Delete(export.FileId);
            await ChangeAsync(e => (e.State, e.Fault) = (ExportState.Failed, fault is IOException ? "disk-full" : "unexpected"));
        }

        Task<bool> ChangeAsync(Action<Export> change) => write.RunAsync(async () =>
        {
            if (await db.Exports.SingleOrDefaultAsync(e => e.AccountId == account && e.FileId == export.FileId, cancellation) is not { } now)
            {
                return false;
            }

            change(now);
            return true;
        }, cancellation);
    }

    private async Task ClearAsync(CancellationToken cancellation)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<WeirDb>();
        var oldest = clock.Now() - Export.KeptFor;
        if (await db.Exports.AnyAsync(e => e.ReadyAt < oldest, cancellation))
        {
            await scope.ServiceProvider.GetRequiredService<WriteScope>().RunAsync(() => db.Exports.Where(e => e.ReadyAt < oldest).ExecuteDeleteAsync(cancellation), cancellation);
        }

        files.DeleteOthers(await db.Exports.Select(e => e.FileId).ToHashSetAsync(cancellation));
    }
}

/// <summary>The export was deleted while it was being made.</summary>
internal sealed class ExportGoneException : Exception;
