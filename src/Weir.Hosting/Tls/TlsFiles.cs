using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Weir.Hosting.Tls;

/// <summary>Where a process finds its certificate (PEM, with the intermediate ones after it) and the certificate's key (PEM, not encrypted).</summary>
public sealed record TlsFiles(string Certificate, string Key)
{
    /// <summary>Says what is wrong with them, for <see cref="OptionFaults"/>; null when they can be used.</summary>
    public string? Fault(TimeProvider clock)
    {
        try
        {
            using var certificate = X509Certificate2.CreateFromPemFile(Certificate, Key);
            return clock.GetUtcNow() > certificate.NotAfter.ToUniversalTime() ? $"'{Certificate}' expired on {certificate.NotAfter.ToUniversalTime():yyyy-MM-dd}." : null;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return $"cannot be read: {fault.Message}";
        }
        catch (CryptographicException)
        {
            return $"'{Certificate}' and '{Key}' are not a certificate and its key, both PEM and the key without a password.";
        }
        catch (ArgumentException)
        {
            return $"'{Key}' is not the key of '{Certificate}'.";
        }
    }
}
