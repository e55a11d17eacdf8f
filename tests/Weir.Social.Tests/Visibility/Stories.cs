using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Weir.Social.Articles;
using Weir.Social.Audiences;
using Weir.Social.Broadcasts;
using Weir.Social.Data;
using Weir.Social.Files;
using Weir.Social.LivePlane;
using Weir.Social.Moments;
using Weir.Social.Search;
using Weir.Social.Tests.Search;

namespace Weir.Social.Tests.Visibility;

/// <summary>
/// Many sequences side by side in one database. After each act of all of them a few statements, with the queries that slices ask, say who
/// sees what in every world, and that is compared with the rules.
/// </summary>
internal sealed class Stories : IAsyncDisposable
{
    private const int AtOnce = 4;
    private const int Inserted = 20;
    private const int AskedAtOnce = 25;

    /// <summary>In every how many-th world.</summary>
    private const int OthersRead = 6;

    private static readonly string[] Compared =
        [ThingsOracle.Post, ThingsOracle.Listed, ThingsOracle.Remark, ThingsOracle.Article, ThingsOracle.File];

    private readonly Server _server;
    private readonly List<Story> _stories;
    private readonly LiveSide? _live;
    private readonly Dictionary<Guid, (Story Story, int Number)> _things = [];
    private readonly Dictionary<Story, HashSet<Sight>> _files = [];
    private int _turn;

    private Stories(Server server, List<Story> stories, LiveSide? live) => (_server, _stories, _live) = (server, stories, live);

    public IReadOnlyList<Story> All => _stories;

    /// <param name="isClose">Whether every outlet of the sequence with this seed is looked at.</param>
    public static async Task<Stories> BeginAsync(
        Server server, Someone admin, IEnumerable<int> seeds, Func<int, bool> isClose, IReadOnlySet<int>? skipped = null)
    {
        List<Story> stories = [.. seeds.Select((seed, number) => new Story(server, admin, seed, number, skipped))];
        var now = TimeProvider.System.Now();
        foreach (var some in stories.Chunk(Inserted))
        {
            await server.ReadAsync(async db =>
            {
                db.ChangeTracker.AutoDetectChangesEnabled = false;
                Array.ForEach(some, story => story.Add(db, now));
                await ManyRows.WriteAsync(db);
                return true;
            });
        }

        await server.ReadAsync(db => db.Database.ExecuteSqlRawAsync("ANALYZE"));
        var close = stories.FindAll(story => isClose(story.Seed));
        await IndexAsync(server, close);
        var live = close.Count > 0 ? await LiveSide.StartAsync(server) : null;
        var all = new Stories(server, stories, live);
        try
        {
            foreach (var story in close)
            {
                story.Close = await CloseLook.BeginAsync(server, live!, story);
            }

            all.Know();
            await all.CompareAsync();
            return all;
        }
        catch
        {
            await all.DisposeAsync();
            throw;
        }
    }

    /// <summary>All of them, to their ends.</summary>
    public async Task GoOnAsync()
    {
        for (var step = 0; step < _stories.Max(story => story.Length); step++)
        {
            await Parallel.ForEachAsync(
                _stories.Where(story => step < story.Length),
                new ParallelOptions { MaxDegreeOfParallelism = AtOnce },
                async (story, _) => await story.GoOnAsync(step));
            await CompareAsync();
        }

        foreach (var story in _stories.Where(story => story.Close is not null))
        {
            await story.Close!.EndAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var story in _stories.Where(story => story.Close is not null))
        {
            await story.Close!.DisposeAsync();
        }

        await (_live?.DisposeAsync() ?? ValueTask.CompletedTask);
    }

    /// <summary>What was written past the server is noted for its index, as a change is.</summary>
    private static async Task IndexAsync(Server server, List<Story> stories)
    {
        if (stories.Count == 0)
        {
            return;
        }

        await server.ReadAsync(db =>
        {
            foreach (var placed in stories.Select(story => story.Placed))
            {
                db.SearchChanges.AddRange(placed.Posts.Select((id, post) =>
                    Changed(placed.World.Posts[post].Moment ? ThingKind.Moment : ThingKind.Broadcast, id)));
                db.SearchChanges.AddRange(placed.Articles.Select(id => Changed(ThingKind.Article, id)));
            }

            return db.SaveChangesAsync();
        });
        await server.Indexer().CatchUpAsync(default);

        static SearchChange Changed(ThingKind kind, Guid id) => new() { Kind = kind, ThingId = id };
    }

