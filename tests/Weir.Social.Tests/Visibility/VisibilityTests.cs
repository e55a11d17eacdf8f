using Microsoft.EntityFrameworkCore;
using Weir.Social.Audiences;
using Weir.Social.Broadcasts;
using Weir.Social.Data;
using Weir.Social.Moments;

namespace Weir.Social.Tests.Visibility;

/// <summary>The predicate decides what the rules say, in every world that is drawn.</summary>
public sealed class PredicateTests
{
    private const int Worlds = 100_000;

    [Fact]
    public void The_predicate_decides_what_the_rules_say_in_a_hundred_thousand_worlds()
    {
        var first = Random.Shared.Next(1_000_000_000);
        var (seen, decided) = (0, 0);
        Parallel.For(first, first + Worlds, seed =>
        {
            var world = World.Draw(seed);
            var (visible, asked) = (0, 0);
            foreach (var post in world.Posts)
            {
                var shown = Oracle.ShownTo(world, post);
                for (var viewer = World.Nobody; viewer < World.Crowd; viewer++, asked++)
                {
                    var says = shown.Contains(viewer);
                    visible += says ? 1 : 0;
                    if (says != WorldFacts.Of(world, viewer, post).MaySee(WorldFacts.Now))
                    {
                        Assert.Fail($"world {seed}, viewer {viewer}, {post}: the rules say {says}");
                    }
                }
            }

            foreach (var remark in world.Remarks)
            {
                var shown = Oracle.ShownTo(world, remark);
                for (var viewer = World.Nobody; viewer < World.Crowd; viewer++)
                {
                    var says = shown.Contains(viewer);
                    if (says != WorldFacts.Of(world, viewer, remark).MaySee())
                    {
                        Assert.Fail($"world {seed}, viewer {viewer}, {remark}: the rules say {says}");
                    }
                }
            }

            Interlocked.Add(ref seen, visible);
            Interlocked.Add(ref decided, asked);
        });
        // Worlds in which everything or nothing is visible would prove nothing.
        Assert.InRange(seen, decided / 10, decided * 9 / 10);
    }
}

public sealed class VisibilityOnSqlite : VisibilityTests
{
    protected override Task<SocialOptions> OptionsAsync(string directory) => Task.FromResult(new SocialOptions { DataDirectory = directory });
}

public sealed class VisibilityOnPostgres(PostgresServer shared) : VisibilityTests
{
    protected override async Task<SocialOptions> OptionsAsync(string directory) =>
        new() { DataDirectory = directory, Database = DatabaseProvider.Postgres, ConnectionString = await shared.Cluster.CreateDatabaseAsync() };
}

/// <summary>
/// The database decides the same. A thousand worlds stand side by side in one database; for each viewer and each post, like and comment of a world three decisions must be one: the
/// rules, the predicate over the facts that the query reads, and the query for lists.
/// </summary>
public abstract class VisibilityTests : IAsyncLifetime
{
    private const int Worlds = 1000;
    private readonly string _directory = Directory.CreateTempSubdirectory("weir-visibility-").FullName;
    private readonly List<Placed> _placed = [];
    private WeirDb _db = null!;

    protected abstract Task<SocialOptions> OptionsAsync(string directory);

    public async ValueTask InitializeAsync()
    {
        _db = Database.Open(await OptionsAsync(_directory));
        await _db.MigrateAsync(default);
        var first = Random.Shared.Next(1_000_000_000);
        _db.ChangeTracker.AutoDetectChangesEnabled = false;
        foreach (var numbers in Enumerable.Range(0, Worlds).Chunk(100))
        {
            _placed.AddRange(numbers.Select(number => WorldStore.Add(_db, World.Draw(first + number), number)));
            await ManyRows.WriteAsync(_db);
        }

        await _db.Database.ExecuteSqlRawAsync("ANALYZE");
    }

