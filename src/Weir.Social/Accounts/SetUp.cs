using System.Security.Cryptography;
using System.Text;
using Microsoft.EntityFrameworkCore;
using Weir.Hosting;
using Weir.Social.Data;
using Weir.Social.Security;
using Weir.Social.Sessions;
using Weir.Social.Throttling;

namespace Weir.Social.Accounts;

/// <summary>The door through which the first account, the administrator's, comes in. Open until there is an account.</summary>
internal sealed class SetUpDoor
{
    private string? _code;

    public string? Code => Volatile.Read(ref _code);

    public void Open(string? fixedCode) => _code = fixedCode ?? Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(12));

    public void Close() => Volatile.Write(ref _code, null);

    public static bool Same(string code, string? typed) => CryptographicOperations.FixedTimeEquals(
        SHA256.HashData(Encoding.UTF8.GetBytes(code)),
        SHA256.HashData(Encoding.UTF8.GetBytes(typed ?? "")));
}

/// <summary><c>POST /api/setup</c>: the first account, by the one-time code of the first start.</summary>
internal static class SetUp
{
    internal sealed record Request(string? Code, string? Handle, string? Name, string? Password);

    public static void Map(RouteGroupBuilder api) => api.MapPost("/setup", HandleAsync).AllowAnonymous().WithTags("Accounts");

    private static async Task<Results<Created<SignedIn>, ProblemHttpResult>> HandleAsync(
        Request request,
        SetUpDoor door,
        Limits limits,
        AccountCreation creation,
        PasswordQueue passwords,
        SessionStart sessions,
        WriteScope write,
        WeirDb db,
        SecurityLog security,
        HttpContext context,
        CancellationToken cancellation)
    {
        if (door.Code is not { } code)
        {
            return Problems.NotFound();
        }

        if (!limits.Setup.TryTake(out var retryAfter, "setup"))
        {
            return Problems.Throttled(context, retryAfter);
        }

        if (!SetUpDoor.Same(code, request.Code))
        {
            security.SetUpFailed(context);
            return Problems.Forbidden("wrong-code", "This is not the set-up code.");
        }

        limits.Setup.GiveBack("setup");
        var (account, fault) = creation.Prepare(request.Handle, request.Name, request.Password);
        if (account is null)
        {
            return fault!;
        }

        if (passwords.Hash(request.Password!, PasswordLane.Known, cancellation) is not { } hashing)
        {
            return PasswordQueue.Busy(context);
        }

        account.PasswordHash = await hashing;
        account.IsAdmin = true;
        var session = await write.RunAsync(async () =>
        {
            if (await db.Accounts.AnyAsync(cancellation))
            {
                return null;
            }

            fault = await creation.AddAsync(account, cancellation);
            return fault is null ? await sessions.BeginAsync(account, context, cancellation) : null;
        }, cancellation);
        if (session is null)
        {
            return fault ?? Problems.NotFound();
        }

        door.Close();
        security.SetUpDone(context, account.Id);
        sessions.SetCookies(context, account, session);
        var me = new Me(account.Id, account.Handle, account.Name, account.AvatarId, account.About, account.IsAdmin, MayGoLive: true);
        return TypedResults.Created("/api/me", new SignedIn(me, session.Token));
    }
}
