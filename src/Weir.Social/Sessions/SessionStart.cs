using Microsoft.EntityFrameworkCore;
using Weir.Social.Accounts;
using Weir.Social.Data;

namespace Weir.Social.Sessions;

/// <summary>A session that begins, and its token, which is kept nowhere.</summary>
internal sealed record Begun(Guid Id, string Token);

/// <summary>Begins a session and sets the site's cookies.</summary>
internal sealed class SessionStart(WeirDb db, TimeProvider clock, SocialOptions options, DeviceMarks devices)
{
    /// <summary>How many an account may have; the one that was not used for longest makes room.</summary>
    public const int MaxPerAccount = 50;

    /// <summary>
    /// Adds the session to the running transaction. Sessions that nobody can or does use any more end: the one whose cookie this browser
    /// sent, because the new cookie takes its place, those that were idle for too long or are too old, and the oldest of too many.
    /// </summary>
    public async Task<Begun> BeginAsync(Account account, HttpContext context, CancellationToken cancellation)
    {
        var (seen, begun) = (clock.Now() - SessionAuthentication.IdleLimit, clock.Now() - SessionAuthentication.GreatestAge);
        var replaced = SessionAuthentication.CookieHash(context, options) ?? [];
        await db.Sessions
            .Where(s => (s.AccountId == account.Id && (s.LastSeenAt <= seen || s.CreatedAt <= begun)) || s.TokenHash == replaced)
            .ExecuteDeleteAsync(cancellation);
        var excess = await db.Sessions.Where(s => s.AccountId == account.Id)
            .OrderByDescending(s => s.LastSeenAt).ThenByDescending(s => s.CreatedAt).ThenBy(s => s.Id)
            .Skip(MaxPerAccount - 1).Select(s => s.Id).ToListAsync(cancellation);
        if (excess.Count > 0)
        {
            await db.Sessions.Where(s => excess.Contains(s.Id)).ExecuteDeleteAsync(cancellation);
        }

        var token = SessionAuthentication.NewToken();
        var agent = context.Request.Headers.UserAgent.ToString();
        var id = Guid.NewGuid();
        db.Sessions.Add(new Session
        {
            Id = id,
            AccountId = account.Id,
            TokenHash = SessionAuthentication.Hash(token),
            CreatedAt = clock.Now(),
            LastSeenAt = clock.Now(),
            Client = agent.Length > Session.MaxClientLength ? agent[..Session.MaxClientLength] : agent,
        });
        return new Begun(id, token);
    }

    /// <summary>The session's, and, where a sign-in is answered, the mark by which this device is known at its next one.</summary>
    public void SetCookies(HttpContext context, Account account, Begun session)
    {
        // As long as the session can last: how long it is idle only the server knows.
        var cookie = CookieOptions(context, SessionAuthentication.GreatestAge);
        context.Response.Cookies.Append(SessionAuthentication.CookieOf(context.Request, options), session.Token, cookie);
        devices.Add(context, account);
    }

    /// <summary>
    /// Whoever uses this browser next finds nothing of the account: not its cookie, and, where the site has TLS, no pictures in the
    /// browser's cache, which keeps them for a year. What pages stored they take away themselves.
    /// </summary>
    public void ClearBrowser(HttpContext context)
    {
        context.Response.Cookies.Delete(SessionAuthentication.CookieOf(context.Request, options), CookieOptions(context, null));
        // Clear-Site-Data 3.1. Not "cookies", which would forget that this device is known, nor "storage", which would take the language
        // and the look of the pages.
        context.Response.Headers["Clear-Site-Data"] = "\"cache\"";
    }

    private CookieOptions CookieOptions(HttpContext context, TimeSpan? maxAge) => new()
    {
        HttpOnly = true,
        SameSite = SameSiteMode.Lax,
        Secure = options.IsSecure(context),
        Path = "/",
        MaxAge = maxAge,
    };
}
