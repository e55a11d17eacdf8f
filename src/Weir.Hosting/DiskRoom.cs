namespace Weir.Hosting;

/// <summary>A disk, in bytes; <paramref name="Free"/> is what this process may still take.</summary>
public readonly record struct DiskSpace(long Free, long Size);

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
        _recordingStopped = IsShort(ReserveOf(RecordingReserve, 8), _recordingStopped);
        _writesStopped = IsShort(ReserveOf(WriteReserve, 16), _writesStopped);
    }

    private long ReserveOf(long most, int part) => Math.Min(most, _space.Size / part);

    private bool IsShort(long reserve, bool before) => _space.Free < (before ? reserve + (reserve / 4) : reserve);

    private static DiskSpace Ask(string directory)
    {
        var there = Path.GetFullPath(directory);
        while (!Directory.Exists(there) && Path.GetDirectoryName(there) is { } parent)
        {
            there = parent;
        }

        var drive = new DriveInfo(there);
        return new DiskSpace(drive.AvailableFreeSpace, drive.TotalSize);
    }
}

/// <summary>There is no room on the disk for what somebody sends. Answered with 507.</summary>
public sealed class DiskFullException() : IOException("The disk has no room for it.");
