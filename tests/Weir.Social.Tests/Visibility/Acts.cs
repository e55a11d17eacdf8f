using System.Net;
using System.Text.Json.Nodes;

namespace Weir.Social.Tests.Visibility;

/// <summary>Draws what may happen next in a world.</summary>
internal sealed class Acts(Placed placed)
{
    private const int MostTries = 10_000;
    public const int Administrator = World.Crowd;

    private static readonly string[] Windows = ["threeDays", "month", "sixMonths", "all"];
    private readonly World _world = placed.World;
    private readonly Things _things = placed.Things;
    private readonly HashSet<int> _removedFollowers = [];
    private readonly HashSet<int> _removedMembers = [];
    private readonly HashSet<int> _deletedCircles = [];
    private Random _random = null!;
    private int _leads = placed.World.Talks[0].Members is [var first, ..] ? first : World.Nobody;

    /// <summary>One that is possible at this moment; null where nobody is left to do anything.</summary>
    public Act? Draw(Random random)
    {
        _random = random;
        return Enumerable.Range(0, MostTries).Select(_ => Try()).FirstOrDefault(act => act is not null);
    }

    private Act? Try()
    {
        var (one, other) = (_random.Next(World.Crowd), _random.Next(World.Crowd));
        return one == other || !IsThere(one) ? null : _random.Next(31) switch
        {
            0 or 1 => Unfriend(one, other),
            2 or 3 => Block(one, other),
            4 => Unblock(one, other),
            5 or 6 => OutOfCircle(one),
            7 or 8 => IntoCircle(one, other),
            9 => DeleteCircle(one),
            10 => LeaveGroup(one),
            11 => RemoveFromGroup(one, other),
            12 => Follow(one),
            13 => RemoveFollower(one, other),
            14 => Suspend(other),
            15 => Lift(),
            16 => Hide(one, other),
            17 => Window(one),
            18 => DeletePost(one),
            19 or 20 => Befriend(one, other),
            21 => JoinGroup(one),
            22 or 23 => Article(one),
            24 => OpenPaper(one),
            25 => BecomeEditor(one),
            _ => ChangeAudience(one),
        };
    }

    private Act? Unfriend(int one, int other) => !_world.Holds.Contains((one, other)) || IsHidden(one, other) ? null : Of(
        one, $"unfriends {other}", true, HttpMethod.Delete, $"/api/friends/{placed.Handle(other)}", () =>
    {
        _world.Holds.Remove((one, other));
        _world.Withdraw(one, other);
        _things.Stars.Remove((one, other));
        foreach (var circle in Enumerable.Range(0, _world.Circles.Count).Where(c => _world.Circles[c].Owner == one))
        {
            Leave(circle, other);
        }
    });

    private Act? Befriend(int one, int other)
    {
        if (AreFriends(one, other) || !IsThere(other) || _world.HasBlock(one, other))
        {
            return null;
        }

        return Of(other, $"befriends {one}, who asked", false, HttpMethod.Post, $"/api/friend-requests/{Act.Id}/accept", () =>
        {
            foreach (var pair in new[] { (one, other), (other, one) }.Where(pair => !_world.Holds.Contains(pair)))
            {
                _world.Holds.Add(pair);
            }
        }) with { Asked = new Asking(one, "/api/friend-requests", new { handle = placed.Handle(other) }) };
    }

    private Act? Block(int one, int other) => _world.Blocks.Contains((one, other)) ? null
        : Of(one, $"blocks {other}", true, HttpMethod.Put, $"/api/blocks/{placed.Handle(other)}", () => _world.Block(one, other));

    private Act? Unblock(int one, int other) => !_world.Blocks.Contains((one, other)) ? null
        : Of(one, $"unblocks {other}", false,
            HttpMethod.Delete, $"/api/blocks/{placed.Handle(other)}", () => _world.Blocks.Remove((one, other)));

    private Act? OutOfCircle(int one) =>
        CircleOf(one) is not { } circle || Some(_world.Circles[circle].Members) is not { } member || IsHidden(one, member) ? null
        : Of(one, $"takes {member} out of circle {circle}", true,
            HttpMethod.Delete, $"/api/circles/{placed.Circles[circle]:N}/members/{placed.Handle(member)}", () => Leave(circle, member));

    private Act? IntoCircle(int one, int other)
    {
        if (CircleOf(one) is not { } circle || !_world.Holds.Contains((one, other)) || IsHidden(one, other)
            || _world.Circles[circle].Members.Contains(other))
        {
            return null;
        }

        return Of(one, $"puts {other} into circle {circle}", false,
            HttpMethod.Put, $"/api/circles/{placed.Circles[circle]:N}/members/{placed.Handle(other)}",
            () => _world.Circles[circle].Members.Add(other));
    }

