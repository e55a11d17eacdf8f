using Weir.Social.Accounts;
using Weir.Social.Audiences;
using Weir.Social.Blocks;
using Weir.Social.Broadcasts;
using Weir.Social.Conversations;
using Weir.Social.Data;
using Weir.Social.Friends;
using Weir.Social.Moments;
using Weir.Social.OfficialAccounts;

namespace Weir.Social.Tests.Visibility;

/// <summary>The ids that one world got in a database.</summary>
internal sealed record Placed(
    World World, int Number, Guid[] People, Guid[] Posts, Guid[] Remarks, Guid[] Circles, Guid[] Talks, Guid[] Papers)
{
    public Things Things { get; init; } = new();

    public Guid[] Messages { get; init; } = [];

    public Guid[] Articles { get; init; } = [];

    public Guid[] Files { get; init; } = [];

    public Guid[] Notices { get; init; } = [];

    /// <summary>Of a link into the group, made by whoever leads it; empty when nobody does.</summary>
    public string GroupLink { get; init; } = "";

    public string Handle(int person) => $"w{Number}_{person}";

    public string Paper(int paper) => $"p{Number}_{paper}";

    /// <summary>The empty id for somebody without an account.</summary>
    public Guid Person(int number) => number == World.Nobody ? Guid.Empty : People[number];
}

/// <summary>Puts worlds into a database side by side. All accounts of one world were made at one moment, by which a query finds who is of the same world.</summary>
internal static class WorldStore
{
    /// <summary>When everything of a world was made that is not asked for its age.</summary>
    public static DateTimeOffset DayOf(int number) => WorldFacts.Now.AddYears(-5).AddMinutes(number);

