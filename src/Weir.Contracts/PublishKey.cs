using System.Security.Cryptography;
using System.Text;

namespace Weir.Contracts;

/// <summary>A publish key travels between the planes as its SHA-256 only; keys are 128 random bits or more, so a plain hash suffices.</summary>
public static class PublishKey
{
    public static byte[] Hash(ReadOnlySpan<char> key)
    {
        var utf8 = new byte[Encoding.UTF8.GetByteCount(key)];
        Encoding.UTF8.GetBytes(key, utf8);
        return SHA256.HashData(utf8);
    }
}
