using System.Security.Cryptography;
using System.Text;

namespace Weir.Social.Data;

/// <summary>The social plane's own secret (32 random bytes in a file), from which publish keys are derived, so that none is stored.</summary>
internal sealed class ServerSecret
{
    private const int Length = 32;
    private readonly byte[] _secret;

    private ServerSecret(byte[] secret) => _secret = secret;

    public byte[] Mac(string message) => HMACSHA256.HashData(_secret, Encoding.UTF8.GetBytes(message));

    public static ServerSecret LoadOrCreate(string path)
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

        var secret = Convert.FromHexString(File.ReadAllText(path).Trim());
        return secret.Length == Length ? new ServerSecret(secret) : throw new InvalidDataException($"'{path}' does not hold {Length} bytes.");
    }
}
