using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Weir.Media.Recording;

/// <summary>What Linux can be told about written bytes and .NET has no call for.</summary>
internal static partial class WriteBack
{
    private const uint StartWriting = 2; // SYNC_FILE_RANGE_WRITE
    private const int Interrupted = 4;

    /// <summary>The disk begins to write these bytes. A hint: nothing is promised before a sync, and where it is not known the sync has more to do.</summary>
    /// <returns>Whether it is known here.</returns>
    public static bool Begin(SafeFileHandle file, long offset, long length) => OperatingSystem.IsLinux() && SyncFileRange(file, offset, length, StartWriting) == 0;

    /// <summary>Returns when the disk has the bytes and the length. Times of the file may come later, so that fewer syncs need the file system's journal.</summary>
    /// <exception cref="IOException">The disk is full or broken.</exception>
    public static void Finish(SafeFileHandle file)
    {
        if (!OperatingSystem.IsLinux())
        {
            RandomAccess.FlushToDisk(file);
            return;
        }

        while (DataSync(file) != 0)
        {
            var error = Marshal.GetLastPInvokeError();
            if (error != Interrupted)
            {
                throw new IOException("A recording cannot be written to disk.", new Win32Exception(error));
            }
        }
    }

    [LibraryImport("libc", EntryPoint = "sync_file_range")]
    private static partial int SyncFileRange(SafeFileHandle file, long offset, long length, uint flags);

    [LibraryImport("libc", EntryPoint = "fdatasync", SetLastError = true)]
    private static partial int DataSync(SafeFileHandle file);
}
