using CsCheck;
using Microsoft.EntityFrameworkCore;
using Weir.Social.Accounts;
using Weir.Social.Audiences;
using Weir.Social.Blocks;
using Weir.Social.Broadcasts;
using Weir.Social.Circles;
using Weir.Social.Data;
using Weir.Social.Friends;

namespace Weir.Social.Tests;

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
/// Random worlds of people, friendships, blocks, circles and broadcasts. For each viewer and each broadcast three decisions must be one: the predicate over facts
/// taken from the world as it was drawn, the predicate over the facts that the query reads, and the query for lists.
/// </summary>
public abstract class VisibilityTests : IAsyncLifetime
{
    private const int People = 5;
    private static readonly DateTimeOffset Day = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private readonly string _directory = Directory.CreateTempSubdirectory("weir-visibility-").FullName;
    private WeirDb _db = null!;

    protected abstract Task<SocialOptions> OptionsAsync(string directory);

    public async ValueTask InitializeAsync()
    {
        _db = Database.Open(await OptionsAsync(_directory));
        await _db.MigrateAsync(default);
    }

    public async ValueTask DisposeAsync()
    {
        await _db.DisposeAsync();
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        Directory.Delete(_directory, recursive: true);
    }

    private sealed record Cast(AudienceKind Kind, int Host, bool Deleted, int Circles, int ExceptCircles, int ExceptPeople);

    /// <param name="Friends">One bit for each ordered pair of people.</param>
    /// <param name="Circles">Owner and one bit a member.</param>
    private sealed record World(int Suspended, int Gone, int Friends, int Blocks, (int Owner, int Members)[] Circles, Cast[] Casts);

    [Fact]
    public async Task The_predicate_and_the_query_decide_alike_in_every_world()
    {
        var bits = Gen.Int[0, (1 << People) - 1];
        // Most people are there and most hold each other, or nothing would ever be visible.
        var few = Gen.Frequency((3, Gen.Const(0)), (1, bits));
        var pairs = Gen.Select(Gen.Int[0, (1 << 25) - 1], Gen.Int[0, (1 << 25) - 1], (a, b) => a | b);
        var blocks = Gen.Select(Gen.Int[0, (1 << 25) - 1], Gen.Int[0, (1 << 25) - 1], Gen.Int[0, (1 << 25) - 1], (a, b, c) => a & b & c);
        var circles = Gen.Select(Gen.Int[0, People - 1], bits, (o, m) => (o, m)).Array[4];
        var cast = Gen.Select(Gen.Int[0, 4], Gen.Int[0, People - 1], Gen.Int[0, 9], Gen.Int[0, 15], Gen.Frequency((2, Gen.Const(0)), (1, Gen.Int[0, 15])), few,
            (kind, host, deleted, c, ec, ep) => new Cast((AudienceKind)kind, host, deleted == 0, c, ec, ep));
        var worlds = Gen.Select(few, few, pairs, blocks, circles, cast.Array[6], (s, g, f, b, c, casts) => new World(s, g, f, b, c, casts));
        var seen = 0;
        var decided = 0;
        await worlds.SampleAsync(
            async world =>
            {
                await using var transaction = await _db.Database.BeginTransactionAsync();
                _db.ChangeTracker.Clear();
                var (people, broadcasts) = await BuildAsync(world);
                foreach (var viewer in Enumerable.Range(-1, People + 1))
                {
                    var viewerId = viewer < 0 ? Guid.Empty : people[viewer];
                    var listed = await _db.Broadcasts.AsSeenBy(viewerId).WhereVisible(_db).Select(v => v.Broadcast.Id).ToHashSetAsync();
                    var known = await _db.Broadcasts.AsSeenBy(viewerId).WithFacts(_db).ToDictionaryAsync(k => k.Broadcast.Id, k => k.Facts);
                    for (var i = 0; i < broadcasts.Length; i++)
                    {
                        var drawn = FactsOf(world, world.Casts[i], viewer).MayWatch();
                        Assert.True(
                            drawn == known[broadcasts[i]].MayWatch() && drawn == listed.Contains(broadcasts[i]),
                            $"viewer {viewer}, broadcast {i}: world {drawn}, facts {known[broadcasts[i]].MayWatch()}, query {listed.Contains(broadcasts[i])}");
                        seen += drawn ? 1 : 0;
                        decided++;
                    }
                }

                await transaction.RollbackAsync();
            },
            iter: 60,
            threads: 1);
        // Worlds in which everything or nothing is visible would prove nothing.
        Assert.InRange(seen, decided / 20, decided * 19 / 20);
    }

