using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Weir.Live.Http;

internal static class FixedTime
{
    /// <summary>Compares without telling by its duration how much of a secret was right.</summary>
    public static bool Equal(string a, string b) =>
        CryptographicOperations.FixedTimeEquals(MemoryMarshal.AsBytes(a.AsSpan()), MemoryMarshal.AsBytes(b.AsSpan()));
}
