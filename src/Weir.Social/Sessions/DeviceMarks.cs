using System.Buffers.Text;
using System.Security.Cryptography;
using Weir.Social.Accounts;
using Weir.Social.Data;

namespace Weir.Social.Sessions;

/// <summary>
/// A cookie that says to which accounts this device has signed in before, so that nobody else's wrong passwords are in its way
/// (<see cref="Throttling.SignInLimits"/>). It signs nobody in. Only sign-in gets to see it, and nobody can read the accounts out of it: it
/// holds the device's random id and for each account two MACs: one over that id and the handle, by which the account's older mark is
/// replaced, and one over the hash of the password as well, so that a new password makes every device unknown.
/// </summary>
internal sealed class DeviceMarks(ServerSecret secret, SocialOptions options)
{
    /// <summary>Where the site has no HTTPS.</summary>
    public const string PlainCookie = "weir-device";

    /// <summary>
    /// Of a site with HTTPS: a browser takes a name that begins like this by HTTPS only. It is bound to a path, so it cannot be the site's
    /// as the session's is (<see cref="SessionAuthentication.SecureCookie"/>).
    /// </summary>
    public const string SecureCookie = "__Secure-weir-device";

    private const string CookiePath = "/api/sessions";

    /// <summary>Accounts that one device is known to; the one it signed in to longest ago is forgotten.</summary>
    public const int MaxAccounts = 8;

    private const int IdLength = 16;
    private const int NameLength = 8;
    private const int MarkLength = NameLength + 16;
    private const int MaxText = 4 * (IdLength + (MaxAccounts * MarkLength)) / 3 + 4;

    /// <summary>Browsers keep no cookie for longer (RFC 6265bis 5.6.2).</summary>
    private static readonly TimeSpan Lifetime = TimeSpan.FromDays(400);

    /// <summary>
    /// The key under which this device's attempts at this account count; null when it is not known to have signed in to it.
    /// </summary>
    /// <param name="passwordHash">The account's; null when nobody has the handle.</param>
    public string? Find(HttpContext context, string handle, string? passwordHash)
    {
        var (id, marks) = Read(context);
        var wanted = Mark(id, handle, passwordHash);
        var known = false;
        foreach (var mark in marks)
        {
            known |= CryptographicOperations.FixedTimeEquals(mark, wanted);
        }

        return known && passwordHash is not null ? $"{Convert.ToHexString(id)} {handle}" : null;
    }

    /// <summary>
    /// This device has signed in to this account. A call to which the browser does not send the cookie sets none: it would replace the
    /// marks of everybody else who signed in with this browser.
    /// </summary>
    public void Add(HttpContext context, Account account)
    {
        if (!context.Request.Path.StartsWithSegments(CookiePath))
        {
            return;
        }

        var (id, marks) = Read(context);
        var mark = Mark(id, account.Handle, account.PasswordHash);
        var others = marks.Where(other => !other.AsSpan(0, NameLength).SequenceEqual(mark.AsSpan(0, NameLength)))
            .Take(MaxAccounts - 1).SelectMany(other => other);
        byte[] all = [.. id, .. mark, .. others];
        context.Response.Cookies.Append(Cookie(context), Base64Url.EncodeToString(all), new CookieOptions
        {
            HttpOnly = true,
            SameSite = SameSiteMode.Strict,
            Secure = options.IsSecure(context),
            Path = CookiePath,
            MaxAge = Lifetime,
        });
    }

    /// <summary>A device without the cookie, or with one that was not made here, has a new id and no marks.</summary>
    private (byte[] Id, List<byte[]> Marks) Read(HttpContext context)
    {
        if (context.Request.Cookies[Cookie(context)] is { Length: > 0 and <= MaxText } text && Base64Url.IsValid(text)
            && Base64Url.DecodeFromChars(text) is { Length: >= IdLength } bytes && (bytes.Length - IdLength) % MarkLength == 0)
        {
            return (bytes[..IdLength], [.. bytes[IdLength..].Chunk(MarkLength).Take(MaxAccounts)]);
        }

        return (RandomNumberGenerator.GetBytes(IdLength), []);
    }

    private string Cookie(HttpContext context) => options.IsSecure(context) ? SecureCookie : PlainCookie;

    private byte[] Mark(byte[] id, string handle, string? passwordHash)
    {
        var name = $"device {Convert.ToHexString(id)} {handle}";
        return [.. secret.Mac(name)[..NameLength], .. secret.Mac($"{name} {passwordHash}")[..(MarkLength - NameLength)]];
    }
}
