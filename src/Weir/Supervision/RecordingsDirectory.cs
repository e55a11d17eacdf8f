using Weir.Commands;
using Weir.Hosting;

namespace Weir.Supervision;

/// <summary>Looks at start whether recordings can be written where they shall be: later it would be noticed only by the first broadcast.</summary>
internal static class RecordingsDirectory
{
    /// <exception cref="RefusedException">It cannot be made, or not be written.</exception>
    public static void Prepare(string directory)
    {
        try
        {
            // Its mode is that of the data directory. One that is there keeps its own; the directories of recordings in it are private either way.
            if (!Directory.Exists(directory))
            {
                DirectorySync.Create(directory);
            }

            using var probe = new FileStream(
                Path.Combine(directory, $".probe-{Guid.NewGuid():N}"), FileMode.CreateNew, FileAccess.Write, FileShare.None, 1, FileOptions.DeleteOnClose);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new RefusedException($"recordings cannot be written to {directory}: {fault.Message} Choose another directory with --recordings.", ExitCodes.BadOptions);
        }
    }
}
