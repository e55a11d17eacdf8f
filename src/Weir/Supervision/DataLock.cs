using Weir.Commands;
using Weir.Hosting;

namespace Weir.Supervision;

/// <summary>Keeps a second Weir out of a data directory that one is using. The system lets go of it when the process ends, however it ends.</summary>
internal sealed class DataLock : IDisposable
{
    private readonly FileStream _file;

    private DataLock(FileStream file) => _file = file;

    public static DataLock Take(string directory)
    {
        try
        {
            // People's messages and keys: nobody else on the machine has to read them.
            if (!Directory.Exists(directory))
            {
                DirectorySync.Create(directory);
            }

            return new DataLock(new FileStream(Path.Combine(directory, "weir.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (IOException) when (File.Exists(Path.Combine(directory, "weir.lock")))
        {
            throw new RefusedException($"another Weir is using {directory}. Stop it, or give this one its own directory with --data.");
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new RefusedException($"the data directory {directory} cannot be used: {fault.Message}");
        }
    }

    public void Dispose() => _file.Dispose();
}
