using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Weir.Social.Data;
using Weir.Social.Moments;
using Weir.Social.Search;
using Weir.Social.Tests.Visibility;

namespace Weir.Social.Tests.Search;

public sealed class SearchedMomentsOnSqlite : SearchedMomentsTests
{
    protected override Task<Server> StartAsync(FakeTimeProvider clock) => Server.StartAsync(configure: b => b.Services.AddSingleton<TimeProvider>(clock));
}

public sealed class SearchedMomentsOnPostgres(PostgresServer shared) : SearchedMomentsTests
{
    protected override Task<Server> StartAsync(FakeTimeProvider clock) => Server.StartAsync(shared.Cluster, b => b.Services.AddSingleton<TimeProvider>(clock));
}

/// <summary>
/// Searching must not be a way around the visibility of moments: in the worlds of its property test, everybody finds, page by page, what the naive oracle shows them and what has the word, and nothing else.
/// </summary>
public abstract class SearchedMomentsTests : IAsyncLifetime
{
    private const int Worlds = 25;
    private static readonly string[] Words = ["天气", "weir"];
    private readonly FakeTimeProvider _clock = new(WorldFacts.Now);
    private Server _server = null!;

    protected abstract Task<Server> StartAsync(FakeTimeProvider clock);

    public async ValueTask InitializeAsync() => _server = await StartAsync(_clock);

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task Nobody_finds_a_moment_that_is_hidden_from_them_and_everybody_finds_the_others()
    {
        await using var scope = _server.Plane.App.Services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<WeirDb>();
        var first = Random.Shared.Next(1_000_000_000);
        var placed = Enumerable.Range(0, Worlds).Select(number => WorldStore.Add(db, World.Draw(first + number), number)).ToList();
        var word = new Dictionary<Guid, string>();
        foreach (var moment in db.Moments.Local)
        {
            word[moment.Id] = Words[word.Count % Words.Length];
            moment.Text = $"The {word[moment.Id]}, once more";
        }

        await db.SaveChangesAsync();
        db.ChangeTracker.Clear();
        await _server.Indexer().CatchUpAsync(default);
        var (seen, hidden) = (0, 0);
        foreach (var world in placed)
        {
            for (var viewer = 0; viewer < World.Crowd; viewer++)
            {
                foreach (var query in Words)
                {
                    var here = Enumerable.Range(0, world.Posts.Length).Where(p => word.GetValueOrDefault(world.Posts[p]) == query).ToList();
                    var shown = here.Where(p => Oracle.ShownTo(world.World, world.World.Posts[p]).Contains(viewer)).Select(p => world.Posts[p]).ToHashSet();
                    var found = await AllPagesAsync(scope.ServiceProvider, SearchQuery.Parse(query), world.Person(viewer));
                    Assert.True(shown.SetEquals(found), $"world {world.World.Seed}, viewer {viewer}, {query}");
                    (seen, hidden) = (seen + shown.Count, hidden + here.Count - shown.Count);
                }
            }
        }

        Assert.True(seen > Worlds && hidden > Worlds, "Worlds in which everything or nothing is visible would prove nothing.");
    }

    private async Task<List<Guid>> AllPagesAsync(IServiceProvider services, SearchQuery query, Guid me)
    {
        var find = services.GetRequiredService<FindThings>();
        var found = new List<(Guid Id, DateTimeOffset At)>();
        string? before = null;
        do
        {
            var page = (await find.FindAsync("moments", new SearchRequest(query, me, before, 2, new SearchBudget(new SearchLimits(), _clock)), default))!;
            found.AddRange(page.Hits.Select(h => (h.Moment!.Id, h.Moment.CreatedAt)));
            before = page.Next;
        }
        while (before is not null);
        Assert.Equal(found.OrderByDescending(f => f.At).Select(f => f.At), found.Select(f => f.At));
        return found.ConvertAll(f => f.Id);
    }
}
