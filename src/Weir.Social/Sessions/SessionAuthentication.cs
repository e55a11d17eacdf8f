using System.Buffers.Text;
using System.Security.Claims;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Weir.Hosting;
using Weir.Social.Accounts;
using Weir.Social.Data;
using Weir.Social.Throttling;

namespace Weir.Social.Sessions;

/// <summary>
/// Reads the session from <c>Authorization: Bearer</c> or the cookie and looks it up. Ending a session or suspending an account holds from the next
/// request on, whichever process did it: see <see cref="SessionsEpoch"/>.
/// </summary>
internal sealed class SessionAuthentication(
    IOptionsMonitor<AuthenticationSchemeOptions> options,
    ILoggerFactory logger,
    UrlEncoder encoder,
    KnownSessions known,
    SessionsEpochReader epochs,
    SessionNotes notes,
    CallLimits limits,
    SocialOptions site,
    TimeProvider clock) : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    public const string SchemeName = "session";
    /// <summary>The cookie where the site has no HTTPS.</summary>
    public const string PlainCookie = "weir";

    /// <summary>
    /// The cookie of a site with HTTPS. A browser takes a name that begins like this only from the site itself, by HTTPS, for all its
    /// paths: neither a page of another name below the same domain nor somebody on the way who answers for the site without HTTPS can put a
    /// session of theirs in its place.
    /// </summary>
    public const string SecureCookie = "__Host-weir";

    /// <summary>A page of another origin cannot send it without a preflight, which nobody grants.</summary>
    public const string AntiForgeryHeader = "X-Weir";

    /// <summary>A session that nobody used for so long is over.</summary>
    public static readonly TimeSpan IdleLimit = TimeSpan.FromDays(90);

    /// <summary>However often it is used, a session is over so long after its sign-in.</summary>
    public static readonly TimeSpan GreatestAge = TimeSpan.FromDays(365);

    private const int MaxToken = 100;
    private static readonly TimeSpan SeenPrecision = TimeSpan.FromMinutes(5);
    private bool _forged;

    public static string NewToken() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));

    /// <summary>The name of the session's cookie. The other one is not read.</summary>
    public static string CookieOf(HttpRequest request, SocialOptions site) => site.IsSecure(request.HttpContext) ? SecureCookie : PlainCookie;

    /// <summary>
    /// Of the token in the cookie of a request that comes by cookie, good or not; null otherwise. A program with a bearer token goes on
    /// with that, whatever cookies its library keeps.
    /// </summary>
    public static byte[]? CookieHash(HttpContext context, SocialOptions site) =>
        context.Request.Headers.Authorization.Count == 0 && context.Request.Cookies[CookieOf(context.Request, site)] is { Length: > 0 and <= MaxToken } token
            ? Hash(token)
            : null;

    public static byte[] Hash(string token) => SHA256.HashData(Encoding.UTF8.GetBytes(token));

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        const string bearer = "Bearer ";
        var authorization = Request.Headers.Authorization.ToString();
        var byCookie = authorization.Length == 0;
        var token = byCookie ? Request.Cookies[CookieOf(Request, site)]
            : authorization.StartsWith(bearer, StringComparison.OrdinalIgnoreCase) ? authorization[bearer.Length..].Trim() : null;
        if (string.IsNullOrEmpty(token) || token.Length > MaxToken)
        {
            return AuthenticateResult.NoResult();
        }

        if (byCookie && !IsSafe(Context) && Request.Headers[AntiForgeryHeader] != "1")
        {
            _forged = true;
            return AuthenticateResult.NoResult();
        }

        // Before anything is read: at this time, or later, the session was there.
        Context.Features.Set(new SessionSeen(clock.GetUtcNow()));
        var hash = Hash(token);
        var epoch = await epochs.ReadAsync();
        if (known.Find(hash, epoch) is not { } entry)
        {
            var address = AttemptLimiter.KeyOf(Context.Connection.RemoteIpAddress);
            if (!limits.UnknownSessions.TryTake(out var retryAfter, address))
            {
                Context.Features.Set(new TooManyUnknownSessions(retryAfter));
                return AuthenticateResult.NoResult();
            }

            if (await LookUpAsync(hash) is not { } found)
            {
                return AuthenticateResult.NoResult();
            }

            limits.UnknownSessions.GiveBack(address);

            entry = found;
            known.Put(hash, entry, epoch);
        }

        Context.Features.Set(entry.Caller);
        Context.RequestServices.GetRequiredService<CallerStanding>().Begin(entry.Caller, epoch);
        return AuthenticateResult.Success(new AuthenticationTicket(entry.Principal, Scheme.Name));
    }

    private async Task<KnownSessions.Entry?> LookUpAsync(byte[] hash)
    {
        var db = Context.RequestServices.GetRequiredService<WeirDb>();
        var now = clock.Now();
        var found = await db.Sessions.AsNoTracking().StillGood(now)
            .Where(s => s.TokenHash == hash && s.Account!.SuspendedAt == null && s.Account.DeletedAt == null)
            .Select(s => new { s.Id, s.AccountId, Handle = s.Account!.UserName!, s.Account.Name, s.Account.AvatarId, s.Account.IsAdmin, s.LastSeenAt })
            .SingleOrDefaultAsync(Context.RequestAborted);
        if (found is null)
        {
            return null;
        }

        // Also when it was last seen in what is now the future: a clock that was wrong for a while must not lengthen a session.
        if ((now - found.LastSeenAt).Duration() > SeenPrecision)
        {
            notes.Put(found.Id, now);
        }

        var identity = new ClaimsIdentity(Scheme.Name, ClaimTypes.Name, ClaimTypes.Role);
        identity.AddClaim(new Claim(ClaimTypes.NameIdentifier, found.AccountId.ToString("N")));
        if (found.IsAdmin)
        {
            identity.AddClaim(new Claim(ClaimTypes.Role, AdminRole));
        }

        return new KnownSessions.Entry(new Caller(found.AccountId, found.Handle, found.Name, found.AvatarId, found.IsAdmin, found.Id), new ClaimsPrincipal(identity));
    }

    public const string AdminRole = "admin";

    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        if (_forged)
        {
            return HeaderRequired().ExecuteAsync(Context);
        }

        return SignInFirst(Context).ExecuteAsync(Context);
    }

    public static ProblemHttpResult HeaderRequired() => Problems.Forbidden(
        "x-weir-required", $"A page's call that changes something, and one that signs in by cookie, needs the header {AntiForgeryHeader}: 1.");

    public static ProblemHttpResult SignInFirst(HttpContext context)
    {
        context.Response.Headers.WWWAuthenticate = "Bearer";
        return Problems.Of(StatusCodes.Status401Unauthorized, "unauthenticated", "Sign in first.");
    }

    protected override Task HandleForbiddenAsync(AuthenticationProperties properties) => Problems.Forbidden().ExecuteAsync(Context);

    /// <summary>Whether asking changes nothing. Opening a WebSocket does not, and is a GET or by HTTP/2 a CONNECT (RFC 8441 5); pages of other sites are refused by their Origin.</summary>
    public static bool IsSafe(HttpContext context)
    {
        var method = context.Request.Method;
        return HttpMethods.IsGet(method) || HttpMethods.IsHead(method) || HttpMethods.IsOptions(method)
            || context.Features.Get<IHttpExtendedConnectFeature>() is { IsExtendedConnect: true, Protocol: "websocket" };
    }
}