    private void Know()
    {
        foreach (var story in _stories)
        {
            Know(story.Placed.People);
            Know(story.Placed.Posts);
            Know(story.Placed.Articles);
            Know(story.Placed.Files);

            void Know(Guid[] ids)
            {
                for (var number = 0; number < ids.Length; number++)
                {
                    _things.Add(ids[number], (story, number));
                }
            }
        }
    }

    private async Task CompareAsync()
    {
        var shown = _stories.ToDictionary(story => story, _ => new HashSet<Sight>());
        var now = TimeProvider.System.Now();
        List<Func<WeirDb, Task>> questions =
        [
            db => AddPostsAsync(db, shown, now),
            db => AddListedAsync(db, shown, now),
            db => AddRemarksAsync(db, db.MomentLikes, like: true, shown, now),
            db => AddRemarksAsync(db, db.MomentComments, like: false, shown, now),
            db => AddArticlesAsync(db, shown),
        ];
        var asked = _server.Options.Database == DatabaseProvider.Sqlite ? null : ChooseFiles();
        questions.AddRange(asked is null
            ? [db => AddFilesAsync(db, shown, now)]
            : asked.Chunk(AskedAtOnce).Select(some => (Func<WeirDb, Task>)(db => AddFilesOfAsync(db, some, shown, now))));
        await Parallel.ForEachAsync(
            questions, new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, async (question, _) => await WithAsync(question));
        foreach (var (story, sights) in shown)
        {
            var due = story.Due.Where(one => Compared.Contains(one.Kind) && !story.IsLeftOpen(one)
                && (one.Kind != ThingsOracle.File || asked?.Contains((story, one)) != false)).ToHashSet();
            sights.RemoveWhere(story.IsLeftOpen);
            story.Fault(
                !sights.SetEquals(due),
                () => $"too much: {story.Tell(sights.Except(due))}; too little: {story.Tell(due.Except(sights))}");
        }

        await CheckTicketsAsync();
    }

    private async Task WithAsync(Func<WeirDb, Task> ask)
    {
        await using var scope = _server.Plane.App.Services.CreateAsyncScope();
        await ask(scope.ServiceProvider.GetRequiredService<WeirDb>());
    }

    /// <summary>Files that somebody sees now and did not before, or the other way, and in some worlds any file.</summary>
    private HashSet<(Story Story, Sight File)> ChooseFiles()
    {
        var chosen = new HashSet<(Story Story, Sight File)>();
        _turn++;
        foreach (var story in _stories)
        {
            var files = story.Due.Where(one => one.Kind == ThingsOracle.File).ToHashSet();
            var before = _files.GetValueOrDefault(story, files);
            _files[story] = files;
            chosen.UnionWith(files.Except(before).Concat(before.Except(files)).Select(one => (story, one)));
            if ((story.Seed + _turn) % OthersRead == 0)
            {
                var random = new Random(unchecked((story.Seed * 31) + _turn));
                var viewer = random.Next(World.Nobody, World.Crowd);
                chosen.Add((story, new Sight(ThingsOracle.File, random.Next(story.Placed.Files.Length), viewer)));
            }
        }

        // Who is suspended or has gone has no session to ask with.
        chosen.RemoveWhere(one => one.File.Viewer != World.Nobody && !one.Story.IsThere(one.File.Viewer));
        return chosen;
    }

    private async Task AddPostsAsync(WeirDb db, Dictionary<Story, HashSet<Sight>> shown, DateTimeOffset now)
    {
        var viewings =
            from post in db.Posts
            join viewer in db.Accounts on post.Owner!.CreatedAt equals viewer.CreatedAt
            select new Viewing<Post> { Item = post, Post = post, Viewer = viewer.Id };
        Add(shown, ThingsOracle.Post, (await viewings.WhereVisible(db, now)
            .Select(v => new { v.Item.Id, v.Viewer }).ToListAsync()).Select(v => (v.Id, v.Viewer)));
        Add(shown, ThingsOracle.Post, (await db.Posts.AsSeenBy(Guid.Empty).WhereVisible(db, now)
            .Select(v => v.Item.Id).ToListAsync()).Select(id => (id, Guid.Empty)));
    }

    private async Task AddListedAsync(WeirDb db, Dictionary<Story, HashSet<Sight>> shown, DateTimeOffset now)
    {
        var lists =
            from broadcast in db.Broadcasts
            join viewer in db.Accounts on broadcast.Owner!.CreatedAt equals viewer.CreatedAt
            select new Pair { Thing = broadcast.Id, Viewer = viewer.Id };
        Add(shown, ThingsOracle.Listed, await AskAsync(lists.Allowed(viewer => ReadBroadcasts.Listed(db, viewer, now), b => b.Id)));
    }