    private static AudienceFacts FactsOf(World world, Cast cast, int viewer)
    {
        bool Holds(int owner, int friend) => owner != friend && Bit(world.Friends, owner * People + friend);
        bool Blocks(int owner, int other) => owner != other && Bit(world.Blocks, owner * People + other);
        bool In(int circles) => Enumerable.Range(0, 4).Any(c => Bit(circles, c) && world.Circles[c].Owner == cast.Host && Bit(world.Circles[c].Members, viewer));
        bool Gone(int person) => Bit(world.Suspended, person) || Bit(world.Gone, person);
        return new AudienceFacts
        {
            Kind = cast.Kind,
            Deleted = cast.Deleted,
            HostGone = Gone(cast.Host),
            SignedIn = viewer >= 0,
            ViewerGone = viewer < 0 || Gone(viewer),
            IsHost = viewer == cast.Host,
            HostHoldsViewer = viewer >= 0 && Holds(cast.Host, viewer),
            ViewerHoldsHost = viewer >= 0 && Holds(viewer, cast.Host),
            Blocked = viewer >= 0 && (Blocks(cast.Host, viewer) || Blocks(viewer, cast.Host)),
            InCircle = viewer >= 0 && In(cast.Circles),
            Excepted = viewer >= 0 && (Bit(cast.ExceptPeople, viewer) || In(cast.ExceptCircles)),
        };
    }

    private static bool Bit(int bits, int index) => (bits >> index & 1) != 0;

    private async Task<(Guid[] People, Guid[] Broadcasts)> BuildAsync(World world)
    {
        var people = Enumerable.Range(0, People).Select(_ => Guid.NewGuid()).ToArray();
        var circles = world.Circles.Select(_ => Guid.NewGuid()).ToArray();
        var broadcasts = world.Casts.Select(_ => Guid.NewGuid()).ToArray();
        for (var p = 0; p < People; p++)
        {
            _db.Accounts.Add(new Account
            {
                Id = people[p],
                UserName = $"person{p}",
                NormalizedUserName = $"person{p}",
                Name = "Person",
                CreatedAt = Day,
                SuspendedAt = Bit(world.Suspended, p) ? Day : null,
                DeletedAt = Bit(world.Gone, p) ? Day : null,
            });
            for (var other = 0; other < People; other++)
            {
                if (p != other && Bit(world.Friends, p * People + other))
                {
                    _db.Friendships.Add(new Friendship { OwnerId = people[p], FriendId = people[other], Since = Day });
                }

                if (p != other && Bit(world.Blocks, p * People + other))
                {
                    _db.Blocks.Add(new Block { OwnerId = people[p], Handle = $"person{other}", BlockedId = people[other], CreatedAt = Day });
                }
            }
        }

        for (var c = 0; c < circles.Length; c++)
        {
            var (owner, members) = world.Circles[c];
            var circle = new Circle { Id = circles[c], OwnerId = people[owner], Name = "Circle", CreatedAt = Day };
            circle.Members.AddRange(Enumerable.Range(0, People).Where(p => Bit(members, p)).Select(p => new CircleMember { CircleId = circle.Id, AccountId = people[p] }));
            _db.Circles.Add(circle);
        }

        for (var b = 0; b < broadcasts.Length; b++)
        {
            var cast = world.Casts[b];
            var broadcast = new Broadcast { Id = broadcasts[b], HostId = people[cast.Host], Title = "x", Kind = cast.Kind, CreatedAt = Day.AddMinutes(b), DeletedAt = cast.Deleted ? Day : null };
            var own = Enumerable.Range(0, 4).Where(c => world.Circles[c].Owner == cast.Host).ToList();
            broadcast.Circles.AddRange(own.Where(c => Bit(cast.Circles, c)).Select(c => new AudienceCircle { BroadcastId = broadcast.Id, CircleId = circles[c] }));
            broadcast.Circles.AddRange(own.Where(c => Bit(cast.ExceptCircles, c)).Select(c => new AudienceCircle { BroadcastId = broadcast.Id, CircleId = circles[c], Except = true }));
            broadcast.Exceptions.AddRange(Enumerable.Range(0, People).Where(p => Bit(cast.ExceptPeople, p))
                .Select(p => new AudienceException { BroadcastId = broadcast.Id, Handle = $"person{p}", AccountId = people[p] }));
            _db.Broadcasts.Add(broadcast);
        }

        await _db.SaveChangesAsync();
        return (people, broadcasts);
    }
}
