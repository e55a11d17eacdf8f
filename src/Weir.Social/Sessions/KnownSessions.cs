using System.Buffers.Binary;
using System.Data.Common;
using System.Security.Claims;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Weir.Social.Data;

namespace Weir.Social.Sessions;

/// <summary>
/// Sessions that were looked up just now, so that most requests ask for no more than the <see cref="SessionsEpoch"/>. One is believed for <see cref="Belief"/>, and never past a change of
/// any account or session. Memory is bounded: two generations of at most <paramref name="capacity"/> sessions.
/// </summary>
internal sealed class KnownSessions(TimeProvider clock, int capacity = 20_000)
{
    /// <summary>So old may the note be of when a session was last used, and so late ends one that nobody used for long.</summary>
    public static readonly TimeSpan Belief = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private Dictionary<UInt128, Known> _young = [];
    private Dictionary<UInt128, Known> _old = [];
    private long _epoch = -1;

    internal sealed record Entry(Caller Caller, ClaimsPrincipal Principal);

    /// <param name="epoch">Read for this request.</param>
    public Entry? Find(ReadOnlySpan<byte> tokenHash, long epoch)
    {
        lock (_lock)
        {
            var key = Key(tokenHash);
            return epoch == _epoch && (_young.TryGetValue(key, out var known) || _old.TryGetValue(key, out known)) && clock.GetElapsedTime(known.Since) < Belief
                ? known.Entry
                : null;
        }
    }

    /// <param name="epoch">Read before <paramref name="entry"/> was: whatever was changed after it may not be in the entry, and raised the epoch.</param>
    public void Put(ReadOnlySpan<byte> tokenHash, Entry entry, long epoch)
    {
        lock (_lock)
        {
            if (epoch < _epoch)
            {
                return;
            }

            if (epoch > _epoch)
            {
                _epoch = epoch;
                _young.Clear();
                _old.Clear();
            }

            if (_young.Count >= capacity)
            {
                (_old, _young) = (_young, []);
            }

            _young[Key(tokenHash)] = new Known(entry, clock.GetTimestamp());
        }
    }

    // Half of a SHA-256: nobody finds another token with the same.
    private static UInt128 Key(ReadOnlySpan<byte> tokenHash) => BinaryPrimitives.ReadUInt128BigEndian(tokenHash);

    private sealed record Known(Entry Entry, long Since);
}

/// <summary>Notes on the context that a command changed accounts or sessions, so that no place that does so can forget to say it; <see cref="WriteScope"/> raises the epoch then.</summary>
internal sealed class SessionChanges : DbCommandInterceptor
{
    public static readonly SessionChanges Instance = new();

    // Never synchronously: every write is awaited. What saves several rows is read for their counts.
    public override ValueTask<DbDataReader> ReaderExecutedAsync(DbCommand command, CommandExecutedEventData eventData, DbDataReader result, CancellationToken cancellationToken = default)
    {
        Look(command, eventData);
        return base.ReaderExecutedAsync(command, eventData, result, cancellationToken);
    }

    public override ValueTask<int> NonQueryExecutedAsync(DbCommand command, CommandExecutedEventData eventData, int result, CancellationToken cancellationToken = default)
    {
        if (result != 0)
        {
            Look(command, eventData);
        }

        return base.NonQueryExecutedAsync(command, eventData, result, cancellationToken);
    }

    private static void Look(DbCommand command, CommandExecutedEventData eventData)
    {
        var text = command.CommandText;
        if (eventData.Context is WeirDb db && !text.StartsWith("SELECT", StringComparison.Ordinal))
        {
            db.PeopleChanged |= Changes(text, "Accounts") || Changes(text, "Sessions");
            db.SessionsEnded |= text.Contains("DELETE FROM \"Sessions\"", StringComparison.Ordinal);
        }
    }

    private static bool Changes(string text, string table) =>
        text.Contains($"UPDATE \"{table}\"", StringComparison.Ordinal) || text.Contains($"DELETE FROM \"{table}\"", StringComparison.Ordinal);
}