    public async ValueTask DisposeAsync()
    {
        await _db.DisposeAsync();
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public async Task The_database_decides_what_the_rules_say_in_a_thousand_worlds()
    {
        await PostsAsync(_db.Broadcasts, moments: false);
        await PostsAsync(_db.Moments, moments: true);
        await RemarksAsync(_db.MomentLikes, likes: true, like => (like.MomentId, like.AuthorId, Guid.Empty));
        await RemarksAsync(_db.MomentComments, likes: false, comment => (comment.MomentId, comment.AuthorId, comment.Id));
    }

    private async Task PostsAsync<T>(IQueryable<T> posts, bool moments)
        where T : Post
    {
        var sameWorld =
            from post in posts
            join viewer in _db.Accounts on post.Owner!.CreatedAt equals viewer.CreatedAt
            select new Viewing<T> { Item = post, Post = post, Viewer = viewer.Id };
        foreach (var viewings in new[] { sameWorld, posts.AsSeenBy(Guid.Empty) })
        {
            var listed = (await viewings.WhereVisible(_db, WorldFacts.Now).Select(v => new { v.Post.Id, v.Viewer }).ToListAsync()).ConvertAll(v => (v.Id, v.Viewer)).ToHashSet();
            var known = (await viewings.WithFacts(_db).Select(k => new { k.Post.Id, k.Viewer, k.Facts }).ToListAsync()).ToDictionary(k => (k.Id, k.Viewer), k => k.Facts);
            var decided = 0;
            foreach (var (world, number, viewer) in Everybody(signedIn: viewings == sameWorld))
            {
                var post = world.World.Posts[number];
                if (post.Moment == moments)
                {
                    var key = (world.Posts[number], world.Person(viewer));
                    var says = Oracle.ShownTo(world.World, post).Contains(viewer);
                    Assert.True(
                        says == listed.Contains(key) && says == known[key].MaySee(WorldFacts.Now),
                        $"world {world.World.Seed}, viewer {viewer}, {post}: the rules say {says}, the query {listed.Contains(key)}, its facts {known[key].MaySee(WorldFacts.Now)}");
                    decided++;
                }
            }

            Assert.Equal(decided, known.Count);
            Assert.True(listed.Count < decided);
        }
    }

    private async Task RemarksAsync<T>(IQueryable<T> remarks, bool likes, Func<T, (Guid, Guid, Guid)> keyOf)
        where T : Interaction
    {
        var viewings =
            from remark in remarks
            join viewer in _db.Accounts on remark.Moment!.Owner!.CreatedAt equals viewer.CreatedAt
            select new Viewing<T> { Item = remark, Post = remark.Moment!, Viewer = viewer.Id };
        var listed = (await viewings.WhereSeen(_db, WorldFacts.Now).Select(v => new { v.Item, v.Viewer }).AsNoTracking().ToListAsync()).ConvertAll(v => (keyOf(v.Item), v.Viewer)).ToHashSet();
        var known = (await viewings.WithFacts(_db).WithInteractionFacts(_db).AsNoTracking().ToListAsync()).ToDictionary(k => (keyOf(k.Item), k.Viewer));
        var decided = 0;
        foreach (var world in _placed)
        {
            for (var number = 0; number < world.World.Remarks.Count; number++)
            {
                var remark = world.World.Remarks[number];
                for (var viewer = 0; remark.Like == likes && viewer < World.Crowd; viewer++)
                {
                    var key = ((world.Posts[remark.Post], world.People[remark.Author], world.Remarks[number]), world.People[viewer]);
                    var says = Oracle.ShownTo(world.World, remark).Contains(viewer);
                    Assert.True(
                        says == listed.Contains(key) && says == known[key].MaySee(WorldFacts.Now),
                        $"world {world.World.Seed}, viewer {viewer}, {remark}: the rules say {says}, the query {listed.Contains(key)}, its facts {known[key].MaySee(WorldFacts.Now)}");
                    decided++;
                }
            }
        }

        Assert.Equal(decided, known.Count);
        Assert.InRange(listed.Count, decided / 20, decided * 19 / 20);
    }

    private IEnumerable<(Placed World, int Post, int Viewer)> Everybody(bool signedIn) =>
        from world in _placed
        from post in Enumerable.Range(0, world.Posts.Length)
        from viewer in signedIn ? Enumerable.Range(0, World.Crowd) : [World.Nobody]
        select (world, post, viewer);
}