    private Act? DeleteCircle(int one) => CircleOf(one) is not { } circle ? null : Of(one, $"deletes circle {circle}", true,
        HttpMethod.Delete, $"/api/circles/{placed.Circles[circle]:N}", () =>
    {
        _deletedCircles.Add(circle);
        foreach (var member in _world.Circles[circle].Members.ToList())
        {
            Leave(circle, member);
        }

        _world.Posts.ForEach(post =>
        {
            post.Circles.Remove(circle);
            post.ExceptCircles.Remove(circle);
        });
    });

    private Act? LeaveGroup(int one)
    {
        var members = _world.Talks[0].Members;
        return !members.Contains(one) || one == _leads ? null
            : Of(one, "leaves the group", true,
                HttpMethod.Post, $"/api/conversations/{placed.Talks[0]:N}/leave", () => members.Remove(one));
    }

    /// <summary>Or takes them in again.</summary>
    private Act? RemoveFromGroup(int one, int other)
    {
        var (members, path) = (_world.Talks[0].Members, $"/api/conversations/{placed.Talks[0]:N}/members/{placed.Handle(other)}");
        if (one != _leads || _world.Deleted.Contains(other))
        {
            return null;
        }

        if (members.Contains(other))
        {
            return Of(one, $"removes {other} from the group", true, HttpMethod.Delete, path, () =>
            {
                members.Remove(other);
                _removedMembers.Add(other);
            });
        }

        return AreFriends(one, other) && !_world.HasBlock(one, other)
            ? Of(one, $"takes {other} into the group", false, HttpMethod.Put, path, () => Join(other))
            : null;
    }

    /// <summary>By the link; whoever was removed is not let in by it, nor across a block with who made it.</summary>
    private Act? JoinGroup(int one) =>
        placed.GroupLink.Length == 0 || _world.Talks[0].Members.Contains(one) || _removedMembers.Contains(one) || !IsThere(_leads) || _world.HasBlock(one, _leads) ? null
            : Of(one, "joins the group", false,
                HttpMethod.Post, $"/api/group-links/{placed.GroupLink}/join", () => Join(one), done: HttpStatusCode.OK);

    private void Join(int person)
    {
        _world.Talks[0].Members.Add(person);
        _removedMembers.Remove(person);
        // What was said before they came, the first time too, is not theirs.
        _things.From[(0, person)] = int.MaxValue;
    }

    /// <summary>Takes one back, publishes it again, or deletes it.</summary>
    private Act? Article(int one)
    {
        var paper = _world.Papers[0];
        if (paper.Closed || !paper.Editors.Contains(one)
            || Some([.. Enumerable.Range(0, _things.Articles.Count).Where(a => !_things.Articles[a].Deleted)]) is not { } number)
        {
            return null;
        }

        var (article, path) = (_things.Articles[number], $"/api/articles/{placed.Articles[number]:N}");
        return _random.Next(4) == 0
            ? Of(one, $"deletes article {number}", true, HttpMethod.Delete, path, () =>
            {
                _things.Articles[number] = article with { Deleted = true };
                Release("article", number);
            })
            : article.Published
            ? Of(one, $"takes article {number} back", true, HttpMethod.Post, $"{path}/unpublish",
                () => _things.Articles[number] = article with { Published = false }, new { })
            : Of(one, $"publishes article {number}", false, HttpMethod.Post, $"{path}/publish",
                () => _things.Articles[number] = article with { Published = true }, new { version = 1 }, HttpStatusCode.OK);
    }

    /// <summary>To strangers, or no longer.</summary>
    private Act? OpenPaper(int one)
    {
        var (paper, open) = (_world.Papers[0], !_things.OpenPaper);
        return paper.Closed || paper.Editors is not [var owner, ..] || owner != one ? null
            : Of(one, open ? "opens articles to strangers" : "keeps strangers from articles", !open,
                HttpMethod.Patch, $"/api/official/{placed.Paper(0)}", () => _things.OpenPaper = open, new { open, widen = open },
                HttpStatusCode.OK);
    }

    private Act? BecomeEditor(int one)
    {
        var paper = _world.Papers[0];
        return paper.Closed || paper.Editors.Count == 0 || !paper.Asked.Contains(one) ? null
            : Of(one, "becomes an editor", false, HttpMethod.Post, $"/api/official/{placed.Paper(0)}/invitation/accept", () =>
            {
                paper.Asked.Remove(one);
                paper.Editors.Add(one);
                _removedFollowers.Remove(one);
                if (!paper.Followers.Contains(one))
                {
                    paper.Followers.Add(one);
                }
            });
    }

