using System.Diagnostics;
using Weir.Bench.Servers;

namespace Weir.Bench.Messages;

/// <summary>Messages as people send them: how many, how fast, what connected people cost, and a database that has grown old.</summary>
internal sealed class MessagesBench(bool quick, int idle, long history)
{
    private const int Pairs = 48;
    private const int Connections = 96;
    private const int PerPerson = 20;
    private const double RateTarget = 5000;
    private const double AcknowledgedTarget = 50;
    private const double DeliveredTarget = 100;
    private readonly TimeSpan _phase = TimeSpan.FromSeconds(quick ? 4 : 12);

    public async Task<Report> RunAsync(CancellationToken cancellation)
    {
        var tables = new List<ResultTable>();
        var directory = Directory.CreateTempSubdirectory("weir-bench-messages-").FullName;
        try
        {
            await using (var weir = await WeirServer.StartAsync(pinned: false, directory))
            {
                await weir.SetUpAsync();
                var pairs = await MeetAsync(weir, directory, Pairs);
                tables.Add(Rates(weir, pairs, cancellation));
                if (idle > 0)
                {
                    tables.Add(Idle(weir, directory, cancellation));
                }
            }

            if (history > 0)
            {
                tables.Add(await new OldDatabase(directory, history).RunAsync(cancellation));
            }
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }

        return new Report(
            "messages",
            "Messages over HTTP, each answered once it is on disk, and what people who listen get and cost.",
            tables,
            [
                "Server, load and listeners share the machine. A rate is what was acknowledged; at half of it messages are due at even intervals and wait from then on, whether or not a connection is free.",
                "Each message is its own request on a kept connection; texts have 80 characters.",
            ]);
    }

    /// <summary>Pairs of friends, each with a conversation.</summary>
    public static async Task<List<(Seat Writer, string Reader)>> MeetAsync(WeirServer weir, string directory, int count)
    {
        using var crowd = new Crowd(directory);
        var people = new List<(string Id, string Token)>();
        crowd.InOne(() => people.AddRange(Enumerable.Range(0, 2 * count).Select(i => crowd.Add($"person{i}"))));
        var pairs = new List<(Seat, string)>();
        for (var i = 0; i < count; i++)
        {
            var (one, other) = (people[2 * i].Token, people[(2 * i) + 1].Token);
            var request = (await weir.PostAsync("/api/friend-requests", new { handle = $"person{(2 * i) + 1}" }, one)).GetProperty("id").GetString();
            await weir.PostAsync($"/api/friend-requests/{request}/accept", new { }, other);
            var conversation = (await weir.PostAsync("/api/conversations", new { members = new[] { $"person{(2 * i) + 1}" } }, one)).GetProperty("id").GetString()!;
            pairs.Add((new Seat(one, conversation), other));
        }

        return pairs;
    }

    private ResultTable Rates(WeirServer weir, List<(Seat Writer, string Reader)> pairs, CancellationToken cancellation)
    {
        using var reactor = new Reactor();
        var rounds = new Rounds(reactor, weir, pairs, Connections, cancellation);
        Console.Error.WriteLine("warming up ...");
        rounds.Closed(_phase);
        var rows = new List<object?[]>();
        var alone = rounds.Closed(_phase);
        rows.Add(Row("as fast as it goes, nobody listens", alone, RateTarget, null, null));
        rounds.Listen();
        var heard = rounds.Closed(_phase);
        rows.Add(Row("as fast as it goes, the friends listen", heard, null, null, null));
        rows.Add(Row("at half that rate, the friends listen", rounds.Open(heard.PerSecond / 2, _phase), null, AcknowledgedTarget, DeliveredTarget));
        rows.Add(Row("at 2500 a second, the friends listen", rounds.Open(RateTarget / 2, _phase), null, AcknowledgedTarget, DeliveredTarget));
        return new ResultTable(
            $"Messages of {Pairs} pairs of friends over {Connections} connections",
            [
                new("Load"), new("a second", "0"), new("Target", "0"), new("Acknowledged median ms", "0.0"), new("99th ms", "0.0"), new("Target ms", "0"),
                new("Delivered median ms", "0.0"), new("99th % ms", "0.0"), new("Target  ms", "0"), new("Server CPU us each", "0"), new("Load CPU us each", "0"),
            ],
            rows);
    }

    private static object?[] Row(string load, Figures figures, double? rate, double? acknowledged, double? delivered) =>
    [
        load, figures.PerSecond, rate, figures.Acknowledged.Median, figures.Acknowledged.Percentile(99), acknowledged,
        figures.Delivered.Median, figures.Delivered.Percentile(99), delivered, figures.ServerMicroseconds, figures.LoadMicroseconds,
    ];

    private ResultTable Idle(WeirServer weir, string directory, CancellationToken cancellation)
    {
        var tokens = new List<string>();
        using (var crowd = new Crowd(directory))
        {
            crowd.InOne(() => tokens.AddRange(Enumerable.Range(0, (idle + PerPerson - 1) / PerPerson).Select(i => crowd.Add($"idle{i}").Token)));
        }

        using var reactor = new Reactor();
        var listeners = new List<Listener>();
        var before = ProcessFigures.ResidentMegabytes(weir.SocialProcess);
        Console.Error.WriteLine($"{idle} people come ...");
        var clock = Stopwatch.StartNew();
        for (var i = 0; i < idle; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            listeners.Add(new Listener(weir.Url.Port, tokens[i / PerPerson]));
            reactor.Add(listeners[^1]);
            while (listeners.Count(one => !one.IsOpen) > 50)
            {
                reactor.Turn(10);
            }
        }

        while (!listeners.TrueForAll(one => one.IsOpen))
        {
            reactor.Turn(10);
        }

        var took = clock.Elapsed;
        // They stay for a while, as clients do: a word every 15 s from each.
        var cpu = ProcessFigures.CpuSeconds(weir.SocialProcess);
        var until = Stopwatch.StartNew();
        var stay = TimeSpan.FromSeconds(quick ? 15 : 45);
        var said = 0;
        while (until.Elapsed < stay)
        {
            cancellation.ThrowIfCancellationRequested();
            var due = (int)(until.Elapsed.TotalSeconds / 15 * idle);
            for (; said < due; said++)
            {
                listeners[said % idle].Ping();
            }

            reactor.Turn(10);
        }

        var after = ProcessFigures.ResidentMegabytes(weir.SocialProcess);
        cpu = ProcessFigures.CpuSeconds(weir.SocialProcess) - cpu;
        return new ResultTable(
            "People who are connected and idle",
            [new("Clients"), new("Came in s", "0.0"), new("Memory before MB", "0"), new("with them MB", "0"), new("KB each", "0.0"), new("% of one core", "0.0")],
            [[idle, took.TotalSeconds, before, after, (after - before) * 1024 / idle, cpu / stay.TotalSeconds * 100]]);
    }
}
