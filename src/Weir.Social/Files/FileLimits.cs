using Weir.Social.Throttling;

namespace Weir.Social.Files;

/// <summary>Bounds of uploads.</summary>
internal sealed record FileLimits
{
    public long MaxPicture { get; init; } = 20L << 20;

    public long MaxFile { get; init; } = 100L << 20;

    /// <summary>What one person's uploads may take of the disk together.</summary>
    public long PerPerson { get; init; } = 5L << 30;

    /// <summary>Uploads of one person at once, before they come back one by one.</summary>
    public int Burst { get; init; } = 100;

    public TimeSpan Refill { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Uploads under way, of everybody. One more is refused with 503.</summary>
    public int AtOnce { get; init; } = 64;

    /// <summary>Uploads under way, of one person. One more is refused with 429; the app sends two at a time.</summary>
    public int EachAtOnce { get; init; } = 4;

    /// <summary>The same of all accounts at one address, which leave half of <see cref="AtOnce"/> to others.</summary>
    public int OfAddressAtOnce { get; init; } = 32;

    /// <summary>What an upload must bring a second, from its beginning on, after <see cref="SlowFor"/>: a slower one holds its place for
    /// nothing.</summary>
    public int MinBytesPerSecond { get; init; } = 4096;

    /// <summary>A phone that changes its network sends nothing for a while.</summary>
    public TimeSpan SlowFor { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Pictures being decoded. The others wait, no more of them than <see cref="AtOnce"/>, and accounts take turns.</summary>
    public int DecodesAtOnce { get; init; } = 2;

    /// <summary>Known from the header, before anything is decoded.</summary>
    public long MaxPixels { get; init; } = 50_000_000;

    /// <summary>What a decoder may need that cannot work line by line.</summary>
    public long MaxDecoded { get; init; } = 256L << 20;

    public TimeSpan DecodeTime { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>How long an upload waits to be used.</summary>
    public TimeSpan UnusedFor { get; init; } = TimeSpan.FromDays(1);

    public TimeSpan SweepEvery { get; init; } = TimeSpan.FromMinutes(5);

    public static FileLimits Of(SocialOptions options) => new()
    {
        MaxFile = options.FileLimit,
        PerPerson = options.StorageLimit,
    };
}

/// <summary>Who uploads how often, and how many at once.</summary>
internal sealed class UploadThrottle(FileLimits limits, TimeProvider clock)
{
    public AttemptLimiter Uploads { get; } = new(clock, limits.Burst, limits.Refill);

    public Places Places { get; } = new(limits.EachAtOnce, limits.OfAddressAtOnce, limits.AtOnce);
}
