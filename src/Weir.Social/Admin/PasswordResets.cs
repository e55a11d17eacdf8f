using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Weir.Hosting;
using Weir.Social.Accounts;
using Weir.Social.Data;
using Weir.Social.LivePlane;
using Weir.Social.Notifications;
using Weir.Social.Security;
using Weir.Social.Sessions;
using Weir.Social.Throttling;

namespace Weir.Social.Admin;

/// <summary>A link that sets somebody's password once. Only the hash of its code is kept; an account has one at a time.</summary>
internal sealed class PasswordReset
{
    public static readonly TimeSpan Lifetime = TimeSpan.FromDays(1);

    public Guid AccountId { get; init; }

    public required byte[] CodeHash { get; init; }

    public Guid MadeById { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>Those with which a password can be set now. Whoever made one must be an administrator still.</summary>
    public static IQueryable<PasswordReset> Good(WeirDb db, DateTimeOffset now)
    {
        // Not one of the future either: a code must not last longer because the clock was wrong when it was made.
        var (oldest, newest) = (now - Lifetime, now + Lifetime);
        return db.PasswordResets.Where(r => r.CreatedAt > oldest && r.CreatedAt < newest
            && db.Accounts.Any(a => a.Id == r.MadeById && a.IsAdmin && a.SuspendedAt == null && a.DeletedAt == null));
    }

    public static void Configure(ModelBuilder model) => model.Entity<PasswordReset>(reset =>
    {
        reset.HasKey(r => r.AccountId);
        reset.HasIndex(r => r.CodeHash).IsUnique();
        reset.HasOne<Account>().WithMany().HasForeignKey(r => r.AccountId);
    });
}

/// <summary>
/// <c>POST /api/admin/accounts/{handle}/password-reset</c> makes the code; <c>POST /api/password-resets/look</c> and <c>/use</c> are for whoever was given it. The code travels in bodies, and in
/// the fragment of the link: neither reaches a log.
/// </summary>
internal static class PasswordResets
{
    internal sealed record Made(string Code, DateTimeOffset ExpiresAt);

    internal sealed record Look(string? Code);

    internal sealed record Use(string? Code, string? Password);

    internal sealed record Whose(string Handle, string Name);

    public static void Map(RouteGroupBuilder api, RouteGroupBuilder admin)
    {
        admin.MapPost("/accounts/{handle}/password-reset", MakeAsync).OnFullDisks();
        var resets = api.MapGroup("/password-resets").AllowAnonymous().WithTags("Accounts");
        resets.MapPost("/look", LookAsync).OnFullDisks();
        resets.MapPost("/use", UseAsync).OnFullDisks();
    }

    private static async Task<Results<Created<Made>, ProblemHttpResult>> MakeAsync(
        string handle, AccountControl.Deed deed, Notices notices, TimeProvider clock, CancellationToken cancellation)
    {
        var code = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(24));
        var hash = Hash(code);
        var now = clock.Now();
        var answer = await deed.OnAsync(handle, async account =>
        {
            await deed.Db.PasswordResets.Where(r => r.AccountId == account.Id).ExecuteDeleteAsync(cancellation);
            deed.Db.PasswordResets.Add(new PasswordReset { AccountId = account.Id, CodeHash = hash, MadeById = deed.Caller.Id, CreatedAt = now });
            deed.Trail.Add(AuditAction.PasswordResetMade, deed.Caller, account);
            if (account.IsAdmin)
            {
                // With such a link an administrator becomes another one: the others hear of it, also that one.
                var others = await deed.Db.Accounts.Where(a => a.IsAdmin && a.DeletedAt == null)
                    .Select(a => a.Id).ToListAsync(cancellation);
                var one = Guid.CreateVersion7(clock.GetUtcNow());
                await notices.AddAsync(
                    others.Select(other => new Happened(NoticeKind.AdministratorReset, other, deed.Caller.Id, account.Id, one)), cancellation);
            }

            return null;
        }, cancellation);
        return answer.Result is ProblemHttpResult fault ? fault : TypedResults.Created((string?)null, new Made(code, now + PasswordReset.Lifetime));
    }

