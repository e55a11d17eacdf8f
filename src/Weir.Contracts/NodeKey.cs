using System.Security.Cryptography;
using System.Text;

namespace Weir.Contracts;

/// <summary>
/// The secret one live node shares with the social plane (32 random bytes). Every other secret between the two is
/// derived from it, one per purpose, so that a ticket can never be mistaken for a stream token.
/// </summary>
public sealed class NodeKey
{
    public const int Length = 32;
    private readonly byte[] _ticketKey;
    private readonly byte[] _streamKey;
    private readonly byte[] _mediaPathKey;
    private readonly byte[] _statementKey;

    public NodeKey(ReadOnlySpan<byte> secret)
    {
        if (secret.Length != Length)
        {
            throw new ArgumentException($"A node key is {Length} bytes, not {secret.Length}.", nameof(secret));
        }

        _ticketKey = Derive(secret, "weir ticket v1");
        _streamKey = Derive(secret, "weir plane stream v1");
        _mediaPathKey = Derive(secret, "weir media path v1");
        _statementKey = Derive(secret, "weir comment statement v1");
    }

    /// <summary>Bearer token of the gRPC stream between the planes.</summary>
    public string StreamToken => Convert.ToBase64String(_streamKey);

    internal ReadOnlySpan<byte> TicketKey => _ticketKey;

    internal ReadOnlySpan<byte> StatementKey => _statementKey;

    public bool IsStreamToken(ReadOnlySpan<char> token) =>
        CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(token.ToString()), Encoding.UTF8.GetBytes(StreamToken));

    /// <summary>
    /// The unguessable path element under which media of a broadcast is served to all its viewers while
    /// <paramref name="epoch"/> is current: 32 hexadecimal digits.
    /// </summary>
    public string MediaPath(Guid broadcast, uint epoch)
    {
        Span<byte> input = stackalloc byte[20];
        broadcast.TryWriteBytes(input, bigEndian: true, out _);
        System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(input[16..], epoch);
        Span<byte> mac = stackalloc byte[32];
        HMACSHA256.HashData(_mediaPathKey, input, mac);
        return Convert.ToHexStringLower(mac[..16]);
    }

    private static byte[] Derive(ReadOnlySpan<byte> secret, string purpose)
    {
        var key = new byte[Length];
        HKDF.Expand(HashAlgorithmName.SHA256, secret, key, Encoding.ASCII.GetBytes(purpose));
        return key;
    }
}
