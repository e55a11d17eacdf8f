namespace Weir.Social.Tests.Visibility;

/// <summary>
/// Some people and what they show each other, as plain lists. People are numbered; <see cref="Nobody"/> is somebody without an account. Half of what is drawn is
/// useless on purpose (edges to oneself do not exist, but circles with people who are no friends do).
/// </summary>
internal sealed class World
{
    public const int Nobody = -1;
    public const int Crowd = 5;

    public required int Seed { get; init; }

    public List<int> Suspended { get; } = [];

    public List<int> Deleted { get; } = [];

    /// <summary><c>By</c> has <c>Of</c> among their friends; a friendship is two of these.</summary>
    public List<(int By, int Of)> Holds { get; } = [];

    public List<(int By, int Of)> Blocks { get; } = [];

    /// <summary>Either way.</summary>
    public bool HasBlock(int one, int other) => Blocks.Contains((one, other)) || Blocks.Contains((other, one));

    /// <summary><c>By</c> does not let <c>From</c> see their moments.</summary>
    public List<(int By, int From)> HidesOwn { get; } = [];

    /// <summary><c>By</c> does not want to see the moments of <c>Of</c>.</summary>
    public List<(int By, int Of)> HidesTheirs { get; } = [];

    /// <summary>Of each person: threeDays, month, sixMonths, all.</summary>
    public List<string> Windows { get; } = [];

    public List<Circle> Circles { get; } = [];

    public List<Talk> Talks { get; } = [];

    public List<Paper> Papers { get; } = [];

    public List<Post> Posts { get; } = [];

    public List<Remark> Remarks { get; } = [];

    internal sealed record Circle(int Owner, List<int> Members);

    internal sealed record Talk(bool Group, List<int> Members);

    public void Block(int one, int other)
    {
        Blocks.Add((one, other));
        Withdraw(one, other);
    }

    /// <summary>What nobody has accepted ends with the friendship: whom its owner, the first of its editors, asked to run an account.</summary>
    public void Withdraw(int one, int other)
    {
        foreach (var paper in Papers.Where(paper => paper.Editors.Count > 0))
        {
            paper.Asked.RemoveAll(asked => (asked, paper.Editors[0]) == (one, other) || (paper.Editors[0], asked) == (one, other));
        }
    }

    /// <param name="Asked">Who was asked to be an editor and has not answered.</param>
    internal sealed record Paper(bool Closed, List<int> Editors, List<int> Asked, List<int> Followers);

    internal sealed record Post(
        bool Moment, string Kind, int Owner, bool Deleted, double DaysOld, List<int> Circles, List<int> ExceptCircles, List<int> ExceptPeople, int Talk, int Paper);

    internal sealed record Remark(int Post, int Author, bool Like);

    public static World Draw(int seed)
    {
        var random = new Random(seed);
        var world = new World { Seed = seed };
        var everybody = Enumerable.Range(0, Crowd).ToList();
        // Most are there and most hold each other, or nothing would ever be visible.
        world.Suspended.AddRange(Some(0.06));
        world.Deleted.AddRange(Some(0.05));
        world.Holds.AddRange(Pairs(0.75));
        world.Blocks.AddRange(Pairs(0.06));
        world.HidesOwn.AddRange(Pairs(0.1));
        world.HidesTheirs.AddRange(Pairs(0.1));
        string[] windows = ["all", "all", "threeDays", "month", "sixMonths"];
        world.Windows.AddRange(everybody.Select(_ => windows[random.Next(windows.Length)]));
        for (var circle = 0; circle < 3; circle++)
        {
            world.Circles.Add(new Circle(random.Next(Crowd), Some(0.5)));
        }

        world.Talks.Add(new Talk(true, Some(0.7)));
        var two = everybody.OrderBy(_ => random.Next()).Take(2).Order().ToList();
        world.Talks.Add(new Talk(false, two));
        var editors = Some(0.4);
        world.Papers.Add(new Paper(random.NextDouble() < 0.2, editors, [.. Some(0.2).Except(editors)], Some(0.5)));
        string[] ofMoments = ["friends", "friends", "circles", "onlyMe"];
        string[] ofBroadcasts = ["friends", "circles", "conversation", "conversation", "followers", "link", "public", "onlyMe"];
        double[] ages = [0.01, 2.9, 3.1, 27, 32, 178, 186, 900];
        for (var post = 0; post < 5; post++)
        {
            var isMoment = random.Next(2) == 0;
            var kinds = isMoment ? ofMoments : ofBroadcasts;
            var kind = kinds[random.Next(kinds.Length)];
            var owner = random.Next(Crowd);
            var own = Enumerable.Range(0, world.Circles.Count).Where(c => world.Circles[c].Owner == owner).ToList();
            world.Posts.Add(new Post(
                isMoment,
                kind,
                owner,
                random.NextDouble() < 0.05,
                ages[random.Next(ages.Length)],
                kind == "circles" ? Few(own, 0.8) : [],
                random.Next(3) == 0 ? Few(own, 0.7) : [],
                random.Next(3) == 0 ? Some(0.3) : [],
                random.Next(world.Talks.Count),
                0));
            if (isMoment)
            {
                foreach (var author in Some(0.5))
                {
                    world.Remarks.Add(new Remark(post, author, random.Next(2) == 0));
                }
            }
        }

        return world;

        List<int> Some(double share) => Few(everybody, share);

        List<int> Few(List<int> of, double share) => [.. of.Where(_ => random.NextDouble() < share)];

        List<(int, int)> Pairs(double share) => [.. everybody.SelectMany(_ => everybody, (a, b) => (a, b)).Where(pair => pair.a != pair.b && random.NextDouble() < share)];
    }
}
