namespace Weir.Social.Search;

/// <summary>Bounds of searches and of the index behind them.</summary>
internal sealed record SearchLimits
{
    /// <summary>Searches that one person may make at once (one types, each pause asks), before they come back one by one.</summary>
    public int Burst { get; init; } = 60;

    public TimeSpan Refill { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>Searches that run together; others wait for their turn.</summary>
    public int AtOnce { get; init; } = Math.Max(2, Environment.ProcessorCount);

    /// <summary>Searches of one person that run or wait. One more is refused with 429.</summary>
    public int EachAtOnce { get; init; } = 4;

    /// <summary>The same of all accounts at one address, which leave half of <see cref="MostWaiting"/> to others.</summary>
    public int OfAddressAtOnce { get; init; } = 100;

    /// <summary>Searches that run or wait, of everybody. One more is refused with 503.</summary>
    public int MostWaiting { get; init; } = 200;

    public TimeSpan LongestWait { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>After this, what was found by then is the answer.</summary>
    public TimeSpan Longest { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Rows that one search reads for one kind.</summary>
    public int MostCandidates { get; init; } = 5000;

    /// <summary>Messages for one transaction of the index.</summary>
    public int Batch { get; init; } = 1000;

    /// <summary>Messages of a conversation that wait for the index until they can no longer be recalled. Searches read what waits themselves.</summary>
    public int Waiting { get; init; } = 64;

    /// <summary>Conversations in which something was said lately. When there are more, the index looks at all.</summary>
    public int MostTold { get; init; } = 20_000;

    public TimeSpan Every { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>All conversations are looked at anew: another process may have ended before its index came to what it wrote.</summary>
    public TimeSpan LookAtAllEvery { get; init; } = TimeSpan.FromMinutes(30);
}
