namespace Weir.Social.Tests.Visibility;

/// <summary>What people of a world have beside posts, as plain lists: messages, articles, files, notices, stars.</summary>
internal sealed class Things
{
    /// <summary>Its articles may be read by anybody.</summary>
    public bool OpenPaper { get; set; }

    public List<Message> Messages { get; } = [];

    /// <summary>What was said up to this number was said before they came; nothing where there is none.</summary>
    public Dictionary<(int Talk, int Person), int> From { get; } = [];

    public List<Article> Articles { get; } = [];

    public List<File> Files { get; } = [];

    public List<Notice> Notices { get; } = [];

    /// <summary><c>By</c> wants to know when <c>Of</c> is live; <see cref="Paper"/> is the official account.</summary>
    public HashSet<(int By, int Of)> Stars { get; } = [];

    public const int Paper = World.Crowd;

    internal sealed record Message(int Talk, int Seq, int Sender);

    internal sealed record Article(bool Published, bool Deleted);

    /// <param name="Places">Where it is used: of each kind the number of the message, post, article or person.</param>
    internal sealed record File(int Owner, List<(string Kind, int Number)> Places)
    {
        /// <summary>The last place of it is gone: the server deletes it some time, and until then its owner reads it.</summary>
        public bool Released { get; set; }
    }

    /// <param name="By">Who did it.</param>
    /// <param name="Number">Of the message, remark or post; of the person for "friend".</param>
    internal sealed record Notice(int For, string Kind, int By, int Number);

    public static Things Draw(World world)
    {
        var random = new Random(world.Seed ^ 0x7417);
        var things = new Things { OpenPaper = random.Next(2) == 0 };
        for (var talk = 0; talk < world.Talks.Count; talk++)
        {
            var members = world.Talks[talk].Members;
            for (var seq = 1; seq <= 3 && members.Count > 0; seq++)
            {
                things.Messages.Add(new Message(talk, seq, members[random.Next(members.Count)]));
            }

            foreach (var member in members.Where(_ => world.Talks[talk].Group && random.Next(3) == 0))
            {
                things.From[(talk, member)] = random.Next(1, 4);
            }
        }

        for (var article = 0; article < 3; article++)
        {
            things.Articles.Add(new Article(random.Next(3) > 0, false));
        }

        DrawFiles(world, things, random);
        DrawNotices(world, things, random);
        foreach (var by in Enumerable.Range(0, World.Crowd))
        {
            things.Stars.UnionWith(Enumerable.Range(0, Paper + 1).Where(of => of != by && random.Next(2) == 0).Select(of => (by, of)));
        }

        return things;
    }

    private static void DrawFiles(World world, Things things, Random random)
    {
        var places = new List<(string, int)> { ("avatar", random.Next(World.Crowd)), ("paper", 0), ("report", 0) };
        places.AddRange(Enumerable.Range(0, things.Messages.Count).Select(message => ("message", message)));
        places.AddRange(Enumerable.Range(0, world.Posts.Count).Where(post => world.Posts[post].Moment).Select(post => ("moment", post)));
        places.AddRange(Enumerable.Range(0, things.Articles.Count).Select(article => ("article", article)));
        for (var file = 0; file < 8; file++)
        {
            // Whoever passes something on uses it in two places.
            var uses = random.Next(8) == 0 ? 0 : random.Next(1, 3);
            things.Files.Add(new File(
                random.Next(World.Crowd), [.. Enumerable.Range(0, uses).Select(_ => places[random.Next(places.Count)]).Distinct()]));
        }
    }

    // Also of what concerned somebody once: the list must leave out whatever they would not see now.
    private static void DrawNotices(World world, Things things, Random random)
    {
        var drawn = new HashSet<Notice>();
        for (var person = 0; person < World.Crowd; person++)
        {
            for (var notice = 0; notice < 4; notice++)
            {
                var (message, remark) = (random.Next(things.Messages.Count), random.Next(world.Remarks.Count));
                var (post, other) = (random.Next(world.Posts.Count), random.Next(World.Crowd));
                var one = random.Next(4) switch
                {
                    0 when things.Messages.Count > 0 => new Notice(person, "message", things.Messages[message].Sender, message),
                    1 when world.Remarks.Count > 0 => new Notice(person, "remark", world.Remarks[remark].Author, remark),
                    2 when !world.Posts[post].Moment => new Notice(person, "live", world.Posts[post].Owner, post),
                    _ => new Notice(person, "friend", other, other),
                };
                if (one.By != person)
                {
                    drawn.Add(one);
                }
            }
        }

        things.Notices.AddRange(drawn);
    }
}
