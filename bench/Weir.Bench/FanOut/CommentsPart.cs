using System.Globalization;
using Weir.Bench.Load;
using Weir.Bench.Messages;
using Weir.Bench.Servers;

namespace Weir.Bench.FanOut;

/// <summary>Viewers who write to each other while they watch: every comment goes to everybody, and the picture must not notice.</summary>
internal sealed class CommentsPart(bool quick, List<string> remarks)
{
    private const int CommentsPerSecond = 100;

    /// <summary>An account may post five comments in ten seconds: 200 are just enough, twice as many are far from the limit.</summary>
    private const int FewestAccounts = 400;
    private const int SessionsPerTicket = 5;
    private const int WarmUpViewers = 400;

    public async Task<ResultTable> RunAsync(string directory, CancellationToken cancellation)
    {
        var viewers = quick ? 1_000 : 5_000;
        var data = Directory.CreateDirectory(Path.Combine(directory, "comments")).FullName;
        await using var weir = await WeirServer.StartAsync(pinned: false, data);
        var people = await PeopleAsync(weir, data, Math.Max(FewestAccounts, viewers / SessionsPerTicket));

        Console.Error.WriteLine("Weir, warming up with comments ...");
        await MeasureAsync(weir, people, WarmUpViewers, CommentsPerSecond, directory, cancellation);
        var rows = new List<object?[]>();
        foreach (var comments in (int[])[0, CommentsPerSecond])
        {
            Console.Error.WriteLine($"Weir, {viewers} viewers, {comments} comments a second ...");
            var result = await MeasureAsync(weir, people, viewers, comments, directory, cancellation);
            remarks.AddRange(result.Faults.Select(fault => $"{comments} comments a second: {fault}"));
            var said = result.Comments;
            rows.Add(
            [
                comments, result.Viewers, said?.Posted, said?.Refused, said?.DeliveredMedian, said?.DeliveredLeast, said?.DelayMedianMilliseconds, said?.DelayP99Milliseconds,
                100 * result.LeastShare, result.Slow, result.Failed, result.DelayMedianMilliseconds, result.DelayP99Milliseconds,
                Share(result.Server[0].CpuSeconds, result), Share(result.OwnCpuSeconds, result),
            ]);
        }

        remarks.Add(
            $"Comments: unlike elsewhere nothing is pinned, server and load share all cores. They are posted by viewers of {people.Count} accounts in turn, within the rule of five in ten seconds; their delay runs "
            + "from posting to receiving. What the processes take is of one core.");
        return new ResultTable(
            "Comments to every WebSocket viewer of one 1 Mbit/s broadcast, all cores",
            [
                new("A second"), new("Viewers"), new("Posted"), new("Refused"), new("Each got", "0"), new("the least"), new("Delay ms", "0.0"), new("p99 ms", "0"),
                new("Bytes, least %", "0.0"), new("Short"), new("Failed"), new("Picture ms", "0.0"), new("p99 ms ", "0"),
                new("Live %", "0"), new("Load %", "0"),
            ],
            rows);
    }

    private static async Task<IReadOnlyList<string>> PeopleAsync(WeirServer weir, string data, int accounts)
    {
        await weir.SetUpAsync();
        using var crowd = new Crowd(data);
        var people = new List<string>();
        crowd.InOne(() =>
        {
            while (people.Count < accounts)
            {
                people.Add(crowd.Add(string.Create(CultureInfo.InvariantCulture, $"viewer{people.Count}")).Token);
            }
        });
        return people;
    }

    private async Task<LoadResult> MeasureAsync(
        WeirServer weir, IReadOnlyList<string> people, int viewers, int comments, string directory, CancellationToken cancellation)
    {
        var sessions = (int)Math.Ceiling((double)viewers / people.Count);
        var channel = await weir.OpenAsync("websocket", viewers, watchers: people, sessions: sessions);
        var result = await LoadProcess.RunAsync(
            new LoadPlan
            {
                Publish = [new PublishTarget(channel.Application, channel.Key)],
                File = Path.Combine(directory, "stream.flv"),
                FileMilliseconds = PreparedStream.Seconds * 1000,
                Outlet = Outlet.WebSocket,
                Viewers = channel.Viewers,
                CommentsPerSecond = comments,
                SessionsPerAccount = sessions,
                LeadSeconds = 3,
                JoinsPerSecond = 250,
                SettleSeconds = quick ? 2 : 10,
                WindowSeconds = quick ? 10 : 30,
                ServerProcesses = weir.Processes,
                ServerCore = 0,
            },
            directory,
            cancellation,
            pinned: false);
        await weir.CloseAsync(channel);
        return result;
    }

    private static double Share(double cpu, LoadResult result) => 100 * cpu / result.WindowSeconds;
}
