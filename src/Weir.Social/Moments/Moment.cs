using System.Linq.Expressions;
using Weir.Social.Accounts;
using Weir.Social.Audiences;
using Weir.Social.Conversations;

namespace Weir.Social.Moments;

/// <summary>
/// What somebody shows their friends: a few lines, pictures, something passed on. A deleted one keeps its row, emptied, so that a reader who is in the middle of the
/// feed can go on from it.
/// </summary>
internal sealed class Moment : Post
{
    public Moment() => IsMoment = true;

    public required string Text { get; set; }

    /// <summary>Pictures or a card.</summary>
    public MessageContent? Content { get; set; }
}

/// <summary>A like or a comment under a moment. Who sees it is <see cref="Interactions"/>' to say.</summary>
internal abstract class Interaction
{
    public Guid MomentId { get; init; }

    public Moment? Moment { get; init; }

    public Guid AuthorId { get; init; }

    public Account? Author { get; init; }

    public DateTimeOffset CreatedAt { get; init; }
}

internal sealed class MomentLike : Interaction;

internal sealed class MomentComment : Interaction
{
    public const int MaxLength = 1000;

    /// <summary>Under one moment.</summary>
    public const int MaxPerMoment = 500;

    /// <summary>Follows from its author and their clientId, so that the same sent again is the same.</summary>
    public Guid Id { get; init; }

    public required string Text { get; init; }

    /// <summary>The comment that this answers, while it is there.</summary>
    public Guid? ReplyToId { get; init; }

    /// <summary>Whom it answers; its own author sees that even when the other's comment is hidden or gone.</summary>
    public Guid? ReplyToAuthorId { get; init; }
}

/// <summary>
/// The owner keeps something of moments and one other person apart. The two directions know nothing of each other, and broadcasts and messages nothing of either.
/// </summary>
internal sealed class MomentHiding
{
    public Guid OwnerId { get; init; }

    public Guid OtherId { get; init; }

    /// <summary>True: the owner does not want to see the other's moments. False: the other does not see the owner's.</summary>
    public bool Theirs { get; init; }
}

/// <summary>How far back others see a person's moments.</summary>
internal enum MomentWindow
{
    All,
    ThreeDays,
    Month,
    SixMonths,
}

internal static class MomentWindows
{
    /// <summary>What is older than this is not shown.</summary>
    public static DateTimeOffset Start(this MomentWindow window, DateTimeOffset now) => window switch
    {
        MomentWindow.ThreeDays => now.AddDays(-3),
        MomentWindow.Month => now.AddMonths(-1),
        MomentWindow.SixMonths => now.AddMonths(-6),
        _ => DateTimeOffset.MinValue,
    };
}

/// <summary>Where the windows begin at one moment: what is older is not shown.</summary>
internal sealed record MomentWindowStarts(DateTimeOffset ThreeDays, DateTimeOffset Month, DateTimeOffset SixMonths)
{
    public static MomentWindowStarts At(DateTimeOffset now) =>
        new(MomentWindow.ThreeDays.Start(now), MomentWindow.Month.Start(now), MomentWindow.SixMonths.Start(now));

    /// <summary>For them in a <see cref="Data.CompiledQuery{T}"/>, in the same order.</summary>
    public static ParameterExpression[] Parameters() =>
        [.. new[] { "threeDays", "month", "sixMonths" }.Select(name => Expression.Parameter(typeof(DateTimeOffset), name))];
}