    /// <summary>Files are used there no longer.</summary>
    private void Release(string kind, int number)
    {
        _things.Files.FindAll(file => file.Places.Remove((kind, number))).ForEach(file => file.Released = file.Places.Count == 0);
    }

    /// <summary>Or no longer.</summary>
    private Act? Follow(int one)
    {
        var (paper, path) = (_world.Papers[0], $"/api/official/{placed.Paper(0)}/follow");
        if (paper.Closed)
        {
            return null;
        }

        if (paper.Followers.Contains(one))
        {
            return Of(one, "unfollows", true, HttpMethod.Delete, path, () => paper.Followers.Remove(one));
        }

        return _removedFollowers.Contains(one) ? null : Of(one, "follows", false, HttpMethod.Put, path, () => paper.Followers.Add(one));
    }

    /// <summary>Or, when that one does not follow, is an editor no more, or closes it.</summary>
    private Act? RemoveFollower(int one, int other)
    {
        var paper = _world.Papers[0];
        if (paper.Closed || !paper.Editors.Contains(one))
        {
            return null;
        }

        if (paper.Followers.Contains(other) && !paper.Editors.Contains(other) && !paper.Asked.Contains(other))
        {
            return Of(one, $"removes the follower {other}", true,
                HttpMethod.Delete, $"/api/official/{placed.Paper(0)}/followers/{placed.Handle(other)}", () =>
            {
                paper.Followers.Remove(other);
                _removedFollowers.Add(other);
            });
        }

        return one == paper.Editors[0]
            ? Of(one, "closes the account", true,
                HttpMethod.Delete, $"/api/official/{placed.Paper(0)}", () => _world.Papers[0] = paper with { Closed = true })
            : Of(one, "is no editor any more", true,
                HttpMethod.Delete, $"/api/official/{placed.Paper(0)}/editors/{placed.Handle(one)}", () => paper.Editors.Remove(one));
    }

    private Act? Suspend(int other) => _world.Suspended.Count > 1 || !IsThere(other) ? null
        : Of(Administrator, $"suspends {other}", true,
            HttpMethod.Put, $"/api/admin/accounts/{placed.Handle(other)}/suspension", () => _world.Suspended.Add(other));

    private Act? Lift() => Some(_world.Suspended) is not { } suspended || _world.Deleted.Contains(suspended) ? null
        : Of(Administrator, $"lifts the suspension of {suspended}", false,
            HttpMethod.Delete, $"/api/admin/accounts/{placed.Handle(suspended)}/suspension", () => _world.Suspended.Remove(suspended));

    /// <summary>Or shows again.</summary>
    private Act? Hide(int one, int other)
    {
        var (list, path) = _random.Next(2) == 0 ? (_world.HidesOwn, "mine-from") : (_world.HidesTheirs, "theirs");
        path = $"/api/moment-hiding/{path}/{placed.Handle(other)}";
        if (list.Contains((one, other)) && !IsHidden(one, other))
        {
            return Of(one, $"shows {other} again", false, HttpMethod.Delete, path, () => list.Remove((one, other)));
        }

        return !_world.Holds.Contains((one, other)) || IsHidden(one, other) ? null
            : Of(one, $"hides moments and {other}", true, HttpMethod.Put, path, () => list.Add((one, other)));
    }

    private Act Window(int one)
    {
        var window = Windows[_random.Next(Windows.Length)];
        var narrows = Array.IndexOf(Windows, window) <= Array.IndexOf(Windows, _world.Windows[one]);
        return Of(one, $"shows moments of {window}", narrows,
            HttpMethod.Patch, "/api/me/moments", () => _world.Windows[one] = window, new { window, widen = !narrows }, HttpStatusCode.OK);
    }

    private Act? DeletePost(int one) => _random.Next(3) > 0 || PostOf(one) is not { } post ? null
        : Of(one, $"deletes post {post}", true, HttpMethod.Delete, PathOf(post), () =>
        {
            _world.Posts[post] = _world.Posts[post] with { Deleted = true };
            Release("moment", post);
        });

