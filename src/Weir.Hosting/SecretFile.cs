using System.Security.Cryptography;
using System.Text;

namespace Weir.Hosting;

/// <summary>A secret in a file that only its owner may read, made when it is not there. A file under the name is whole and on disk, whenever the machine stops.</summary>
public static class SecretFile
{
    public static string ReadOrCreate(string path, Func<string> make)
    {
        if (!File.Exists(path))
        {
            var directory = Path.GetDirectoryName(Path.GetFullPath(path))!;
            DirectorySync.Create(directory);
            var partial = $"{path}.{Guid.NewGuid():N}";
            try
            {
                Write(partial, make());
                File.Move(partial, path);
                DirectorySync.Flush(directory);
            }
            catch (IOException) when (File.Exists(path))
            {
                // Another process made one at the same moment: that one counts.
            }
            finally
            {
                File.Delete(partial);
            }
        }

        return File.ReadAllText(path);
    }

    /// <summary>Random bytes, in the file as hexadecimal digits.</summary>
    /// <exception cref="InvalidDataException">The file holds something else.</exception>
    public static byte[] RandomBytes(string path, int length)
    {
        var text = ReadOrCreate(path, () => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(length))).Trim();
        return text.Length == 2 * length && text.All(char.IsAsciiHexDigit)
            ? Convert.FromHexString(text)
            : throw new InvalidDataException($"'{path}' does not hold {length} bytes.");
    }

    private static void Write(string path, string text)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using var file = new FileStream(path, options);
        file.Write(Encoding.ASCII.GetBytes(text));
        file.Flush(flushToDisk: true);
    }
}
