namespace Weir.Media.Recording;

public enum RecorderState
{
    Recording,

    /// <summary>The disk takes nothing; tried again every <see cref="RecorderLimits.RetryAfter"/>.</summary>
    Paused,
    Finished,
}

/// <summary>Why a recording does not grow although its disk would take it.</summary>
public enum RecordingStop
{
    None,

    /// <summary>What is left of the disk belongs to others.</summary>
    DiskFull,

    /// <summary>The host's recordings take all the space that they have.</summary>
    Quota,

    /// <summary>It has <see cref="RecorderLimits.MaxSegments"/>.</summary>
    Long,
}

public sealed record RecorderLimits
{
    /// <summary>
    /// Segments of a recording, at a second each more than a day: a replay keeps all of them in memory and in its playlist.
    /// </summary>
    public const int MaxSegments = 100_000;

    /// <summary>Bytes that a file counts beside its own: a disk has room for so many files only.</summary>
    public const int FileCost = 1 << 20;

    /// <summary>
    /// Asked with what the recording takes (<see cref="RecordingFiles.Bytes"/>) before each fragment and each comment is written, on a
    /// thread of <see cref="DiskThreads"/>.
    /// </summary>
    public Func<long, RecordingStop> MayGrow { get; init; } = _ => RecordingStop.None;

    public TimeSpan RetryAfter { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Comments kept in memory while the disk takes nothing; further ones are counted and not recorded. Deletions may be ten times as many.
    /// </summary>
    public int MaxPendingEvents { get; init; } = 1000;
}
