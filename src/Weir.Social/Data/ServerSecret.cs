using System.Security.Cryptography;
using System.Text;
using Weir.Hosting;

namespace Weir.Social.Data;

/// <summary>
/// The social plane's own secret (32 random bytes in a file), from which publish keys and ids are derived, so that none is stored.
/// </summary>
internal sealed class ServerSecret
{
    private const int Length = 32;
    private readonly byte[] _secret;

    private ServerSecret(byte[] secret) => _secret = secret;

    public byte[] Mac(string message) => HMACSHA256.HashData(_secret, Encoding.UTF8.GetBytes(message));

    public static ServerSecret LoadOrCreate(string path) => new(SecretFile.RandomBytes(path, Length));
}
