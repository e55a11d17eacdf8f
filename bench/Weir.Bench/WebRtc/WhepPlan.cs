namespace Weir.Bench.WebRtc;

/// <summary>What the load process does: publish, let viewers join little by little, and measure at each number of them.</summary>
internal sealed record WhepPlan
{
    public required string Application { get; init; }

    public required string Key { get; init; }

    public required string File { get; init; }

    public required uint FileMilliseconds { get; init; }

    /// <summary>One URL for each viewer of the largest round.</summary>
    public required IReadOnlyList<string> Viewers { get; init; }

    /// <summary>Numbers of viewers, rising.</summary>
    public required IReadOnlyList<int> Rounds { get; init; }

    /// <summary>Handshakes are another measurement: so few that they take a small part of a core.</summary>
    public required int JoinsPerSecond { get; init; }

    public required int SettleSeconds { get; init; }

    public required int WindowSeconds { get; init; }

    /// <summary>The live plane.</summary>
    public required int ServerProcess { get; init; }

    public required int ServerCore { get; init; }
}

/// <summary>One number of viewers for one window.</summary>
internal sealed record WhepRound
{
    public required int Viewers { get; init; }

    /// <summary>Joins that failed, and viewers whose session ended before its time.</summary>
    public required int Gone { get; init; }

    public required double Seconds { get; init; }

    public required long Packets { get; init; }

    public required long Lost { get; init; }

    public required long Bytes { get; init; }

    /// <summary>Viewers with less than 97 % of the median viewer's packets.</summary>
    public required int Short { get; init; }

    /// <summary>99th percentile of how much later than the quickest a picture was complete, of some viewers; -1 when none came.</summary>
    public required double LateP99Milliseconds { get; init; }

    public required double ServerCpuSeconds { get; init; }

    public required double ServerMegabytes { get; init; }

    public required double OthersCpuSeconds { get; init; }

    public required double OwnCpuSeconds { get; init; }
}

internal sealed record WhepResult(IReadOnlyList<WhepRound> Rounds, double JoinCpuMilliseconds, IReadOnlyList<string> Faults);
