using System.Collections.Concurrent;
using System.Threading.Channels;
using Microsoft.EntityFrameworkCore;
using Weir.Social.Data;

namespace Weir.Social.Sessions;

/// <summary>
/// Notes when sessions were last used, and no request waits for it: for each session the newest note waits, at most
/// <see cref="MaxWaiting"/>, and once in <see cref="Interval"/> all that wait are written, many in one statement. Whatever keeps them from
/// the disk, they are tried again. What a crash loses is noted at the session's next use.
/// </summary>
internal sealed class SessionNotes(IServiceScopeFactory scopes, WriteGate gate, TimeProvider clock, ILogger<SessionNotes> log)
    : BackgroundService
{
    /// <summary>
    /// As many as one generation of <see cref="KnownSessions"/>. One more is noted when its session is looked up the next time.
    /// </summary>
    public const int MaxWaiting = 20_000;

    private const int MaxBatch = 500;
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    /// <summary>Notes are this exact, so that those of many sessions are one value.</summary>
    private static readonly TimeSpan Precision = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<Guid, DateTimeOffset> _waiting = new();
    private readonly Channel<bool> _signal =
        Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>The sessions whose notes are not on disk yet. To be read before the database is.</summary>
    public List<Guid> Waiting => [.. _waiting.Keys];

    /// <summary>The session was used at this time.</summary>
    public void Put(Guid session, DateTimeOffset at)
    {
        if (_waiting.Count >= MaxWaiting && !_waiting.ContainsKey(session))
        {
            SocialMetrics.SessionsNotNoted.Add(1);
            return;
        }

        _waiting[session] = at.AddTicks(-(at.UtcTicks % Precision.Ticks));
        _signal.Writer.TryWrite(true);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (await _signal.Reader.WaitToReadAsync(stoppingToken))
            {
                await Task.Delay(Interval, clock, stoppingToken);
                _signal.Reader.TryRead(out _);
                if (!await WriteAsync(stoppingToken))
                {
                    _signal.Writer.TryWrite(true);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        try
        {
            await WriteAsync(cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            log.LogWarning("The server ended before it noted the last uses of {Count} sessions", _waiting.Count);
        }
    }

    /// <summary>False when something could not be written, which goes on waiting.</summary>
    private async Task<bool> WriteAsync(CancellationToken cancellation)
    {
        foreach (var batch in _waiting.GroupBy(note => note.Value).SelectMany(notes => notes.Chunk(MaxBatch)))
        {
            try
            {
                await WriteAsync(batch[0].Value, [.. batch.Select(note => note.Key)], cancellation);
            }
            catch (Exception fault) when (FullDisks.IsFull(fault))
            {
                // The sessions are good all the same, and noted when there is room.
                SocialMetrics.SessionsNotNoted.Add(batch.Length);
                return false;
            }
            catch (Exception fault) when (!cancellation.IsCancellationRequested)
            {
                log.LogWarning(fault, "The last uses of {Count} sessions could not be noted; they are tried again", batch.Length);
                return false;
            }

            foreach (var note in batch)
            {
                // Not when it was used again meanwhile.
                _waiting.TryRemove(note);
            }
        }

        return true;
    }

    // Not by WriteScope: it raises the sessions' epoch, as if one might have ended, and all would be looked up again.
    private async Task WriteAsync(DateTimeOffset at, List<Guid> sessions, CancellationToken cancellation)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<WeirDb>();
        using var turn = db.Database.IsSqlite() ? await gate.EnterAsync(cancellation, WriteLane.Live) : null;
        await db.Sessions.Where(s => sessions.Contains(s.Id))
            .ExecuteUpdateAsync(set => set.SetProperty(s => s.LastSeenAt, at), cancellation);
    }
}
