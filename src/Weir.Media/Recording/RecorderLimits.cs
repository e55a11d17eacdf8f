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
}

public sealed record RecorderLimits
{
    /// <summary>Asked with the bytes recorded so far before each fragment is written, on a thread of <see cref="DiskThreads"/>.</summary>
    public Func<long, RecordingStop> MayGrow { get; init; } = _ => RecordingStop.None;

    public TimeSpan RetryAfter { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Events kept in memory while the disk takes nothing; further ones are counted and not recorded.</summary>
    public int MaxPendingEvents { get; init; } = 1000;
}
