using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Weir.Hosting;
using Weir.Social.Audiences;
using Weir.Social.Broadcasts;
using Weir.Social.Data;
using Weir.Social.Search;
using Weir.Social.Throttling;

namespace Weir.Social.Tests.Visibility;

public sealed class TransitionsOnSqlite : TransitionTests
{
    // Of 100,000 on both, as many as take the same time.
    protected override int Sequences { get; } = Deep.Size(60, 60_000);

    // What is acknowledged is on disk has its own tests: here nobody waits for a disk, where there is memory to write to.
    protected override Task<Server> StartAsync(Action<WebApplicationBuilder> configure) => Server.StartAsync(
        configure: configure,
        options: chosen => !Directory.Exists(Memory) ? chosen
            : chosen with { DataDirectory = Directory.CreateDirectory(Path.Combine(Memory, $"weir-{Guid.NewGuid():N}")).FullName });

    private const string Memory = "/dev/shm";
}

public sealed class TransitionsOnPostgres(PostgresServer shared) : TransitionTests
{
    protected override int Sequences { get; } = Deep.Size(40, 40_000);

    protected override Task<Server> StartAsync(Action<WebApplicationBuilder> configure) => Server.StartAsync(shared.Cluster, configure);

    protected override Task EndedAsync(Server server) => shared.Cluster.DropDatabaseAsync(server.Options.ConnectionString!);
}

/// <summary>
/// Sequences of acts in worlds that are drawn. After each act everybody sees what the rules say (<see cref="Oracle"/>, <see
/// cref="ThingsOracle"/>), by the queries of the slices and by the API; an act that takes something away shows nobody anything; and exactly
/// those lose their tickets who lost sight. Of some sequences every outlet is looked at (<see cref="CloseLook"/>).
/// <c>WEIR_SEQUENCE=SEED ./test TransitionTests</c> runs one sequence alone.
/// </summary>
public abstract class TransitionTests
{
    /// <summary>In one database.</summary>
    private const int Together = 200;

    /// <summary>Every how many-th is looked at closely.</summary>
    private const int Close = 10;

    protected abstract int Sequences { get; }

    protected abstract Task<Server> StartAsync(Action<WebApplicationBuilder> configure);

    protected virtual Task EndedAsync(Server server) => Task.CompletedTask;

    [Fact]
    public async Task No_act_that_narrows_shows_anything_and_every_cut_reaches_who_lost_sight()
    {
        if (int.TryParse(Environment.GetEnvironmentVariable("WEIR_SEQUENCE"), CultureInfo.InvariantCulture, out var alone))
        {
            Assert.Null(await FaultOfAsync(alone, new HashSet<int>()));
            return;
        }

        var began = TimeProvider.System.GetTimestamp();
        // The small size is the same each time: what it finds was caused by what was changed.
        var first = Deep.IsAsked ? Random.Shared.Next(1_000_000_000) : 1;
        var (narrowed, refused, lost) = (0, 0, 0);
        for (var run = 0; run < Sequences; run += Together)
        {
            var seeds = Enumerable.Range(first + run, Math.Min(Together, Sequences - run)).ToList();
            try
            {
                var stories = await RunAsync(seeds, seed => seed % Close == 0);
                narrowed += stories.Sum(story => story.Narrowed);
                refused += stories.Sum(story => story.Refused);
                lost += stories.Sum(story => story.LostSight);
            }
            catch (StoryException fault)
            {
                Assert.Fail($"{fault.Message}\n{await ShrinkAsync(fault)}");
            }

            TestContext.Current.SendDiagnosticMessage(
                $"{GetType().Name}: {run + seeds.Count} sequences in {TimeProvider.System.GetElapsedTime(began).TotalSeconds:0} s");
        }

        // Worlds in which nothing happens would prove nothing.
        Assert.True(narrowed > Sequences && refused > 0 && lost > 0,
            $"{narrowed} acts narrowed, {refused} were refused, {lost} tickets were lost");
    }

    private async Task<IReadOnlyList<Story>> RunAsync(IEnumerable<int> seeds, Func<int, bool> isClose, IReadOnlySet<int>? skipped = null)
    {
        var server = await StartAsync(Configure);
        try
        {
            await using var running = server;
            var admin = await server.PersonAsync("Admin", admin: true);
            await using var stories = await Stories.BeginAsync(server, admin, seeds, isClose, skipped);
            await stories.GoOnAsync();
            return stories.All;
        }
        finally
        {
            await EndedAsync(server);
        }
    }

    private static void Configure(WebApplicationBuilder builder)
    {
        var often = new Rate(int.MaxValue, TimeSpan.FromMilliseconds(1));
        builder.Services.AddSingleton(new CallRates
        {
            Calls = often,
            Tickets = often, OpenTickets = often, OpenCalls = often, OpenFiles = often, OpenInAll = often, UnknownSessions = often,
        });
        builder.Services.AddSingleton(new SearchLimits
        {
            Burst = int.MaxValue, LongestWait = Patience.Limit, Longest = Patience.Limit, MostCandidates = int.MaxValue,
        });
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        // The test says when those who watch are told of each other.
        builder.Services.Remove(builder.Services.Single(service => service.ImplementationType == typeof(FriendsWatching)));
    }

    /// <summary>Leaves out one act after the other, as long as something is wrong without it too.</summary>
    private async Task<string> ShrinkAsync(StoryException found)
    {
        var (skipped, told) = (new HashSet<int>(), await FaultOfAsync(found.Seed, new HashSet<int>()));
        if (told is null)
        {
            return $"Alone nothing is wrong with {found.Seed}.";
        }

        for (var step = found.Length - 1; step >= 0; step--)
        {
            skipped.Add(step);
            if (await FaultOfAsync(found.Seed, skipped) is { } still)
            {
                told = still;
            }
            else
            {
                skipped.Remove(step);
            }
        }

        return $"Alone (WEIR_SEQUENCE={found.Seed}) and in short: {told}";
    }

    private async Task<string?> FaultOfAsync(int seed, IReadOnlySet<int> skipped)
    {
        try
        {
            await RunAsync([seed], _ => true, skipped);
            return null;
        }
        catch (StoryException fault)
        {
            return fault.Message;
        }
    }
}
