using Weir.Social.Throttling;

namespace Weir.Social.Moments;

/// <summary>What one person may do at once, before it comes back one by one.</summary>
internal sealed record MomentLimits
{
    public int PostBurst { get; init; } = 30;

    public TimeSpan PostRefill { get; init; } = TimeSpan.FromSeconds(30);

    public int CommentBurst { get; init; } = 60;

    public TimeSpan CommentRefill { get; init; } = TimeSpan.FromSeconds(3);

    public int LikeBurst { get; init; } = 200;

    public TimeSpan LikeRefill { get; init; } = TimeSpan.FromSeconds(1);
}

internal sealed class MomentThrottle(MomentLimits limits, TimeProvider clock)
{
    public AttemptLimiter Posting { get; } = new(clock, limits.PostBurst, limits.PostRefill);

    public AttemptLimiter Commenting { get; } = new(clock, limits.CommentBurst, limits.CommentRefill);

    /// <summary>Likes, and taking them back.</summary>
    public AttemptLimiter Liking { get; } = new(clock, limits.LikeBurst, limits.LikeRefill);
}
