using Weir.Social.Broadcasts;
using Weir.Social.Data;

namespace Weir.Social.Audiences;

/// <summary>Everything that decides whether one viewer may watch one broadcast, as it is at the moment of reading.</summary>
internal sealed record AudienceFacts
{
    public AudienceKind Kind { get; init; }

    /// <summary>The broadcast was deleted.</summary>
    public bool Deleted { get; init; }

    /// <summary>The host was suspended or deleted.</summary>
    public bool HostGone { get; init; }

    public bool SignedIn { get; init; }

    /// <summary>The viewer was suspended or deleted.</summary>
    public bool ViewerGone { get; init; }

    public bool IsHost { get; init; }

    public bool HostHoldsViewer { get; init; }

    public bool ViewerHoldsHost { get; init; }

    /// <summary>Either blocked the other.</summary>
    public bool Blocked { get; init; }

    /// <summary>The viewer is in one of the circles that the audience lets in.</summary>
    public bool InCircle { get; init; }

    /// <summary>The viewer is named by the audience's exceptions, or is in one of their circles.</summary>
    public bool Excepted { get; init; }

    /// <summary>New content and live need both directions of the friendship.</summary>
    public bool AreFriends => HostHoldsViewer && ViewerHoldsHost;
}

/// <summary>A broadcast and one who may or may not watch it; the empty id is somebody without an account.</summary>
internal sealed class Viewing
{
    public required Broadcast Broadcast { get; init; }

    public required Guid Viewer { get; init; }
}

/// <summary>
/// Who may watch: <see cref="MayWatch"/> for one broadcast, <see cref="WhereVisible"/> for lists. They say the same; a property test
/// over random worlds proves it on both databases.
/// </summary>
internal static class Visibility
{
    public static bool MayWatch(this AudienceFacts facts)
    {
        if (facts.Deleted || facts.HostGone)
        {
            return false;
        }

        if (!facts.SignedIn)
        {
            return facts.Kind is AudienceKind.Link or AudienceKind.Public;
        }

        if (facts.ViewerGone)
        {
            return false;
        }

        if (facts.IsHost)
        {
            return true;
        }

        if (facts.Blocked || facts.Excepted)
        {
            return false;
        }

        return facts.Kind switch
        {
            AudienceKind.Link or AudienceKind.Public => true,
            AudienceKind.Friends => facts.AreFriends,
            AudienceKind.Circles => facts.AreFriends && facts.InCircle,
            _ => false,
        };
    }

    /// <summary>Those that the viewer may watch: the same decision as <see cref="MayWatch"/>, made by the database.</summary>
    public static IQueryable<Viewing> WhereVisible(this IQueryable<Viewing> viewings, WeirDb db) => viewings.Where(v =>
        v.Broadcast.DeletedAt == null
        && v.Broadcast.Host!.SuspendedAt == null
        && v.Broadcast.Host.DeletedAt == null
        && ((v.Viewer == Guid.Empty && (v.Broadcast.Kind == AudienceKind.Link || v.Broadcast.Kind == AudienceKind.Public))
            || (db.Accounts.Any(a => a.Id == v.Viewer && a.SuspendedAt == null && a.DeletedAt == null)
                && (v.Viewer == v.Broadcast.HostId
                    || (!db.Blocks.Any(b => (b.OwnerId == v.Broadcast.HostId && b.BlockedId == v.Viewer)
                            || (b.OwnerId == v.Viewer && b.BlockedId == v.Broadcast.HostId))
                        && !v.Broadcast.Exceptions.Any(e => e.AccountId == v.Viewer)
                        && !v.Broadcast.Circles.Any(c => c.Except && db.CircleMembers.Any(m => m.CircleId == c.CircleId && m.AccountId == v.Viewer))
                        && (v.Broadcast.Kind == AudienceKind.Link
                            || v.Broadcast.Kind == AudienceKind.Public
                            || (db.Friendships.Any(f => f.OwnerId == v.Broadcast.HostId && f.FriendId == v.Viewer)
                                && db.Friendships.Any(f => f.OwnerId == v.Viewer && f.FriendId == v.Broadcast.HostId)
                                && (v.Broadcast.Kind == AudienceKind.Friends
                                    || (v.Broadcast.Kind == AudienceKind.Circles
                                        && v.Broadcast.Circles.Any(c => !c.Except
                                            && db.CircleMembers.Any(m => m.CircleId == c.CircleId && m.AccountId == v.Viewer)))))))))));

    /// <summary>The facts about each, in the same query that reads the broadcast.</summary>
    public static IQueryable<Known> WithFacts(this IQueryable<Viewing> viewings, WeirDb db) => viewings.Select(v => new Known
    {
        Broadcast = v.Broadcast,
        Viewer = v.Viewer,
        Facts = new AudienceFacts
        {
            Kind = v.Broadcast.Kind,
            Deleted = v.Broadcast.DeletedAt != null,
            HostGone = v.Broadcast.Host!.SuspendedAt != null || v.Broadcast.Host.DeletedAt != null,
            SignedIn = v.Viewer != Guid.Empty,
            ViewerGone = !db.Accounts.Any(a => a.Id == v.Viewer && a.SuspendedAt == null && a.DeletedAt == null),
            IsHost = v.Viewer == v.Broadcast.HostId,
            HostHoldsViewer = db.Friendships.Any(f => f.OwnerId == v.Broadcast.HostId && f.FriendId == v.Viewer),
            ViewerHoldsHost = db.Friendships.Any(f => f.OwnerId == v.Viewer && f.FriendId == v.Broadcast.HostId),
            Blocked = db.Blocks.Any(b => (b.OwnerId == v.Broadcast.HostId && b.BlockedId == v.Viewer)
                || (b.OwnerId == v.Viewer && b.BlockedId == v.Broadcast.HostId)),
            InCircle = v.Broadcast.Circles.Any(c => !c.Except && db.CircleMembers.Any(m => m.CircleId == c.CircleId && m.AccountId == v.Viewer)),
            Excepted = v.Broadcast.Exceptions.Any(e => e.AccountId == v.Viewer)
                || v.Broadcast.Circles.Any(c => c.Except && db.CircleMembers.Any(m => m.CircleId == c.CircleId && m.AccountId == v.Viewer)),
        },
    });

    public static IQueryable<Viewing> AsSeenBy(this IQueryable<Broadcast> broadcasts, Guid viewer) =>
        broadcasts.Select(b => new Viewing { Broadcast = b, Viewer = viewer });

    internal sealed class Known
    {
        public required Broadcast Broadcast { get; init; }

        public required Guid Viewer { get; init; }

        public required AudienceFacts Facts { get; init; }
    }
}
