using Google.Protobuf;
using Microsoft.EntityFrameworkCore;
using Weir.Contracts;
using Weir.Contracts.Planes;
using Weir.Social.Admin;
using Weir.Social.Audiences;
using Weir.Social.Broadcasts;
using Weir.Social.Data;
using Weir.Social.Reporting;
using Weir.Social.Sessions;

namespace Weir.Social.LivePlane;

/// <summary>Reads from the database what the live node must know: always the whole truth about a broadcast, never a difference.</summary>
internal sealed class RulesReader(WeirDb db, PublishKeys keys, SessionNotes notes, TimeProvider clock)
{
    /// <summary>A session's note of when it was used may be this old, with room to spare; a ticket was issued in a use.</summary>
    private static readonly TimeSpan SeenPrecision = TimeSpan.FromMinutes(15);

    /// <summary>
    /// Those that may hold tickets which are good. The time is read first: whatever was issued by then was issued to a session that was
    /// there.
    /// </summary>
    public async Task<TicketSessions> SessionsAsync(CancellationToken cancellation)
    {
        var now = clock.GetUtcNow();
        var oldest = clock.Now() - Ticket.Lifetime - SeenPrecision;
        // Somebody who comes back after days is noted a moment after they are given a ticket.
        var waiting = notes.Waiting;
        var begun = clock.Now() - SessionAuthentication.GreatestAge;
        var sessions = new TicketSessions { AsOf = now.ToUnixTimeMilliseconds() };
        await foreach (var id in db.Sessions.AsNoTracking()
            .Where(s => (s.LastSeenAt > oldest || waiting.Contains(s.Id)) && s.CreatedAt > begun
                && s.Account!.SuspendedAt == null && s.Account.DeletedAt == null)
            .Select(s => s.Id).AsAsyncEnumerable().WithCancellation(cancellation))
        {
            sessions.Sessions.Add(Ticket.SessionOf(id));
        }

        return sessions;
    }

    public async Task<List<Guid>> AllAsync(CancellationToken cancellation) =>
        await db.Broadcasts.OrderBy(b => b.CreatedAt).Select(b => b.Id).ToListAsync(cancellation);

    public async Task<LiveSwitch> SwitchAsync(CancellationToken cancellation) =>
        new() { Enabled = await db.LiveSettings.Select(s => s.Enabled).SingleAsync(cancellation) };

    /// <summary>One command a broadcast that still exists: its rules, or that it is to be forgotten.</summary>
    public async Task<List<Command>> ReadAsync(IReadOnlyList<Guid> ids, CancellationToken cancellation)
    {
        var everyone = await db.LiveSettings.Select(s => s.Mode == LiveMode.Everyone).SingleAsync(cancellation);
        var rows = await db.Broadcasts.AsNoTracking().Where(b => ids.Contains(b.Id)).Select(b => new
        {
            b.Id,
            b.OwnerId,
            b.Title,
            b.Kind,
            b.State,
            b.Epoch,
            Deleted = b.DeletedAt != null,
            HostActive = b.Owner!.SuspendedAt == null && b.Owner.DeletedAt == null,
            Named = db.LivePermissions.Any(p => p.AccountId == b.OwnerId),
            b.Owner.EncoderKeyGeneration,
            b.Owner.StreamKeyGeneration,
            // Hosts' broadcasts never have the same time of creation (CreateBroadcast).
            IsNewest = !db.Broadcasts.Any(o =>
                o.OwnerId == b.OwnerId && o.DeletedAt == null && o.State != BroadcastState.Ended && o.CreatedAt > b.CreatedAt),
        }).ToListAsync(cancellation);
        var cuts = (await db.Cuts.AsNoTracking().Where(c => ids.Contains(c.BroadcastId)).ToListAsync(cancellation)).ToLookup(c => c.BroadcastId);
        // Whoever deleted their account was cut everywhere.
        var gone = (await db.Cuts
            .Where(c => ids.Contains(c.BroadcastId) && db.Accounts.Any(a => a.Id == c.AccountId && a.DeletedAt != null))
            .Select(c => new { c.BroadcastId, c.AccountId }).ToListAsync(cancellation)).ToLookup(c => c.BroadcastId, c => c.AccountId);
        var mutes = (await db.Mutes.AsNoTracking().Where(m => ids.Contains(m.BroadcastId)).ToListAsync(cancellation)).ToLookup(m => m.BroadcastId);
        var removed = (await db.Reports.AsNoTracking()
            .Where(r => ids.Contains(r.TargetId) && r.Kind == ReportKind.LiveComment && (r.Outcome == ReportOutcome.Removed || r.Outcome == ReportOutcome.RemovedAndSuspended))
            .Select(r => new { r.TargetId, r.Part }).Distinct().ToListAsync(cancellation)).ToLookup(r => r.TargetId, r => r.Part);

        var commands = new List<Command>(rows.Count);
        foreach (var row in rows)
        {
            if (row.Deleted)
            {
                commands.Add(new Command { Forget = new ForgetBroadcast { Broadcast = row.Id.ToWire() } });
                continue;
            }

            var ended = row.State == BroadcastState.Ended;
            var rules = new BroadcastRules
            {
                Broadcast = row.Id.ToWire(),
                Host = row.OwnerId.ToWire(),
                Title = row.Title,
                Public = row.Kind == AudienceKind.Public && row.HostActive,
                Ended = ended,
                Epoch = (uint)row.Epoch,
                ExpectsResume = row.State is BroadcastState.Live or BroadcastState.Interrupted,
            };
            if (!ended && row.HostActive && (everyone || row.Named))
            {
                rules.PublishKeyHashes.Add(Hash(keys.StreamKey(row.Id, row.StreamKeyGeneration)));
                rules.PublishKeyHashes.Add(Hash(keys.WhipToken(row.Id, row.StreamKeyGeneration)));
                if (row.IsNewest)
                {
                    rules.PublishKeyHashes.Add(Hash(keys.EncoderKey(row.OwnerId, row.EncoderKeyGeneration)));
                }
            }

            rules.Cuts.AddRange(cuts[row.Id].Select(c => new AudienceCut { Account = c.AccountId.ToWire(), Epoch = (uint)c.Epoch }));
            rules.RemovedComments.AddRange(removed[row.Id].Select(part => Guid.ParseExact(part, "N").ToWire()));
            rules.DeletedAccounts.AddRange(gone[row.Id].Select(account => account.ToWire()));
            rules.Muted.AddRange(mutes[row.Id].Select(m => m.AccountId.ToWire()));
            commands.Add(new Command { Rules = rules });
        }

        return commands;
    }

    private static ByteString Hash(string key) => UnsafeByteOperations.UnsafeWrap(PublishKey.Hash(key));
}