    private async Task AddRemarksAsync<T>(
        WeirDb db, IQueryable<T> remarks, bool like, Dictionary<Story, HashSet<Sight>> shown, DateTimeOffset now)
        where T : Interaction
    {
        var viewings =
            from remark in remarks
            join viewer in db.Accounts on remark.Moment!.Owner!.CreatedAt equals viewer.CreatedAt
            select new Viewing<T> { Item = remark, Post = remark.Moment!, Viewer = viewer.Id };
        foreach (var seen in await viewings.WhereSeen(db, now)
            .Select(v => new { v.Item.MomentId, v.Item.AuthorId, v.Viewer }).ToListAsync())
        {
            var (story, post) = _things[seen.MomentId];
            var remark = story.World.Remarks.IndexOf(new World.Remark(post, story.PersonOf(seen.AuthorId), like));
            Add(shown, story, new Sight(ThingsOracle.Remark, remark, story.PersonOf(seen.Viewer)));
        }
    }

    private async Task AddArticlesAsync(WeirDb db, Dictionary<Story, HashSet<Sight>> shown)
    {
        foreach (var signedIn in new[] { true, false })
        {
            var readable = await db.Articles.WhereReadable(db, signedIn).Select(a => a.Id).ToListAsync();
            Add(shown, ThingsOracle.Article, readable.SelectMany(id => signedIn
                ? _things[id].Story.Placed.People.Where((_, person) => _things[id].Story.IsThere(person)).Select(viewer => (id, viewer))
                : [(id, Guid.Empty)]));
        }
    }

    private async Task AddFilesAsync(WeirDb db, Dictionary<Story, HashSet<Sight>> shown, DateTimeOffset now)
    {
        // Who is suspended or has gone has no session to ask with.
        var files =
            from file in db.Files
            join viewer in db.Accounts on file.CreatedAt equals viewer.CreatedAt
            where viewer.SuspendedAt == null && viewer.DeletedAt == null
            select new Pair { Thing = file.Id, Viewer = viewer.Id };
        Add(shown, ThingsOracle.File, await AskAsync(files.Allowed(viewer => FileReading.Readable(db, viewer, now), f => f.Id)));
        Add(shown, ThingsOracle.File, (await FileReading.Readable(db, Guid.Empty, now)
            .Select(f => f.Id).ToListAsync()).Select(id => (id, Guid.Empty)));
    }

    /// <summary>
    /// One after the other. PostgreSQL answers the statement of many viewers wrongly: it evaluates a part of a filter a second time further
    /// down, where the same hashed subquery stands again; when the row outside changes, on which the subquery depends, only one of the two
    /// places hashes it anew. No query of a slice has it: there the viewer is a parameter, or stands beside the post and not outside.
    /// </summary>
    private static async Task AddFilesOfAsync(
        WeirDb db, IEnumerable<(Story Story, Sight File)> asked, Dictionary<Story, HashSet<Sight>> shown, DateTimeOffset now)
    {
        foreach (var (story, sight) in asked)
        {
            var (viewer, file) = (story.Placed.Person(sight.Viewer), story.Placed.Files[sight.Number]);
            if (await FileReading.Readable(db, viewer, now).AnyAsync(f => f.Id == file))
            {
                Add(shown, story, sight);
            }
        }
    }

    private async Task CheckTicketsAsync()
    {
        await using var scope = _server.Plane.App.Services.CreateAsyncScope();
        var reader = scope.ServiceProvider.GetRequiredService<RulesReader>();
        var held = _stories.SelectMany(story => story.Tickets.Keys.Select(ticket => story.Placed.Posts[ticket.Post])).Distinct().ToList();
        var told = (await reader.ReadAsync(held, default))
            .Select(command => command.Rules).OfType<Contracts.Planes.BroadcastRules>()
            .Select(rules => new Live.Broadcasts.Rules(rules)).ToDictionary(rules => rules.Broadcast);
        _stories.ForEach(story => story.CheckTickets(told));
    }

    private static async Task<IEnumerable<(Guid Thing, Guid Viewer)>> AskAsync(IQueryable<Pair> pairs) =>
        (await pairs.ToListAsync()).Select(pair => (pair.Thing, pair.Viewer));

    private void Add(Dictionary<Story, HashSet<Sight>> shown, string kind, IEnumerable<(Guid Thing, Guid Viewer)> pairs)
    {
        foreach (var (thing, viewer) in pairs)
        {
            var (story, number) = _things[thing];
            Add(shown, story, new Sight(kind, number, story.PersonOf(viewer)));
        }
    }

    private static void Add(Dictionary<Story, HashSet<Sight>> shown, Story story, Sight sight)
    {
        lock (shown)
        {
            shown[story].Add(sight);
        }
    }
}