    private static async Task<Results<Ok<Whose>, ProblemHttpResult>> LookAsync(
        Look request, Limits limits, WeirDb db, TimeProvider clock, HttpContext context, CancellationToken cancellation)
    {
        var (account, fault) = await FindAsync(request.Code, limits, db, clock, context, cancellation);
        return account is null ? fault! : TypedResults.Ok(new Whose(account.Handle, account.Name));
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> UseAsync(
        Use request,
        Limits limits,
        PasswordQueue passwords,
        WriteScope write,
        LiveLink node,
        WeirDb db,
        TimeProvider clock,
        SecurityLog security,
        HttpContext context,
        CancellationToken cancellation)
    {
        var (account, fault) = await FindAsync(request.Code, limits, db, clock, context, cancellation);
        if (account is null)
        {
            return fault!;
        }

        if (PasswordRules.Fault(request.Password, account.Handle, account.Name) is { } weak)
        {
            return Problems.Field("password", weak.Code, weak.Text);
        }

        if (passwords.Hash(request.Password!, PasswordLane.Known, cancellation) is not { } hashing)
        {
            return PasswordQueue.Busy(context);
        }

        var (code, hash) = (Hash(request.Code!), await hashing);
        var used = await write.RunAsync(async () =>
        {
            if (!await PasswordReset.Good(db, clock.Now()).AnyAsync(r => r.CodeHash == code, cancellation))
            {
                return false;
            }

            // Whoever had the account may have left themselves other ways in: a passkey, the permanent key of encoders, the keys of
            // broadcasts. Who publishes with one at this moment is sent away.
            await db.PasswordResets.Where(r => r.CodeHash == code).ExecuteDeleteAsync(cancellation);
            var now = clock.Now();
            await db.Accounts.Where(a => a.Id == account.Id).ExecuteUpdateAsync(
                set => set.SetProperty(a => a.PasswordHash, hash)
                    .SetProperty(a => a.EncoderKeyGeneration, a => a.EncoderKeyGeneration + 1)
                    .SetProperty(a => a.EncoderKeyCreatedAt, now)
                    .SetProperty(a => a.StreamKeyGeneration, a => a.StreamKeyGeneration + 1),
                cancellation);
            await db.Passkeys.Where(p => p.AccountId == account.Id).ExecuteDeleteAsync(cancellation);
            await db.Sessions.Where(s => s.AccountId == account.Id).ExecuteDeleteAsync(cancellation);
            await write.ChangedOpenOfAsync(account.Id, cancellation);
            db.AuditEntries.Add(AuditTrail.Of(AuditAction.PasswordResetUsed, account.Id, account.Handle, account.Id, account.Handle, "", clock));
            return true;
        }, cancellation);
        if (!used)
        {
            return Problems.NotFound();
        }

        security.PasswordReset(context, account.Id);
        await node.AppliedAsync(cancellation);
        // Whoever guessed at it before is not in the way of the one who has it now.
        limits.SignIn.Forget(new SignInAttempt(account.Handle, AttemptLimiter.KeyOf(context.Connection.RemoteIpAddress), null));
        return TypedResults.NoContent();
    }

    /// <summary>Whose password the code sets; throttled, and 404 for every code that is not good now.</summary>
    private static async Task<(Account? Account, ProblemHttpResult? Fault)> FindAsync(
        string? code, Limits limits, WeirDb db, TimeProvider clock, HttpContext context, CancellationToken cancellation)
    {
        var address = AttemptLimiter.KeyOf(context.Connection.RemoteIpAddress);
        if (!limits.PasswordResets.TryTake(out var retryAfter, address))
        {
            return (null, Problems.Throttled(context, retryAfter));
        }

        var hash = Hash(code is { Length: < 100 } ? code : "");
        var good = PasswordReset.Good(db, clock.Now());
        var account = await db.Accounts.AsNoTracking().SingleOrDefaultAsync(
            a => a.DeletedAt == null && good.Any(r => r.CodeHash == hash && r.AccountId == a.Id), cancellation);
        if (account is null)
        {
            context.RequestServices.GetRequiredService<SecurityLog>().PasswordResetFailed(context);
            return (null, Problems.NotFound());
        }

        limits.PasswordResets.GiveBack(address);
        return (account, null);
    }

    private static byte[] Hash(string code) => SHA256.HashData(Encoding.UTF8.GetBytes(code));
}
