using System.Runtime.InteropServices;

namespace Weir.Hosting;

/// <summary>A disk, in bytes; <paramref name="Free"/> is what this process may still take.</summary>
/// <param name="FreeFiles">How many files may still be made.</param>
/// <param name="Files">How many files there may be; zero where the file system sets no number.</param>
public readonly record struct DiskSpace(long Free, long Size, long FreeFiles = 0, long Files = 0);

/// <summary>
/// Whether there is room on a directory's disk. Both planes ask it before they write what somebody sends. Recordings stop first, because
/// they are nearly everything that grows; then the social plane refuses to write for people. What is left after that belongs to what must
/// always work: reading, ending, deleting, signing in, and the database's own work. Each goes on once there is a quarter more than its
/// reserve, so that it does not go on and off at the limit.
/// </summary>
public sealed class DiskRoom
{
    /// <summary>Recordings stop when there is less than this, or less than an eighth of a small disk.</summary>
    public const long RecordingReserve = 1L << 30;

    /// <summary>Nothing is written for people when there is less than this, or less than a sixteenth of a small disk.</summary>
    public const long WriteReserve = 512L << 20;

    /// <summary>The same in files that may still be made, which a disk of small files runs out of first.</summary>
    public const long RecordingFilesReserve = 20_000;

    /// <summary>As <see cref="RecordingFilesReserve"/>.</summary>
    public const long WriteFilesReserve = 10_000;

    /// <summary>What 100 Mbit/s write meanwhile is a small part of the smallest reserve.</summary>
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(250);

    private readonly TimeProvider _clock;
    private readonly Func<DiskSpace> _look;
    private readonly Lock _lock = new();
    private DiskSpace _space;
    private long _lookedAt;
    private bool _looked;
    private bool _recordingStopped;
    private bool _writesStopped;

    /// <param name="directory">Need not be there yet.</param>
    /// <param name="look">For tests; otherwise the system is asked.</param>
    public DiskRoom(string directory, TimeProvider clock, Func<DiskSpace>? look = null)
    {
        _clock = clock;
        _look = look ?? (() => Ask(directory));
    }

    /// <summary>Whether recordings may grow.</summary>
    public bool MayRecord()
    {
        lock (_lock)
        {
            Look();
            return !_recordingStopped;
        }
    }

    /// <summary>Whether something may be written for somebody: so many bytes of it are known beforehand.</summary>
    public bool MayWrite(long bytes = 0)
    {
        lock (_lock)
        {
            Look();
            return !_writesStopped && _space.Free - bytes >= ReserveOf(WriteReserve, 16);
        }
    }

    private void Look()
    {
        if (_looked && _clock.GetElapsedTime(_lookedAt) < LookEvery)
        {
            return;
        }

        (_space, _lookedAt, _looked) = (_look(), _clock.GetTimestamp(), true);
        _recordingStopped = IsShort(ReserveOf(RecordingReserve, 8), Math.Min(RecordingFilesReserve, _space.Files / 8), _recordingStopped);
        _writesStopped = IsShort(ReserveOf(WriteReserve, 16), Math.Min(WriteFilesReserve, _space.Files / 16), _writesStopped);
    }

    private long ReserveOf(long most, int part) => Math.Min(most, _space.Size / part);

    private bool IsShort(long reserve, long files, bool before) =>
        _space.Free < (before ? reserve + (reserve / 4) : reserve) || _space.FreeFiles < (before ? files + (files / 4) : files);

    /// <summary>What the system says; the directory need not be there.</summary>
    public static DiskSpace Ask(string directory)
    {
        var there = Path.GetFullPath(directory);
        while (!Directory.Exists(there) && Path.GetDirectoryName(there) is { } parent)
        {
            there = parent;
        }

        var drive = new DriveInfo(there);
        var (freeFiles, files) = FilesOf(there);
        return new DiskSpace(drive.AvailableFreeSpace, drive.TotalSize, freeFiles, files);
    }

    /// <summary>Both are zero where it is not known.</summary>
    private static (long Free, long All) FilesOf(string directory)
    {
        if (!OperatingSystem.IsLinux() || !Environment.Is64BitProcess)
        {
            return (0, 0);
        }

        // struct statvfs: f_bsize, f_frsize, f_blocks, f_bfree, f_bavail, f_files, f_ffree, f_favail and what follows, of eight bytes each;
        // it is shorter than this.
        var status = new long[32];
        return Status(directory, status) == 0 ? (status[7], status[5]) : (0, 0);
    }

    [DllImport("libc", EntryPoint = "statvfs")]
    private static extern int Status([MarshalAs(UnmanagedType.LPUTF8Str)] string path, [Out] long[] status);
}

/// <summary>There is no room on the disk for what somebody sends. Answered with 507.</summary>
public sealed class DiskFullException() : IOException("The disk has no room for it.");
