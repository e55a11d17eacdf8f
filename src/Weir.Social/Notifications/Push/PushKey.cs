using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Weir.Hosting;

namespace Weir.Social.Notifications.Push;

/// <summary>Says to push services who sends (RFC 8292, VAPID): a key of P-256 in the secrets' directory, made at the first start. Browsers bind their subscriptions to it.</summary>
internal sealed class PushKey : IDisposable
{
    /// <summary>RFC 8292 2: at most a day.</summary>
    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(12);

    private readonly ECDsa _key;

    private PushKey(ECDsa key)
    {
        _key = key;
        Public = Base64Url.EncodeToString(PushEncryption.Uncompressed(key.ExportParameters(false).Q));
    }

    /// <summary>The applicationServerKey of the browser's subscribe(), base64url.</summary>
    public string Public { get; }

    public static PushKey LoadOrCreate(string path)
    {
        var text = SecretFile.ReadOrCreate(path, () =>
        {
            using var made = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            return made.ExportPkcs8PrivateKeyPem() + "\n";
        });
        var key = ECDsa.Create();
        try
        {
            key.ImportFromPem(text);
            return new PushKey(key);
        }
        catch (Exception fault) when (fault is ArgumentException or CryptographicException)
        {
            key.Dispose();
            throw new InvalidDataException($"'{path}' does not hold a private key.", fault);
        }
    }

    /// <summary>The Authorization header of RFC 8292 3 for one push service.</summary>
    /// <param name="contact">Whom the service's people may turn to.</param>
    public string Authorization(Uri endpoint, Uri contact, DateTimeOffset now)
    {
        var expires = (now + Lifetime).ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        var claims = $$"""{"aud":"{{endpoint.GetLeftPart(UriPartial.Authority)}}","exp":{{expires}},"sub":"{{contact.AbsoluteUri.TrimEnd('/')}}"}""";
        var content = $"{Base64Url.EncodeToString("""{"typ":"JWT","alg":"ES256"}"""u8)}.{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(claims))}";
        byte[] signature;
        lock (_key)
        {
            signature = _key.SignData(Encoding.ASCII.GetBytes(content), HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        }

        return $"vapid t={content}.{Base64Url.EncodeToString(signature)}, k={Public}";
    }

    public void Dispose() => _key.Dispose();
}