    /// <summary>Says half of the time that it may widen. What was not said is refused, or narrows.</summary>
    private Act? ChangeAudience(int one)
    {
        if (PostOf(one) is not { } number)
        {
            return null;
        }

        var post = _world.Posts[number];
        var own = Enumerable.Range(0, _world.Circles.Count)
            .Where(c => _world.Circles[c].Owner == one && !_deletedCircles.Contains(c)).ToList();
        var kinds = new List<string> { "friends", "onlyMe" };
        kinds.AddRange(own.Count > 0 ? ["circles"] : []);
        kinds.AddRange(post.Moment ? [] : ["link", "public"]);
        var talks = Enumerable.Range(0, _world.Talks.Count).Where(t => _world.Talks[t].Members.Contains(one)).ToList();
        kinds.AddRange(!post.Moment && talks.Count > 0 ? ["conversation"] : []);
        kinds.AddRange(!post.Moment && !_world.Papers[0].Closed && _world.Papers[0].Editors.Contains(one) ? ["followers"] : []);
        // Often the same kind: the exceptions decide then.
        var kind = _random.Next(2) == 0 && kinds.Contains(post.Kind) ? post.Kind : kinds[_random.Next(kinds.Count)];
        var next = post with
        {
            Kind = kind,
            Circles = kind == "circles" ? [own[_random.Next(own.Count)]] : [],
            ExceptCircles = [.. own.Where(c => _random.Next(3) == 0 || (post.ExceptCircles.Contains(c) && _random.Next(3) > 0))],
            ExceptPeople = [.. Enumerable.Range(0, World.Crowd)
                .Where(p => p != one && (_random.Next(6) == 0 || (post.ExceptPeople.Contains(p) && _random.Next(4) > 0)))],
            Talk = kind == "conversation" ? talks[_random.Next(talks.Count)] : post.Talk,
        };
        var audience = new JsonObject { ["kind"] = kind };
        if (kind == "circles")
        {
            audience["circles"] = new JsonArray([.. next.Circles.Select(c => JsonValue.Create(placed.Circles[c].ToString("N")))]);
        }

        if (kind == "conversation")
        {
            audience["conversation"] = placed.Talks[next.Talk].ToString("N");
        }

        if (kind == "followers")
        {
            audience["officialAccount"] = placed.Papers[0].ToString("N");
        }

        audience["except"] = new JsonObject
        {
            ["accounts"] = new JsonArray([.. next.ExceptPeople.Select(p => JsonValue.Create(placed.Handle(p)))]),
            ["circles"] = new JsonArray([.. next.ExceptCircles.Select(c => JsonValue.Create(placed.Circles[c].ToString("N")))]),
        };
        var widen = _random.Next(2) == 0;
        var body = new JsonObject { ["audience"] = audience };
        if (widen)
        {
            body["widen"] = true;
        }

        return Of(one, $"gives post {number} {body.ToJsonString()}", !widen,
            HttpMethod.Patch, PathOf(number), () => _world.Posts[number] = next, body, HttpStatusCode.OK)
            with { Refused = widen ? null : "widens" };
    }

    /// <summary>Whoever leaves a circle stays out of what the circle kept them from.</summary>
    private void Leave(int circle, int member)
    {
        if (_world.Circles[circle].Members.Remove(member))
        {
            foreach (var post in _world.Posts.Where(post => post.ExceptCircles.Contains(circle) && !post.ExceptPeople.Contains(member)))
            {
                post.ExceptPeople.Add(member);
            }
        }
    }

    private static Act Of(int by, string what, bool narrows, HttpMethod method, string path,
        Action apply, object? body = null, HttpStatusCode done = HttpStatusCode.NoContent) =>
        new(what, narrows, by, method, path, body, apply, done);

    private string PathOf(int post) => $"/api/{(_world.Posts[post].Moment ? "moments" : "broadcasts")}/{placed.Posts[post]:N}";

    private int? PostOf(int one) => Some([.. Enumerable.Range(0, _world.Posts.Count)
        .Where(p => _world.Posts[p].Owner == one && !_world.Posts[p].Deleted)]);

    private int? CircleOf(int one) => Some([.. Enumerable.Range(0, _world.Circles.Count)
        .Where(c => _world.Circles[c].Owner == one && !_deletedCircles.Contains(c))]);

    private int? Some(List<int> of) => of.Count == 0 ? null : of[_random.Next(of.Count)];

    private bool IsThere(int person) => !_world.Suspended.Contains(person) && !_world.Deleted.Contains(person);

    // For whom they name it is as if nobody had the handle: HiddenPeopleTests.
    private bool IsHidden(int one, int other) => _world.Blocks.Contains((other, one)) || _world.Deleted.Contains(other);

    private bool AreFriends(int one, int other) => _world.Holds.Contains((one, other)) && _world.Holds.Contains((other, one));
}