    /// <param name="now">When the world is looked at: the time of these tests, unless a server with a clock of its own looks.</param>
    public static Placed Add(WeirDb db, World world, int number, DateTimeOffset? now = null, Things? things = null)
    {
        var day = DayOf(number);
        var people = Enumerable.Range(0, World.Crowd).Select(_ => Guid.NewGuid()).ToArray();
        db.Accounts.AddRange(people.Select((id, person) => new Account
        {
            Id = id,
            UserName = Handle(person),
            NormalizedUserName = Handle(person),
            Name = "Person",
            CreatedAt = day,
            SuspendedAt = world.Suspended.Contains(person) ? day : null,
            DeletedAt = world.Deleted.Contains(person) ? day : null,
            MomentWindow = WorldFacts.WindowOf(world, person),
        }));
        db.Friendships.AddRange(world.Holds.Select(pair => new Friendship { OwnerId = people[pair.By], FriendId = people[pair.Of], Since = day }));
        db.Blocks.AddRange(world.Blocks.Select(pair => new Block { OwnerId = people[pair.By], Handle = Handle(pair.Of), BlockedId = people[pair.Of], CreatedAt = day }));
        db.MomentHidings.AddRange(world.HidesOwn.Select(pair => new MomentHiding { OwnerId = people[pair.By], OtherId = people[pair.From] }));
        db.MomentHidings.AddRange(world.HidesTheirs.Select(pair => new MomentHiding { OwnerId = people[pair.By], OtherId = people[pair.Of], Theirs = true }));
        var circles = world.Circles.ConvertAll(_ => Guid.NewGuid());
        db.Circles.AddRange(world.Circles.Select((circle, index) => new Circles.Circle { Id = circles[index], OwnerId = people[circle.Owner], Name = "Circle", CreatedAt = day }));
        db.CircleMembers.AddRange(world.Circles.SelectMany((circle, index) => circle.Members.Select(person => new Circles.CircleMember { CircleId = circles[index], AccountId = people[person] })));
        var talks = world.Talks.ConvertAll(_ => Guid.NewGuid());
        db.Conversations.AddRange(world.Talks.Select((talk, index) => new Conversation
        {
            Id = talks[index],
            OneId = talk.Group ? null : people[talk.Members[0]],
            OtherId = talk.Group ? null : people[talk.Members[1]],
            CreatedAt = day,
            LastAt = day,
            LastSeq = things?.Messages.Count(message => message.Talk == index) ?? 0,
        }));
        db.ConversationMembers.AddRange(world.Talks.SelectMany((talk, index) => talk.Members.Select(person => new ConversationMember
        {
            ConversationId = talks[index],
            AccountId = people[person],
            JoinedAt = day,
            FromSeq = things?.From.GetValueOrDefault((index, person)) ?? 0,
            Role = talk.Group && person == talk.Members[0] ? MemberRole.Owner : MemberRole.Member,
        })));
        var papers = world.Papers.ConvertAll(_ => Guid.NewGuid());
        db.OfficialAccounts.AddRange(world.Papers.Select((paper, index) => new OfficialAccount { Id = papers[index], Handle = $"p{number}_{index}", Name = "Paper", CreatedAt = day, ClosedAt = paper.Closed ? day : null }));
        db.OfficialEditors.AddRange(world.Papers.SelectMany((paper, index) => paper.Editors.Select(person => (person, accepted: true)).Concat(paper.Asked.Select(person => (person, accepted: false)))
            .Select(editor => new OfficialEditor
            {
                OfficialAccountId = papers[index],
                AccountId = people[editor.person],
                InvitedAt = day,
                AcceptedAt = editor.accepted ? day : null,
                Role = paper.Editors is [var owner, ..] && owner == editor.person ? EditorRole.Owner : EditorRole.Editor,
            })));
        db.Followers.AddRange(world.Papers.SelectMany((paper, index) => paper.Followers.Select(person => new Follower { OfficialAccountId = papers[index], AccountId = people[person], Since = day, SeenAt = day })));
        var posts = world.Posts.ConvertAll(post =>
        {
            var (id, owner, created) = (Guid.NewGuid(), people[post.Owner], WorldFacts.TimeOf(post, now ?? WorldFacts.Now));
            var added = post.Moment
                ? (Audiences.Post)new Moment { Id = id, OwnerId = owner, Text = $"w{number}x", CreatedAt = created }
                : new Broadcast { Id = id, OwnerId = owner, Title = $"w{number}x", CreatedAt = created };
            added.DeletedAt = post.Deleted ? WorldFacts.Now : null;
            added.Kind = WorldFacts.KindOf(post);
            added.ConversationId = post.Kind == "conversation" ? talks[post.Talk] : null;
            added.OfficialAccountId = post.Kind == "followers" ? papers[post.Paper] : null;
            added.Circles.AddRange(post.Circles.Select(circle => new AudienceCircle { PostId = added.Id, CircleId = circles[circle] }));
            added.Circles.AddRange(post.ExceptCircles.Select(circle => new AudienceCircle { PostId = added.Id, CircleId = circles[circle], Except = true }));
            added.Exceptions.AddRange(post.ExceptPeople.Select(person => new AudienceException { PostId = added.Id, Handle = Handle(person), AccountId = people[person] }));
            db.Posts.Add(added);
            return added.Id;
        });
        var remarks = world.Remarks.ConvertAll(remark =>
        {
            if (remark.Like)
            {
                db.MomentLikes.Add(new MomentLike { MomentId = posts[remark.Post], AuthorId = people[remark.Author], CreatedAt = WorldFacts.Now });
                return Guid.Empty;
            }

            var comment = new MomentComment { Id = Guid.NewGuid(), MomentId = posts[remark.Post], AuthorId = people[remark.Author], Text = "x", CreatedAt = WorldFacts.Now };
            db.MomentComments.Add(comment);
            return comment.Id;
        });
        return new Placed(world, number, people, [.. posts], [.. remarks], [.. circles], [.. talks], [.. papers]);

        string Handle(int person) => $"w{number}_{person}";
    }
}
