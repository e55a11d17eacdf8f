namespace Weir.Social.Tests.Visibility;

/// <summary>One thing and somebody who sees it.</summary>
/// <param name="Kind">The kind of thing: what its number counts.</param>
internal readonly record struct Sight(string Kind, int Number, int Viewer)
{
    public override string ToString() => $"{Kind} {Number} to {Viewer}";
}

/// <summary>
/// Who sees what of everything in a world, worked out as slowly as by <see cref="Oracle"/>: each thing is held before each person. Written
/// from the rules people were promised.
/// </summary>
internal sealed class ThingsOracle(World world, Things things)
{
    public const string Post = "post", Listed = "broadcast in lists", Remark = "remark", Notice = "notice", Message = "message";
    public const string Article = "article", Draft = "draft", File = "file";

    public HashSet<Sight> Everything()
    {
        var all = new HashSet<Sight>();
        foreach (var post in Enumerable.Range(0, world.Posts.Count))
        {
            var shown = Oracle.ShownTo(world, world.Posts[post]);
            all.UnionWith(shown.Select(viewer => new Sight(Post, post, viewer)));
            all.UnionWith(shown.Where(viewer => IsListed(world.Posts[post], viewer)).Select(viewer => new Sight(Listed, post, viewer)));
        }

        foreach (var remark in Enumerable.Range(0, world.Remarks.Count))
        {
            all.UnionWith(Oracle.ShownTo(world, world.Remarks[remark]).Select(viewer => new Sight(Remark, remark, viewer)));
        }

        for (var viewer = World.Nobody; viewer < World.Crowd; viewer++)
        {
            if (viewer != World.Nobody && !IsThere(viewer))
            {
                continue;
            }

            Add(Article, things.Articles.Count, viewer, number => Reads(viewer, things.Articles[number]));
            Add(Draft, things.Articles.Count, viewer, number => Edits(viewer, things.Articles[number]));
            Add(Message, things.Messages.Count, viewer, number => Reads(viewer, things.Messages[number]));
            Add(File, things.Files.Count, viewer, number => Reads(viewer, things.Files[number]));
            Add(Notice, things.Notices.Count, viewer, number => things.Notices[number].For == viewer && Stands(things.Notices[number]));
        }

        return all;

        void Add(string kind, int count, int viewer, Func<int, bool> sees) =>
            all.UnionWith(Enumerable.Range(0, count).Where(sees).Select(number => new Sight(kind, number, viewer)));
    }

    /// <summary>Who is told that the broadcast begins: whoever gave a star, sees it, and would find it in a list.</summary>
    public List<int> ToldOfBeginning(int post)
    {
        var broadcast = world.Posts[post];
        return [.. Oracle.ShownTo(world, broadcast).Where(viewer => viewer != World.Nobody && viewer != broadcast.Owner
            && (things.Stars.Contains((viewer, broadcast.Owner))
                || (broadcast.Kind == "followers" && things.Stars.Contains((viewer, Things.Paper))))
            && broadcast.Kind != "link"
            && (broadcast.Kind == "followers" || AreFriends(viewer, broadcast.Owner)))];
    }

    /// <summary>Of those who watch, whom this one is told of.</summary>
    public List<int> NamedTo(int viewer, int host, IEnumerable<int> watching) =>
    [
        .. watching.Where(other => other != viewer && IsThere(other)
            && (viewer == host ? !world.Blocks.Contains((other, host)) : AreFriends(viewer, other) && !Blocked(viewer, other))),
    ];

    private bool IsListed(World.Post post, int viewer)
    {
        if (post.Moment || viewer == World.Nobody)
        {
            return false;
        }

        return viewer == post.Owner || post.Kind switch
        {
            // Whoever sees these was meant.
            "conversation" or "followers" => true,
            "link" => false,
            // One that is open to all is for friends to find, others are told of it.
            _ => AreFriends(viewer, post.Owner),
        };
    }

    private bool Reads(int viewer, Things.Article article) =>
        article.Published && !article.Deleted && !world.Papers[0].Closed && (viewer != World.Nobody || things.OpenPaper);

    private bool Edits(int viewer, Things.Article article) =>
        !article.Deleted && !world.Papers[0].Closed && world.Papers[0].Editors.Contains(viewer);

    private bool Reads(int viewer, Things.Message message) =>
        world.Talks[message.Talk].Members.Contains(viewer) && message.Seq > things.From.GetValueOrDefault((message.Talk, viewer));

    private bool Reads(int viewer, Things.File file)
    {
        if (viewer == file.Owner)
        {
            return true;
        }

        foreach (var (kind, number) in file.Places)
        {
            var sees = kind switch
            {
                "message" => Reads(viewer, things.Messages[number]),
                "moment" => Oracle.ShownTo(world, world.Posts[number]).Contains(viewer),
                "article" => Reads(viewer, things.Articles[number]) || Edits(viewer, things.Articles[number]),
                "avatar" => viewer != World.Nobody,
                "paper" => viewer != World.Nobody || (things.OpenPaper && !world.Papers[0].Closed),
                // Administrators only, and nobody of a world is one.
                "report" => false,
                _ => throw new InvalidOperationException(kind),
            };
            if (sees)
            {
                return true;
            }
        }

        return false;
    }

    private bool Stands(Things.Notice notice)
    {
        var (me, by) = (notice.For, notice.By);
        if (!IsThere(by) || Blocked(me, by))
        {
            return false;
        }

        return notice.Kind switch
        {
            "message" => Reads(me, things.Messages[notice.Number]),
            "remark" => Oracle.ShownTo(world, world.Remarks[notice.Number]).Contains(me),
            "live" => Oracle.ShownTo(world, world.Posts[notice.Number]).Contains(me),
            "friend" => AreFriends(me, by),
            _ => throw new InvalidOperationException(notice.Kind),
        };
    }

    private bool IsThere(int person) => !world.Suspended.Contains(person) && !world.Deleted.Contains(person);

    private bool AreFriends(int one, int other) => world.Holds.Contains((one, other)) && world.Holds.Contains((other, one));

    private bool Blocked(int one, int other) => world.Blocks.Contains((one, other)) || world.Blocks.Contains((other, one));
}
