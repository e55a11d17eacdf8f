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

    public NodeKey(ReadOnlySpan<byte> secret)
    {
        if (secret.Length != Length)
        {
            throw new ArgumentException($"A node key is {Length} bytes, not {secret.Length}.", nameof(secret));
        }

        _ticketKey = Derive(secret, "weir ticket v1");
        _streamKey = Derive(secret, "weir plane stream v1");
        _mediaPathKey = Derive(secret, "weir media path v1");
    }

    /// <summary>Bearer token of the gRPC stream between the planes.</summary>
    public string StreamToken => Convert.ToBase64String(_streamKey);

    internal ReadOnlySpan<byte> TicketKey => _ticketKey;

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

    /// <summary>Reads the key file, or makes one that only its owner may read.</summary>
    public static NodeKey LoadOrCreate(string path)
    {
        if (!File.Exists(path))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows())
            {
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            }

            using var file = new FileStream(path, options);
            file.Write(Encoding.ASCII.GetBytes(Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(Length))));
            file.Flush(flushToDisk: true);
        }

        return new NodeKey(Convert.FromHexString(File.ReadAllText(path).Trim()));
    }

    private static byte[] Derive(ReadOnlySpan<byte> secret, string purpose)
    {
        var key = new byte[Length];
        HKDF.Expand(HashAlgorithmName.SHA256, secret, key, Encoding.ASCII.GetBytes(purpose));
        return key;
    }
}
