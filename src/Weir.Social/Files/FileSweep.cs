using Microsoft.EntityFrameworkCore;
using Weir.Social.Data;

namespace Weir.Social.Files;

/// <summary>
/// Deletes what nobody uses, a bounded piece of work at a time: uploads that were never put anywhere, files whose last use is gone, and what a crash left in the directory
/// between a file and its row. First the row goes, then the bytes: a row never speaks of bytes that are not there.
/// </summary>
internal sealed class FileSweep(IServiceScopeFactory scopes, FileStore store, FileLimits limits, TimeProvider clock, ILogger<FileSweep> log) : BackgroundService
{
    private const int Batch = 100;
    private byte _folder = (byte)Random.Shared.Next(256);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(limits.SweepEvery, clock);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                try
                {
                    await SweepAsync(stoppingToken);
                }
                catch (Exception fault) when (fault is not OperationCanceledException)
                {
                    log.LogWarning(fault, "Unused files could not be deleted; the next round tries again");
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }
    }

    /// <summary>One round.</summary>
    public async Task SweepAsync(CancellationToken cancellation)
    {
        while (await DeleteUnusedAsync(cancellation) == Batch)
        {
        }

        var old = clock.Now() - limits.UnusedFor;
        store.DiscardUnfinished(old);
        foreach (var ids in store.Older(_folder++, old).Chunk(500))
        {
            await using var scope = scopes.CreateAsyncScope();
            var db = scope.ServiceProvider.GetRequiredService<WeirDb>();
            var known = await db.Files.Where(f => ids.Contains(f.Id)).Select(f => f.Id).ToListAsync(cancellation);
            foreach (var id in ids.Except(known))
            {
                store.Delete(id);
            }
        }
    }

    private async Task<int> DeleteUnusedAsync(CancellationToken cancellation)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<WeirDb>();
        var write = scope.ServiceProvider.GetRequiredService<WriteScope>();
        var now = clock.Now();
        if (!await db.Files.AnyAsync(f => f.ExpiresAt < now, cancellation))
        {
            return 0;
        }

        var gone = await write.RunAsync(async () =>
        {
            var files = await db.Files
                .Where(f => f.ExpiresAt < now && !db.FileUses.Any(u => u.FileId == f.Id)).OrderBy(f => f.ExpiresAt).Take(Batch).ToListAsync(cancellation);
            db.Files.RemoveRange(files);
            return files;
        }, cancellation);
        gone.ForEach(file => store.Delete(file.Id));
        return gone.Count;
    }
}
