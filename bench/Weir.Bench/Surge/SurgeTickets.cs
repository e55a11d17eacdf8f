using System.Diagnostics;
using System.Net;
using Weir.Bench.Messages;
using Weir.Bench.Servers;

namespace Weir.Bench.Surge;

/// <summary>Many people come to a broadcast at once and ask for tickets, while others write messages to each other.</summary>
internal sealed class SurgeTickets(bool quick)
{
    private const int Pairs = 50;
    private const int MessagesASecond = 200;
    private const int Accounts = 2000;
    private const int Addresses = 200;
    private const int Tickets = 10_000;
    private const int Admitted = 10_000;
    private const double CutTarget = 1000;
    private const double Factor = 1.5;
    private const double Allowance = 20;
    private static readonly TimeSpan Storm = TimeSpan.FromSeconds(5);

    public static SurgePart Part { get; } = new("tickets", (quick, cancellation) => new SurgeTickets(quick).RunAsync(cancellation));

    private async Task<Report> RunAsync(CancellationToken cancellation)
    {
        var directory = Directory.CreateTempSubdirectory("weir-bench-surge-").FullName;
        try
        {
            await using var weir = await WeirServer.StartAsync(pinned: false, directory);
            await weir.SetUpAsync();
            var pairs = await MessagesBench.MeetAsync(weir, directory, Pairs);
            var viewers = new List<string>();
            using (var crowd = new Crowd(directory))
            {
                crowd.InOne(() => viewers.AddRange(Enumerable.Range(0, Accounts).Select(i => crowd.Add($"viewer{i}").Token)));
            }

            return await MeasureAsync(weir, directory, pairs, viewers, cancellation);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private async Task<Report> MeasureAsync(
        WeirServer weir, string directory, List<(Seat Writer, string Reader)> pairs, List<string> viewers, CancellationToken cancellation)
    {
        using var reactor = new Reactor();
        var rounds = new Rounds(reactor, weir, pairs, 2 * Pairs, cancellation);
        var crowd = viewers.Select((token, i) => new TicketAsker(weir.Url.Port, token, Address(i % Addresses))).ToList();
        crowd.ForEach(reactor.Add);
        Console.Error.WriteLine("warming up ...");
        rounds.Closed(TimeSpan.FromSeconds(quick ? 2 : 5));
        new Load(crowd, await AnnounceAsync(weir), Tickets / 5, TimeSpan.FromSeconds(1)).Run(weir, rounds, reactor, cancellation);
        var rows = new List<object?[]>();
        for (var round = 1; round <= (quick ? 1 : 3); round++)
        {
            cancellation.ThrowIfCancellationRequested();
            var quiet = rounds.Open(MessagesASecond, Storm);
            // Nobody was admitted to it yet.
            var load = new Load(crowd, await AnnounceAsync(weir), Tickets, Storm);
            var stormy = load.Run(weir, rounds, reactor, cancellation);
            rows.Add([$"{round}, quiet", .. Messages(quiet), null, null, null, null, null, null]);
            rows.Add(
            [
                $"{round}, with the viewers", .. Messages(stormy), Target(quiet),
                load.Took.Count, load.Refused, load.Took.Median, load.Took.Percentile(99),
                (load.ServerMicroseconds - (quiet.ServerMicroseconds * stormy.Acknowledged.Count)) / Tickets,
            ]);
        }

        var calm = rounds.Open(MessagesASecond, Storm);
        var (took, beside) = await CutAsync(weir, directory, rounds);

        return new Report(
            "surge tickets",
            $"{Tickets} tickets in {Storm.TotalSeconds} s for {Accounts} accounts from {Addresses} addresses, "
                + $"and {MessagesASecond} messages a second of {Pairs} pairs beside them.",
            [
                new ResultTable(
                    "Messages, and tickets beside them",
                    [
                        new("Round"), new("Messages a second", "0"), new("Acknowledged median ms", "0.0"), new("99th ms", "0.0"),
                        new("Target ms", "0.0"), new("Tickets", "0"), new("Refused", "0"), new("Ticket median ms", "0.0"), new("99th % ms", "0.0"),
                        new("Server CPU us a ticket", "0"),
                    ],
                    rows),
                new ResultTable(
                    $"Messages, and {Admitted} viewers who fall out of an audience",
                    [
                        new("Round"), new("Messages a second", "0"), new("Acknowledged median ms", "0.0"), new("99th ms", "0.0"),
                        new("Target ms", "0.0"), new("All cut after ms", "0"), new("Target  ms", "0"),
                    ],
                    [["quiet", .. Messages(calm), null, null, null], ["with the cut", .. Messages(beside), Target(calm), took, CutTarget]]),
            ],
            [
                "Both planes and the load share the machine. Messages and tickets are due at even intervals and wait from then on. "
                    + "A message that is refused ends the run.",
                "Each account asks five times over a connection of its own: the first time it is admitted, which is written, "
                    + "the others are not.",
            ]);
    }

    /// <summary>A public broadcast becomes one for friends. So long until the call is answered, and the messages of these seconds.</summary>
    private static async Task<(double Milliseconds, Figures Messages)> CutAsync(WeirServer weir, string directory, Rounds rounds)
    {
        var id = await AnnounceAsync(weir);
        using (var crowd = new Crowd(directory))
        {
            crowd.Run($"""
                WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {Admitted})
                INSERT INTO "Admissions" ("BroadcastId", "AccountId")
                SELECT '{Crowd.Text(Guid.ParseExact(id, "N"))}', upper(printf('%08x-0000-7000-8000-%012x', i * 7919, i)) FROM n
                """);
        }

        var cut = Task.Run(async () =>
        {
            await Task.Delay(TimeSpan.FromSeconds(1));
            var began = Stopwatch.GetTimestamp();
            await weir.PatchAsync($"/api/broadcasts/{id}", new { audience = new { kind = "friends" } });
            return Stopwatch.GetElapsedTime(began).TotalMilliseconds;
        });
        var messages = rounds.Open(MessagesASecond, TimeSpan.FromSeconds(3));
        return (await cut, messages);
    }

    private static object?[] Messages(Figures figures) => [figures.PerSecond, figures.Acknowledged.Median, figures.Acknowledged.Percentile(99)];

    private static double Target(Figures quiet) => (Factor * quiet.Acknowledged.Percentile(99)) + Allowance;

    // Any of 127.0.0.0/8 is this machine.
    private static IPAddress Address(int number) => new([127, 0, 1, (byte)(1 + number)]);

    private static async Task<string> AnnounceAsync(WeirServer weir) => (await weir.AnnounceAsync()).GetProperty("id").GetString()!;

    /// <summary>So many tickets in a time, account by account.</summary>
    private sealed class Load(List<TicketAsker> crowd, string broadcast, int tickets, TimeSpan duration)
    {
        private readonly Queue<(TicketAsker Asker, long Due)> _late = new();
        private int _asked;
        private int _answered;

        public Samples Took { get; } = new();

        public int Refused { get; private set; }

        /// <summary>Of processor time of the social plane, messages included.</summary>
        public double ServerMicroseconds { get; private set; }

        public Figures Run(WeirServer weir, Rounds rounds, Reactor reactor, CancellationToken cancellation)
        {
            var cpu = ProcessFigures.CpuSeconds(weir.SocialProcess);
            var began = Stopwatch.GetTimestamp();
            var figures = rounds.Open(MessagesASecond, duration, now => Ask(began, now));
            while (_answered < tickets)
            {
                cancellation.ThrowIfCancellationRequested();
                Ask(began, Stopwatch.GetTimestamp());
                reactor.Turn(1);
            }

            ServerMicroseconds = (ProcessFigures.CpuSeconds(weir.SocialProcess) - cpu) * 1e6;
            return figures;
        }

        private void Ask(long began, long now)
        {
            for (var late = _late.Count; late > 0; late--)
            {
                var (asker, due) = _late.Dequeue();
                AskOf(asker, due);
            }

            var interval = duration.TotalSeconds * Stopwatch.Frequency / tickets;
            for (long due; _asked < tickets && (due = began + (long)(interval * _asked)) <= now; _asked++)
            {
                AskOf(crowd[_asked % crowd.Count], due);
            }
        }

        private void AskOf(TicketAsker asker, long due)
        {
            if (!asker.IsFree)
            {
                _late.Enqueue((asker, due));
                return;
            }

            asker.Ask(broadcast, given =>
            {
                _answered++;
                Refused += given ? 0 : 1;
                if (given)
                {
                    Took.Add(Stopwatch.GetElapsedTime(due).TotalMilliseconds);
                }
            });
        }
    }
}
