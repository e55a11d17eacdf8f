using System.Diagnostics;
using System.Globalization;
using Weir.Bench.Load;
using Weir.Bench.Messages;
using Weir.Bench.Servers;
using Weir.Contracts;

namespace Weir.Bench.Surge;

/// <summary>Thousands watch one broadcast, it ends, and all of them go on to the replay.</summary>
internal sealed class SurgeEnd(bool quick)
{
    private const int Pairs = 50;
    private const int MessagesPerSecond = 200;
    private const double SocialTarget = 500;
    private const double ReplayTarget = 15;
    private static readonly TimeSpan JoinLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan EndPhase = TimeSpan.FromSeconds(16);
    private readonly int _viewers = quick ? 1000 : 5000;
    private readonly TimeSpan _phase = TimeSpan.FromSeconds(quick ? 8 : 16);

    public async Task<Report> RunAsync(CancellationToken cancellation)
    {
        var directory = Directory.CreateTempSubdirectory("weir-bench-end-").FullName;
        try
        {
            var file = Path.Combine(directory, "stream.flv");
            await PreparedStream.WriteAsync(file, cancellation);
            var data = Directory.CreateDirectory(Path.Combine(directory, "data")).FullName;
            await using var weir = await WeirServer.StartAsync(pinned: false, data);
            return await MeasureAsync(weir, data, file, cancellation);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private async Task<Report> MeasureAsync(WeirServer weir, string data, string file, CancellationToken cancellation)
    {
        await weir.SetUpAsync();
        var pairs = await MessagesBench.MeetAsync(weir, data, Pairs);
        var (channel, broadcast) = await AnnounceAsync(weir);
        var stream = new PreparedFile(file, PreparedStream.Seconds * 1000);
        using var publisher = new Publishers(stream, [new PublishTarget(channel.Application, channel.Key)]);
        await weir.LiveAsync(channel.Id, cancellation);

        using var reactor = new Reactor();
        var rounds = new Rounds(reactor, weir, pairs, Pairs, cancellation);
        rounds.Listen();
        Console.Error.WriteLine("warming up ...");
        rounds.Open(MessagesPerSecond, _phase / 2);
        Console.Error.WriteLine("messages, nobody watches ...");
        var quiet = rounds.Open(MessagesPerSecond, _phase);
        Console.Error.WriteLine($"{_viewers} viewers come ...");
        using var viewers = new EndViewers(broadcast, Tickets(weir, channel.Id));
        await UntilAsync(() => viewers.HaveJoined, JoinLimit, cancellation);
        Console.Error.WriteLine("messages, they watch ...");
        var watched = rounds.Open(MessagesPerSecond, _phase);
        Console.Error.WriteLine("messages, it ends ...");
        var social = new List<double>();
        var ending = Task.Run(() => EndAsync(weir, channel, social, cancellation), cancellation);
        var ended = rounds.Open(MessagesPerSecond, EndPhase);
        var at = await ending;
        await UntilAsync(() => viewers.HaveReplay, JoinLimit, cancellation);
        var times = viewers.Stop();
        return Report(times, at, social, [("nobody watches", quiet), ($"{_viewers} watch", watched), ("it ends", ended)]);
    }

    private static async Task<(Channel Channel, Uri Broadcast)> AnnounceAsync(WeirServer weir)
    {
        var channel = await weir.OpenAsync("replay", 1);
        var replay = channel.Viewers[0];
        return (channel, new Uri(replay[..replay.IndexOf("/replay.m3u8", StringComparison.Ordinal)]));
    }

    /// <summary>Of as many accounts, signed as the social plane does: to ask for them is another benchmark.</summary>
    private List<string> Tickets(WeirServer weir, string broadcast)
    {
        var key = new NodeKey(weir.NodeKey());
        var id = Ids.TryParse(broadcast, out var parsed) ? parsed : throw new CannotMeasureException($"{broadcast} is no broadcast.");
        var expires = DateTimeOffset.UtcNow.AddHours(12);
        string Sign(int i) => new Ticket(
            id, Guid.NewGuid(), Ticket.NewId(), 0, expires, TicketRights.Comment, string.Create(CultureInfo.InvariantCulture, $"Viewer {i}")).Sign(key);
        return [.. Enumerable.Range(0, _viewers).Select(Sign)];
    }

    /// <summary>Ends it, and looks each second what reaches the social plane from then on; gives the moment of the end.</summary>
    private static async Task<long> EndAsync(WeirServer weir, Channel channel, List<double> social, CancellationToken cancellation)
    {
        var before = await weir.SocialRequestsAsync();
        var at = Stopwatch.GetTimestamp();
        await weir.CloseAsync(channel);
        using var second = new PeriodicTimer(TimeSpan.FromSeconds(1));
        while (Stopwatch.GetElapsedTime(at) < EndPhase - TimeSpan.FromSeconds(1) && await second.WaitForNextTickAsync(cancellation))
        {
            var now = await weir.SocialRequestsAsync();
            social.Add(now - before);
            before = now;
        }

        return at;
    }

    private static async Task UntilAsync(Func<bool> holds, TimeSpan limit, CancellationToken cancellation)
    {
        var waiting = Stopwatch.StartNew();
        while (!holds())
        {
            if (waiting.Elapsed > limit)
            {
                throw new CannotMeasureException($"the viewers needed more than {limit.TotalSeconds:0} s.");
            }

            await Task.Delay(50, cancellation);
        }
    }

    private Report Report(EndTimes times, long at, List<double> social, IReadOnlyList<(string When, Figures Figures)> messages)
    {
        Samples Since(IEnumerable<long> stamps)
        {
            var samples = new Samples();
            foreach (var stamp in stamps)
            {
                samples.Add((stamp - at) / (double)Stopwatch.Frequency);
            }

            return samples;
        }

        var (told, replayed) = (Since(times.Told), Since(times.Replayed));
        var busiest = times.Asked.GroupBy(stamp => (stamp - at) / Stopwatch.Frequency).Select(one => one.Count()).DefaultIfEmpty(0).Max();
        var bound = (1.5 * messages[0].Figures.Acknowledged.Percentile(99)) + 20;
        return new Report(
            "surge end",
            "A broadcast with many viewers ends.",
            [
                new ResultTable(
                    "From the host's word to the replay",
                    [
                        new("On the replay"), new("Failed"), new("Told, median s", "0.00"), new("last s", "0.00"),
                        new("On the replay, median s", "0.0"), new("last s ", "0.0"), new("Target s", "0"),
                        new("Live plane, most a second", "0"), new("Social plane, most a second", "0"), new("Target", "0"),
                    ],
                    [
                        [
                            times.Replayed.Count, times.Failed, told.Median, told.Max, replayed.Median, replayed.Max, ReplayTarget,
                            busiest, social.DefaultIfEmpty(0).Max(), SocialTarget,
                        ],
                    ]),
                new ResultTable(
                    $"{MessagesPerSecond} messages a second of {Pairs} pairs meanwhile",
                    [
                        new("When"), new("Sent"), new("Acknowledged median ms", "0.0"), new("99th ms", "0.0"), new("Target ms", "0.0"),
                        new("Delivered median ms", "0.0"), new("99th % ms", "0.0"),
                    ],
                    [.. messages.Select((one, i) => (object?[])
                    [
                        one.When, one.Figures.Acknowledged.Count, one.Figures.Acknowledged.Median, one.Figures.Acknowledged.Percentile(99),
                        i == 0 ? null : bound, one.Figures.Delivered.Median, one.Figures.Delivered.Percentile(99),
                    ])]),
            ],
            [
                "Both planes, the viewers and the senders share the machine. Viewers listen to the broadcast's events (their picture costs the same "
                + "whether it ends or not), wait as the end tells them, and read the replay's playlist and comments with the ticket that they had; "
                + "they fetch no media of it. A message that is refused ends the benchmark. Requests to the social plane: all but messages and metrics.",
                .. times.Faults.Select(fault => $"a viewer: {fault}"),
            ]);
    }
}
