using Weir.Social.Moments;

namespace Weir.Social.Audiences;

/// <summary>Everything that decides whether one viewer may see one post, as it is at the moment of reading.</summary>
internal sealed record AudienceFacts
{
    public AudienceKind Kind { get; init; }

    /// <summary>The post was deleted.</summary>
    public bool Deleted { get; init; }

    /// <summary>The owner was suspended or deleted.</summary>
    public bool OwnerGone { get; init; }

    public bool SignedIn { get; init; }

    /// <summary>The viewer was suspended or deleted.</summary>
    public bool ViewerGone { get; init; }

    public bool IsOwner { get; init; }

    public bool OwnerHoldsViewer { get; init; }

    public bool ViewerHoldsOwner { get; init; }

    /// <summary>Either blocked the other.</summary>
    public bool Blocked { get; init; }

    /// <summary>The viewer is in one of the circles that the audience lets in.</summary>
    public bool InCircle { get; init; }

    /// <summary>The viewer is named by the audience's exceptions, or is in one of their circles.</summary>
    public bool Excepted { get; init; }

    /// <summary>Owner and viewer are both in the audience's conversation.</summary>
    public bool InConversation { get; init; }

    /// <summary>The audience's conversation is a group.</summary>
    public bool InGroup { get; init; }

    /// <summary>The viewer follows the audience's official account.</summary>
    public bool Follows { get; init; }

    /// <summary>The audience's official account is not closed, and the owner of the post is one of its editors.</summary>
    public bool OwnerMayReachFollowers { get; init; }

    public bool IsMoment { get; init; }

    /// <summary>The owner hides their moments from the viewer.</summary>
    public bool OwnerHides { get; init; }

    /// <summary>The viewer does not want to see the owner's moments.</summary>
    public bool ViewerHides { get; init; }

    /// <summary>How far back the owner's moments are shown.</summary>
    public MomentWindow Window { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>New content and live need both directions of the friendship.</summary>
    public bool AreFriends => OwnerHoldsViewer && ViewerHoldsOwner;

    /// <summary>The decision.</summary>
    public bool MaySee(DateTimeOffset now)
    {
        if (Deleted || OwnerGone)
        {
            return false;
        }

        if (!SignedIn)
        {
            return Kind is AudienceKind.Link or AudienceKind.Public;
        }

        if (ViewerGone)
        {
            return false;
        }

        if (IsOwner)
        {
            return true;
        }

        if (Blocked || Excepted)
        {
            return false;
        }

        if (IsMoment && (OwnerHides || ViewerHides || CreatedAt < Window.Start(now)))
        {
            return false;
        }

        return Kind switch
        {
            AudienceKind.Link or AudienceKind.Public => true,
            AudienceKind.Friends => AreFriends,
            AudienceKind.Circles => AreFriends && InCircle,
            AudienceKind.Conversation => InConversation && (InGroup || AreFriends),
            AudienceKind.Followers => Follows && OwnerMayReachFollowers,
            _ => false,
        };
    }
}
