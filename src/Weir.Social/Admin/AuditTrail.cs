using Microsoft.EntityFrameworkCore;
using Weir.Hosting;
using Weir.Social.Accounts;
using Weir.Social.Data;
using Weir.Social.Security;
using Weir.Social.Sessions;

namespace Weir.Social.Admin;

internal enum AuditAction
{
    AccountSuspended,
    SuspensionLifted,
    AdministratorMade,
    AdministratorUnmade,
    PasswordResetMade,
    PasswordResetUsed,

    /// <summary><c>weir reset-password</c> at the server's keyboard: nobody's account did it.</summary>
    PasswordResetByCommand,

    /// <summary><c>weir make-administrator</c>: the same.</summary>
    AdministratorMadeByCommand,
    InvitationRevoked,
    LiveChanged,
    OfficialSettingsChanged,
    OfficialClosed,
    OfficialOpenedAgain,
    ReportDismissed,
    ReportSettled,
    ContentRemoved,
}

/// <summary>
/// What an administrator did, to whom, when. Written in the transaction of the deed and never changed or deleted: triggers of the database refuse both. No secret is in it, and no content
/// of what people wrote.
/// </summary>
internal sealed class AuditEntry
{
    public const int MaxSubject = 200;
    public const int MaxDetail = 500;

    /// <summary>In the order of writing, whatever the clock did.</summary>
    public long Id { get; init; }

    public DateTimeOffset At { get; init; }

    /// <summary>Empty: the command line.</summary>
    public Guid ActorId { get; init; }

    /// <summary>As it was called then.</summary>
    public required string Actor { get; init; }

    public AuditAction Action { get; init; }

    public Guid? SubjectId { get; init; }

    /// <summary>A handle or a title, as it was then.</summary>
    public required string Subject { get; init; }

    public required string Detail { get; init; }

    public static void Configure(ModelBuilder model) => model.Entity<AuditEntry>(entry =>
    {
        entry.ToTable("AuditEntries");
        entry.Property(e => e.Id).ValueGeneratedOnAdd();
        entry.Property(e => e.Actor).HasMaxLength(Handle.MaxLength);
        entry.Property(e => e.Action).HasConversion<string>().HasMaxLength(32);
        entry.Property(e => e.Subject).HasMaxLength(MaxSubject);
        entry.Property(e => e.Detail).HasMaxLength(MaxDetail);
        entry.HasIndex(e => new { e.Action, e.Id });
    });
}

/// <summary>
/// Where every act of an administrator is written down, inside the transaction that does it; the security log has it once that is on disk.
/// </summary>
internal sealed class AuditTrail(WeirDb db, WriteScope write, SecurityLog security, TimeProvider clock)
{
    public void Add(AuditAction action, Caller actor, Guid? subjectId, string subject, string detail = "")
    {
        db.AuditEntries.Add(Of(action, actor.Id, actor.Handle, subjectId, subject, detail, clock));
        write.AfterCommit(() => security.Administration(action.ToString(), actor.Id, subjectId));
    }

    public void Add(AuditAction action, Caller actor, Account subject, string detail = "") => Add(action, actor, subject.Id, subject.Handle, detail);

    public static AuditEntry Of(AuditAction action, Guid actorId, string actor, Guid? subjectId, string subject, string detail, TimeProvider clock) => new()
    {
        At = clock.Now(),
        ActorId = actorId,
        Actor = actor,
        Action = action,
        SubjectId = subjectId,
        Subject = Cut(subject, AuditEntry.MaxSubject),
        Detail = Cut(detail, AuditEntry.MaxDetail),
    };

    // Never inside a pair of surrogates: PostgreSQL would not take the half.
    private static string Cut(string text, int most) => text.Length <= most ? text : text[..(char.IsHighSurrogate(text[most - 1]) ? most - 1 : most)];
}

/// <summary><c>GET /api/admin/audit</c>: newest first.</summary>
internal static class AuditCalls
{
    private const int MaxPage = 200;

    internal sealed record Entry(long Id, DateTimeOffset At, Person? Actor, AuditAction Action, Guid? SubjectId, string Subject, string Detail);

    internal sealed record Page(List<Entry> Entries, long? Next);

    public static void Map(RouteGroupBuilder admin) => admin.MapGet("/audit", async Task<Results<Ok<Page>, ProblemHttpResult>> (
        WeirDb db, CancellationToken cancellation, long? before = null, int limit = 50, string? action = null) =>
    {
        AuditAction only = default;
        if (action is not null && !(Enum.TryParse(action, ignoreCase: true, out only) && Enum.IsDefined(only)))
        {
            return Problems.Field("action", "action-unknown", "There is no such action.");
        }

        var taken = Math.Clamp(limit, 1, MaxPage);
        var found = await (
            from entry in db.AuditEntries
            where (before == null || entry.Id < before) && (action == null || entry.Action == only)
            join account in db.Accounts on entry.ActorId equals account.Id into actors
            from account in actors.DefaultIfEmpty()
            orderby entry.Id descending
            select new Entry(
                entry.Id, entry.At, account == null ? null : new Person(account.Id, account.UserName!, account.Name, account.AvatarId), entry.Action, entry.SubjectId, entry.Subject, entry.Detail))
            .Take(taken + 1).ToListAsync(cancellation);
        var page = found.Take(taken).ToList();
        return TypedResults.Ok(new Page(page, found.Count > taken ? page[^1].Id : null));
    });
}
