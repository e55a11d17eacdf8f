namespace Weir.Bench.Load;

internal enum Outlet
{
    Rtmp,
    HttpFlv,
    WebSocket,
    LlHls,
}

/// <summary>What one load process does: publish, let viewers join, wait, then measure for a while.</summary>
internal sealed record LoadPlan
{
    public required IReadOnlyList<PublishTarget> Publish { get; init; }

    public required string File { get; init; }

    public required uint FileMilliseconds { get; init; }

    public required Outlet Outlet { get; init; }

    /// <summary>One URL for each viewer.</summary>
    public required IReadOnlyList<string> Viewers { get; init; }

    public required int LeadSeconds { get; init; }

    public required int JoinsPerSecond { get; init; }

    /// <summary>URLs of more viewers, who come one after another while it is measured, and go at their first picture.</summary>
    public IReadOnlyList<string> Joiners { get; init; } = [];

    /// <summary>How many of those come in a second.</summary>
    public int JoinersPerSecond { get; init; } = 300;

    /// <summary>URLs of viewers who come before the window and read too little from their first picture on: one half nothing, the other a tenth.</summary>
    public IReadOnlyList<string> SlowViewers { get; init; } = [];

    /// <summary>Comments that viewers post in a second while it is measured.</summary>
    public int CommentsPerSecond { get; init; }

    /// <summary>Every so many of the viewers is the one who posts for the account: as many sessions has a ticket.</summary>
    public int SessionsPerAccount { get; init; } = 5;

    public required int SettleSeconds { get; init; }

    public required int WindowSeconds { get; init; }

    /// <summary>How long everybody stays after the window, and how long it is published after they have left.</summary>
    public int AfterSeconds { get; init; }

    /// <summary>The server's processes, whose processor time is read at both ends of the window.</summary>
    public required IReadOnlyList<int> ServerProcesses { get; init; }

    /// <summary>Number of the core that the server is pinned to.</summary>
    public required int ServerCore { get; init; }
}

/// <summary>What a load generator says on its standard output as it gets there.</summary>
internal static class LoadStages
{
    public const string Measuring = "measuring";

    /// <summary>The window is over; everybody is still there.</summary>
    public const string Measured = "measured";

    /// <summary>The viewers are gone; it is still published.</summary>
    public const string Alone = "alone";
}

internal sealed record PublishTarget(string Application, string Key);

/// <param name="ResidentMegabytes">At the end of the window.</param>
internal sealed record ServerFigures(int Process, double CpuSeconds, double ResidentMegabytes);

/// <summary>What became of the comments. Delivered counts what each viewer got of those that were posted.</summary>
internal sealed record CommentFigures(int Posted, int Refused, int DeliveredLeast, double DeliveredMedian, double DelayMedianMilliseconds, double DelayP99Milliseconds);

/// <summary>What happened in the window. Payload is coded pictures and sound, without what containers and protocols add.</summary>
internal sealed record LoadResult
{
    public required int Viewers { get; init; }

    public required int Failed { get; init; }

    /// <summary>Viewers with less than 97 % of what was published in the window.</summary>
    public required int Slow { get; init; }

    /// <summary>Slow viewers whose connection had ended when the window was over.</summary>
    public required int SlowGone { get; init; }

    /// <summary>What the viewer with the fewest bytes got of what was published.</summary>
    public required double LeastShare { get; init; }

    public required double WindowSeconds { get; init; }

    public required long PublishedPayload { get; init; }

    public required long Payload { get; init; }

    public required long Wire { get; init; }

    public required double DelayMedianMilliseconds { get; init; }

    public required double DelayP99Milliseconds { get; init; }

    /// <summary>From connecting to the first byte of a keyframe, of the joiners; -1 where nobody came.</summary>
    public required double JoinMedianMilliseconds { get; init; }

    public required double JoinP99Milliseconds { get; init; }

    public required int Joined { get; init; }

    public CommentFigures? Comments { get; init; }

    /// <summary>The kernel's memory for all TCP connections, at its most in the window.</summary>
    public required double PeakTcpMegabytes { get; init; }

    /// <summary>The most that was resident of the first server process at any second of the window.</summary>
    public required double PeakMegabytes { get; init; }

    public required IReadOnlyList<ServerFigures> Server { get; init; }

    /// <summary>Processor seconds that other programs took on the server's core: where this is not near zero, the delays say little.</summary>
    public required double OthersCpuSeconds { get; init; }

    /// <summary>Processor seconds of the load generator itself: near the window's length it is the limit, not the server.</summary>
    public required double OwnCpuSeconds { get; init; }

    public required IReadOnlyList<string> Faults { get; init; }
}
