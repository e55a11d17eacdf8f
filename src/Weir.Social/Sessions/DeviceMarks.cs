using System.Buffers.Text;
using System.Security.Cryptography;
using Weir.Social.Data;

namespace Weir.Social.Sessions;

/// <summary>
/// A cookie that says to which accounts this device has signed in before, so that nobody else's wrong passwords are in its way
/// (<see cref="Throttling.SignInLimits"/>). It signs nobody in. Only sign-in gets to see it, and nobody can read the accounts out of it: it
/// holds the device's random id and for each account a MAC over that id and the handle.
/// </summary>
internal sealed class DeviceMarks(ServerSecret secret, SocialOptions options)
{
    public const string Cookie = "weir-device";

    /// <summary>Accounts that one device is known to; the one it signed in to longest ago is forgotten.</summary>
    public const int MaxAccounts = 8;

    private const int IdLength = 16;
    private const int MarkLength = 16;
    private const int MaxText = 4 * (IdLength + (MaxAccounts * MarkLength)) / 3 + 4;

    /// <summary>Browsers keep no cookie for longer (RFC 6265bis 5.6.2).</summary>
    private static readonly TimeSpan Lifetime = TimeSpan.FromDays(400);

    /// <summary>
    /// The key under which this device's attempts at this account count; null when it is not known to have signed in to it.
    /// </summary>
    public string? Find(HttpContext context, string handle)
    {
        var (id, marks) = Read(context);
        var wanted = Mark(id, handle);
        var known = false;
        foreach (var mark in marks)
        {
            known |= CryptographicOperations.FixedTimeEquals(mark, wanted);
        }

        return known ? $"{Convert.ToHexString(id)} {handle}" : null;
    }

    /// <summary>This device has signed in to this account.</summary>
    public void Add(HttpContext context, string handle)
    {
        var (id, marks) = Read(context);
        var mark = Mark(id, handle);
        var others = marks.Where(other => !other.AsSpan().SequenceEqual(mark)).Take(MaxAccounts - 1).SelectMany(other => other);
        byte[] all = [.. id, .. mark, .. others];
        context.Response.Cookies.Append(Cookie, Base64Url.EncodeToString(all), new CookieOptions
        {
            HttpOnly = true,
            SameSite = SameSiteMode.Strict,
            Secure = options.IsSecure(context),
            Path = "/api/sessions",
            MaxAge = Lifetime,
        });
    }

    /// <summary>A device without the cookie, or with one that was not made here, has a new id and no marks.</summary>
    private static (byte[] Id, List<byte[]> Marks) Read(HttpContext context)
    {
        if (context.Request.Cookies[Cookie] is { Length: > 0 and <= MaxText } text && Base64Url.IsValid(text)
            && Base64Url.DecodeFromChars(text) is { Length: >= IdLength } bytes && (bytes.Length - IdLength) % MarkLength == 0)
        {
            return (bytes[..IdLength], [.. bytes[IdLength..].Chunk(MarkLength).Take(MaxAccounts)]);
        }

        return (RandomNumberGenerator.GetBytes(IdLength), []);
    }

    private byte[] Mark(byte[] id, string handle) => secret.Mac($"device {Convert.ToHexString(id)} {handle}")[..MarkLength];
}
