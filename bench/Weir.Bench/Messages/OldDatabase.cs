using System.Diagnostics;
using System.Globalization;
using Weir.Bench.Servers;

namespace Weir.Bench.Messages;

/// <summary>A database in which people have talked for years: how long it takes to start, and to read a page from anywhere in a long conversation.</summary>
internal sealed class OldDatabase(string directory, long messages)
{
    private const int Conversations = 100;
    private const int Pages = 300;
    private const double StartTarget = 5;
    private const double PageTarget = 20;
    private static readonly TimeSpan IndexLimit = TimeSpan.FromMinutes(4);

    public async Task<ResultTable> RunAsync(CancellationToken cancellation)
    {
        string token;
        string conversation;
        Console.Error.WriteLine($"{messages} messages are made ...");
        var made = Stopwatch.StartNew();
        var each = messages / Conversations;
        using (var crowd = new Crowd(directory))
        {
            var (person, signedIn) = crowd.Add("historian");
            token = signedIn;
            conversation = Make(crowd, Guid.ParseExact(person, "N"), each, cancellation);
        }

        Console.Error.WriteLine($"... in {made.Elapsed.TotalSeconds:0} s");
        await using var weir = await WeirServer.StartAsync(pinned: false, directory);
        var atOnce = await PagesAsync(weir, conversation, token, each, cancellation);
        // The search index of such a database is made from nothing meanwhile, which no database that grew has to do.
        var quiet = await QuietAsync(weir.SocialProcess, cancellation);
        var later = await PagesAsync(weir, conversation, token, each, cancellation);
        return new ResultTable(
            $"A database of {messages:n0} messages ({new FileInfo(Path.Combine(directory, "weir.db")).Length / 1e9:0.0} GB)",
            [new("What"), new("Median", "0.0"), new("99th", "0.0"), new("Longest", "0.0"), new("Target", "0")],
            [
                ["start to the ready line, s", weir.StartTook.TotalSeconds, null, null, StartTarget],
                ["a page of 100 messages, anywhere in 1 of 100 conversations, right after the start, ms", atOnce.Median, atOnce.Percentile(99), atOnce.Max, PageTarget],
                [quiet ? "the same once the search index is made, ms" : $"the same {IndexLimit.TotalMinutes:0} minutes later, the search index still being made, ms", later.Median, later.Percentile(99), later.Max, PageTarget],
                ["memory of the social plane after that, MB", ProcessFigures.ResidentMegabytes(weir.SocialProcess), null, null, null],
            ]);
    }

    private static async Task<Samples> PagesAsync(WeirServer weir, string conversation, string token, long each, CancellationToken cancellation)
    {
        var random = new Random(1);
        var pages = new Samples();
        for (var i = 0; i < Pages; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            var after = random.NextInt64(0, each - 100).ToString(CultureInfo.InvariantCulture);
            var began = Stopwatch.GetTimestamp();
            var page = await weir.GetAsync($"/api/conversations/{conversation}/messages?after={after}&limit=100", token);
            pages.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
            if (page.GetArrayLength() != 100)
            {
                throw new CannotMeasureException($"a page of history has {page.GetArrayLength()} messages.");
            }
        }

        return pages;
    }

    /// <summary>Waits until the process has next to nothing to do; false when it still had at the limit.</summary>
    private static async Task<bool> QuietAsync(int process, CancellationToken cancellation)
    {
        var began = Stopwatch.StartNew();
        var window = TimeSpan.FromSeconds(3);
        while (began.Elapsed < IndexLimit)
        {
            var before = ProcessFigures.CpuSeconds(process);
            await Task.Delay(window, cancellation);
            if (ProcessFigures.CpuSeconds(process) - before < 0.05 * window.TotalSeconds)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Copies of one message, in conversations of this person and the first one that there is.</summary>
    private static string Make(Crowd crowd, Guid person, long each, CancellationToken cancellation)
    {
        // Most of the time goes to the index of ids, which come in no order.
        crowd.Run("PRAGMA cache_size=-1000000; PRAGMA synchronous=OFF; PRAGMA temp_store=MEMORY");
        var last = Guid.Empty;
        for (var i = 0; i < Conversations; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            last = Guid.NewGuid();
            var id = Crowd.Text(last);
            crowd.InOne(() =>
            {
                crowd.Copy("Conversations", "1 = 1 LIMIT 1", new() { ["Id"] = id, ["OneId"] = DBNull.Value, ["OtherId"] = DBNull.Value, ["Name"] = "Old friends", ["LastSeq"] = each });
                crowd.Copy("ConversationMembers", "1 = 1 LIMIT 1", new() { ["ConversationId"] = id, ["AccountId"] = Crowd.Text(person) });
                crowd.Copy(
                    "Messages",
                    "r.rowid = (SELECT min(rowid) FROM \"Messages\")",
                    new()
                    {
                        ["ConversationId"] = id,
                        ["Seq"] = "=n.i",
                        ["ClientId"] = "='old-' || n.i",
                        ["Id"] = "=upper(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-' || hex(randomblob(2)) || '-' || hex(randomblob(2)) || '-' || hex(randomblob(6)))",
                    },
                    $", (WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < {each.ToString(CultureInfo.InvariantCulture)}) SELECT i FROM c) n");
            });
        }

        crowd.Run("PRAGMA wal_checkpoint(TRUNCATE)");
        return last.ToString("N");
    }
}
