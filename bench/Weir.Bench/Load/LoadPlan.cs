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

    public required int SettleSeconds { get; init; }

    public required int WindowSeconds { get; init; }

    /// <summary>The server's processes, whose processor time is read at both ends of the window.</summary>
    public required IReadOnlyList<int> ServerProcesses { get; init; }

    /// <summary>Number of the core that the server is pinned to.</summary>
    public required int ServerCore { get; init; }
}

internal sealed record PublishTarget(string Application, string Key);

internal sealed record ServerFigures(int Process, double CpuSeconds, double ResidentMegabytes);

/// <summary>What happened in the window. Payload is coded pictures and sound, without what containers and protocols add.</summary>
internal sealed record LoadResult
{
    public required int Viewers { get; init; }

    public required int Failed { get; init; }

    /// <summary>Viewers with less than 97 % of what was published in the window.</summary>
    public required int Slow { get; init; }

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

    public required IReadOnlyList<ServerFigures> Server { get; init; }

    /// <summary>Processor seconds that other programs took on the server's core: where this is not near zero, the delays say little.</summary>
    public required double OthersCpuSeconds { get; init; }

    /// <summary>Processor seconds of the load generator itself: near the window's length it is the limit, not the server.</summary>
    public required double OwnCpuSeconds { get; init; }

    public required IReadOnlyList<string> Faults { get; init; }
}
