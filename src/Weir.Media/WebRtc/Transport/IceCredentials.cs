using System.Security.Cryptography;

namespace Weir.Media.WebRtc.Transport;

/// <summary>One side's ICE credentials (RFC 8445 5.3), as SDP's ice-ufrag and ice-pwd carry them.</summary>
public sealed record IceCredentials(string Ufrag, string Password)
{
    /// <summary>RFC 8839 5.4: letters, digits, + and /.</summary>
    private const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    /// <summary>New ones: 72 bits name the session among all of the port, 144 bits are its secret.</summary>
    public static IceCredentials Create() => new(RandomNumberGenerator.GetString(Alphabet, 12), RandomNumberGenerator.GetString(Alphabet, 24));
}
