using System.Data;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using Weir.Social.Broadcasts;
using Weir.Social.LivePlane;
using Weir.Social.Search;
using Weir.Social.Sessions;

namespace Weir.Social.Data;

/// <summary>
/// Every change goes through here: one serializable transaction, so that what a change has read still holds when it is written (a ticket
/// and a cut of the same person cannot both win), then word to the live plane of the broadcasts it changed.
/// </summary>
internal sealed class WriteScope(WeirDb db, WriteGate gate, CallerStanding standing, LiveLink live, SearchSignal search, TimeProvider clock)
{
    private const int Attempts = 20;

    /// <summary>
    /// A change that meets others goes on trying so long at least: on a busy machine the transaction in the way may take seconds, and
    /// until it ends every attempt meets it.
    /// </summary>
    private static readonly TimeSpan Persistence = TimeSpan.FromSeconds(10);

    private readonly HashSet<Guid> _changed = [];
    private readonly List<Action> _afterwards = [];
    private readonly List<Func<Task>> _afterTurn = [];

    /// <summary>The live plane must hear of this broadcast once the transaction is on disk.</summary>
    public void Changed(Guid broadcast) => _changed.Add(broadcast);

    /// <summary>The same for every broadcast of this host that has not ended: what they may publish with depends on the newest.</summary>
    public async Task ChangedOpenOfAsync(Guid host, CancellationToken cancellation) => _changed.UnionWith(
        await db.Broadcasts.Where(b => b.OwnerId == host && b.State != BroadcastState.Ended).Select(b => b.Id).ToListAsync(cancellation));

    /// <summary>Runs once the transaction is on disk, and not at all when it fails. It must not wait.</summary>
    public void AfterCommit(Action action) => _afterwards.Add(action);

    /// <summary>
    /// Runs once the transaction is on disk and its turn is over, before <see cref="RunAsync"/> returns: what one change leaves to do in
    /// turns of its own.
    /// </summary>
    public void AfterTurn(Func<Task> work) => _afterTurn.Add(work);

    /// <summary>
    /// Runs <paramref name="body"/>, once more from the start when PostgreSQL finds that it conflicts with another, and saves. It must
    /// have no effect but on the database.
    /// </summary>
    /// <param name="lane">For whom it waits for its turn on SQLite. On PostgreSQL there are no turns.</param>
    public Task<T> RunAsync<T>(Func<Task<T>> body, CancellationToken cancellation, WriteLane lane = WriteLane.People) =>
        RunAsync(body, cancellation, () => gate.EnterAsync(cancellation, lane));

    /// <summary>The same for a writer that has a place of its own at the gate.</summary>
    public Task<T> RunAsync<T>(Func<Task<T>> body, CancellationToken cancellation, WritePlace place) =>
        RunAsync(body, cancellation, place.EnterAsync);

    private async Task<T> RunAsync<T>(Func<Task<T>> body, CancellationToken cancellation, Func<Task<IDisposable>> enter)
    {
        var result = await RunInTurnAsync(body, cancellation, enter);
        foreach (var work in _afterTurn)
        {
            await work();
        }

        return result;
    }

    /// <summary>
    /// Reads without a turn what a change that follows depends on. SQLite has one writer, so whatever is being written meanwhile has seen
    /// what is on disk now. PostgreSQL finds out only of serializable transactions that one of them has not.
    /// </summary>
    public async Task<T> LookAsync<T>(Func<Task<T>> read, CancellationToken cancellation)
    {
        var began = clock.GetTimestamp();
        for (var attempt = 1; ; attempt++)
        {
            db.ChangeTracker.Clear();
            try
            {
                await using var transaction = db.Database.IsSqlite()
                    ? null
                    : await db.Database.BeginTransactionAsync(IsolationLevel.Serializable, cancellation);
                var result = await read();
                await (transaction?.CommitAsync(CancellationToken.None) ?? Task.CompletedTask);
                return result;
            }
            catch (Exception fault) when (MayRepeat(fault, attempt, began))
            {
                await PauseAsync(attempt, cancellation);
            }
        }
    }

    private async Task<T> RunInTurnAsync<T>(Func<Task<T>> body, CancellationToken cancellation, Func<Task<IDisposable>> enter)
    {
        using var turn = db.Database.IsSqlite() ? await enter() : null;
        var began = clock.GetTimestamp();
        for (var attempt = 1; ; attempt++)
        {
            db.ChangeTracker.Clear();
            _changed.Clear();
            db.PeopleChanged = false;
            db.SessionsEnded = false;
            db.SearchedChanged = false;
            _afterwards.Clear();
            _afterTurn.Clear();
            try
            {
                await standing.CheckAsync(cancellation);
                // On SQLite this is BEGIN IMMEDIATE.
                await using var transaction = await db.Database.BeginTransactionAsync(IsolationLevel.Serializable, cancellation);
                var result = await body();
                await db.SaveChangesAsync(cancellation);
                await SessionsEpoch.RaiseIfChangedAsync(db, cancellation);
                await transaction.CommitAsync(CancellationToken.None);
                if (db.SearchedChanged)
                {
                    search.Changed();
                }

                if (db.SessionsEnded)
                {
                    live.SessionsChanged();
                }

                live.Changed(_changed);
                _afterwards.ForEach(action => action());
                return result;
            }
            catch (Exception fault) when (MayRepeat(fault, attempt, began))
            {
                await PauseAsync(attempt, cancellation);
            }
        }
    }

    /// <summary>The same people's changes met so often that none of the attempts came through.</summary>
    public static bool IsConflict(Exception? fault) => Conflicts(fault, unique: false);

    // 5 ms at first and 300 from the twentieth on, in the mean. More attempts in the same time would only be more work.
    private static Task PauseAsync(int attempt, CancellationToken cancellation)
    {
        var step = Math.Min(attempt, Attempts);
        return Task.Delay(TimeSpan.FromMilliseconds(Random.Shared.Next(1, step * (10 + step))), cancellation);
    }


    private bool MayRepeat(Exception fault, int attempt, long began) =>
        Conflicts(fault, unique: true) && (attempt < Attempts || (IsConflict(fault) && clock.GetElapsedTime(began) < Persistence));

    // 40001 serialization_failure, 40P01 deadlock_detected: PostgreSQL asks for the whole transaction again. 23505 unique_violation: two
    // made the same row at once; the one that runs again finds the other's.
    private static bool Conflicts(Exception? fault, bool unique) => fault switch
    {
        null => false,
        PostgresException { SqlState: PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.DeadlockDetected } => true,
        PostgresException { SqlState: PostgresErrorCodes.UniqueViolation } => unique,
        _ => Conflicts(fault.InnerException, unique),
    };
}
