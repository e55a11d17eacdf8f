using System.Diagnostics;
using Weir.Bench.Load;
using Weir.Bench.Messages;
using Weir.Bench.Servers;

namespace Weir.Bench.Reads;

/// <summary>What the reads cost that every opened page makes.</summary>
internal sealed class ReadsBench(bool quick, bool postgres, TimeSpan evening)
{
    private const int Connections = 8;
    private readonly TimeSpan _warmUp = TimeSpan.FromSeconds(quick ? 3 : 9);
    private readonly TimeSpan _phase = TimeSpan.FromSeconds(quick ? 3 : 6);

    public async Task<Report> RunAsync(CancellationToken cancellation)
    {
        await using var database = postgres ? await PostgresServer.StartAsync() : null;
        await using var weir = await WeirServer.StartAsync(pinned: false, arguments: database is null ? [] : ["--database", database.Connection]);
        await weir.SetUpAsync();
        var world = await World.MakeAsync(weir);
        var tables = new List<ResultTable> { Rates(weir, world.Questions, cancellation) };
        if (evening > TimeSpan.Zero)
        {
            tables.Add(await new Evening(weir, world).RunAsync(evening, cancellation));
        }

        return new Report(
            "reads",
            "What one read costs the social plane, at a steady state.",
            tables,
            [
                "Server and load share the machine. Processor time is the social plane's alone, of everything that it did meanwhile; the ratio is to GET /api/me of the same run.",
                $"Each is asked for during {_warmUp.TotalSeconds:0} s before any of them is measured, so that the just-in-time compiler is done.",
            ]);
    }

    private ResultTable Rates(WeirServer weir, IReadOnlyList<Question> questions, CancellationToken cancellation)
    {
        Console.Error.WriteLine("warming up ...");
        foreach (var question in questions)
        {
            Ask(weir, question, _warmUp, cancellation);
        }

        var found = questions.Select(question =>
        {
            Console.Error.WriteLine(question.Name);
            return (Question: question, Figures: Ask(weir, question, _phase, cancellation));
        }).ToList();
        var me = found[0].Figures.Milliseconds;
        return new ResultTable(
            $"{Connections} connections, {(postgres ? "PostgreSQL" : "SQLite")}",
            [new("Read"), new("a second", "0"), new("processor ms each", "0.000"), new("target ms", "0.00"), new("of GET /api/me", "0.00"), new("target", "0.0"), new("bytes", "0")],
            [.. found.Select(f => new object?[]
            {
                f.Question.Name, f.Figures.PerSecond, f.Figures.Milliseconds, f.Question.Milliseconds, f.Figures.Milliseconds / me, f.Question.Times, f.Figures.Bytes,
            })]);
    }

    private static (double PerSecond, double Milliseconds, long Bytes) Ask(WeirServer weir, Question question, TimeSpan duration, CancellationToken cancellation)
    {
        using var reactor = new Reactor();
        var askers = new List<Asker>();
        var (answers, going) = (0, true);
        for (var i = 0; i < Connections; i++)
        {
            Asker? asker = null;
            asker = new Asker(weir.Url.Port, question, () =>
            {
                answers++;
                going &= answers + Connections <= question.Most;
                if (going)
                {
                    asker!.Ask();
                }
            });
            askers.Add(asker);
            reactor.Add(asker);
        }

        try
        {
            var cpu = ProcessFigures.CpuSeconds(weir.SocialProcess);
            var clock = Stopwatch.StartNew();
            askers.ForEach(asker => asker.Ask());
            while (going && clock.Elapsed < duration)
            {
                cancellation.ThrowIfCancellationRequested();
                reactor.Turn(10);
            }

            going = false;
            while (askers.Exists(asker => asker.IsWaiting))
            {
                cancellation.ThrowIfCancellationRequested();
                reactor.Turn(10);
            }

            var seconds = clock.Elapsed.TotalSeconds;
            return (answers / seconds, (ProcessFigures.CpuSeconds(weir.SocialProcess) - cpu) * 1000 / answers, askers[0].Bytes);
        }
        catch (LoadException refused)
        {
            throw new CannotMeasureException($"{question.Name}: {refused.Message}");
        }
    }
}
