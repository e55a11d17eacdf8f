using Weir.Social.Audiences;
using Weir.Social.Moments;

namespace Weir.Social.Tests.Visibility;

/// <summary>What the predicates are told about a world.</summary>
internal static class WorldFacts
{
    public static readonly DateTimeOffset Now = new(2026, 8, 15, 12, 0, 0, TimeSpan.Zero);

    public static AudienceKind KindOf(World.Post post) => Enum.Parse<AudienceKind>(post.Kind, ignoreCase: true);

    public static MomentWindow WindowOf(World world, int person) => Enum.Parse<MomentWindow>(world.Windows[person], ignoreCase: true);

    public static DateTimeOffset TimeOf(World.Post post) => TimeOf(post, Now);

    public static DateTimeOffset TimeOf(World.Post post, DateTimeOffset now) => now.AddDays(-post.DaysOld);

    public static AudienceFacts Of(World world, int viewer, World.Post post)
    {
        var talk = post.Kind == "conversation" ? world.Talks[post.Talk] : null;
        var paper = post.Kind == "followers" ? world.Papers[post.Paper] : null;
        return new AudienceFacts
        {
            Kind = KindOf(post),
            Deleted = post.Deleted,
            OwnerGone = Gone(world, post.Owner),
            SignedIn = viewer != World.Nobody,
            ViewerGone = viewer == World.Nobody || Gone(world, viewer),
            IsOwner = viewer == post.Owner,
            OwnerHoldsViewer = world.Holds.Contains((post.Owner, viewer)),
            ViewerHoldsOwner = world.Holds.Contains((viewer, post.Owner)),
            Blocked = world.Blocks.Contains((post.Owner, viewer)) || world.Blocks.Contains((viewer, post.Owner)),
            InCircle = In(post.Circles),
            Excepted = post.ExceptPeople.Contains(viewer) || In(post.ExceptCircles),
            InConversation = talk is not null && talk.Members.Contains(viewer) && talk.Members.Contains(post.Owner),
            InGroup = talk?.Group == true,
            Follows = paper?.Followers.Contains(viewer) == true,
            OwnerMayReachFollowers = paper is { Closed: false } && paper.Editors.Contains(post.Owner),
            IsMoment = post.Moment,
            OwnerHides = world.HidesOwn.Contains((post.Owner, viewer)),
            ViewerHides = world.HidesTheirs.Contains((viewer, post.Owner)),
            Window = WindowOf(world, post.Owner),
            CreatedAt = TimeOf(post),
        };

        bool In(List<int> circles) => circles.Any(circle => world.Circles[circle].Members.Contains(viewer));
    }

    public static InteractionFacts Of(World world, int viewer, World.Remark remark) => new()
    {
        MomentVisible = Of(world, viewer, world.Posts[remark.Post]).MaySee(Now),
        AuthorGone = Gone(world, remark.Author),
        IsAuthor = viewer == remark.Author,
        AuthorHoldsViewer = world.Holds.Contains((remark.Author, viewer)),
        ViewerHoldsAuthor = world.Holds.Contains((viewer, remark.Author)),
        Blocked = world.Blocks.Contains((remark.Author, viewer)) || world.Blocks.Contains((viewer, remark.Author)),
    };

    private static bool Gone(World world, int person) => world.Suspended.Contains(person) || world.Deleted.Contains(person);
}
