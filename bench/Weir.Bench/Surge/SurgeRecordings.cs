using Weir.Bench.Load;
using Weir.Bench.Messages;
using Weir.Bench.Servers;

namespace Weir.Bench.Surge;

/// <summary>
/// Messages beside recordings: in turn quiet, with 20 recordings on the disk of the database, and with the same in memory, so that what the disk does shows
/// apart from what the two cores do.
/// </summary>
internal sealed class SurgeRecordings : IAsyncDisposable
{
    private const int Pairs = 50;
    private const double PerSecond = 200;
    private const int Recordings = 20;
    private const int VideoKilobits = 7900;
    private const int StreamSeconds = 10;
    private const double Target = 10;
    private const string Quiet = "quiet";
    private const string OnDisk = "20 recordings on the same disk";
    private const string InMemory = "20 recordings in memory";

    private readonly string _directory = Directory.CreateTempSubdirectory("weir-bench-recordings-").FullName;
    private readonly string _memory = Path.Combine("/dev/shm", $"weir-bench-{Guid.NewGuid():N}");
    private readonly Dictionary<string, Samples> _all = new() { [Quiet] = new(), [OnDisk] = new(), [InMemory] = new() };
    private readonly List<object?[]> _rows = [];
    private readonly List<string> _remarks = [];
    private readonly TimeSpan _phase;

    private readonly TimeSpan _warmUp;

    private SurgeRecordings(bool quick) => (_phase, _warmUp) = (TimeSpan.FromSeconds(quick ? 5 : 12), TimeSpan.FromSeconds(quick ? 2 : 6));

    public static async Task<Report> RunAsync(bool quick, CancellationToken cancellation)
    {
        await using var part = new SurgeRecordings(quick);
        return await part.RunAsync(cancellation);
    }

    public ValueTask DisposeAsync()
    {
        Directory.Delete(_directory, recursive: true);
        if (Directory.Exists(_memory))
        {
            Directory.Delete(_memory, recursive: true);
        }

        return ValueTask.CompletedTask;
    }

    private async Task<Report> RunAsync(CancellationToken cancellation)
    {
        if (!Directory.Exists("/dev/shm"))
        {
            throw new CannotMeasureException("there is no file system in memory (/dev/shm).");
        }

        var file = Path.Combine(_directory, "stream.flv");
        await PreparedStream.WriteAsync(file, cancellation, VideoKilobits, StreamSeconds);
        await using var disk = await SeatAsync("disk", null, cancellation);
        await using var memory = await SeatAsync("memory", _memory, cancellation);
        for (var round = 1; round <= 2; round++)
        {
            Measure(Quiet, round, disk, null);
            await LoadedAsync(OnDisk, round, disk, file, cancellation);
            Measure(Quiet, round, memory, null);
            await LoadedAsync(InMemory, round, memory, file, cancellation);
        }

        var quiet = _all[Quiet];
        return new Report(
            "recordings",
            "Messages beside recordings.",
            [
                new ResultTable(
                    $"{PerSecond} messages a second of {Pairs} pairs beside {Recordings} recordings of 8 Mbit/s",
                    [
                        new("Load"), new("Round"), new("Acknowledged median ms", "0.0"), new("99th ms", "0.0"), new("longest ms", "0.0"), new("Written MB/s", "0.0"),
                        new("Dirty MB, most", "0.0"), new("Syncs/s", "0.0"), new("Mean sync ms", "0.0"), new("Social CPU %", "0"), new("Live CPU %", "0"), new("Publishers CPU %", "0"),
                    ],
                    _rows),
                new ResultTable(
                    "Both rounds together",
                    [new("Load"), new("Messages"), new("Median ms", "0.0"), new("99th ms", "0.0"), new("more than quiet ms", "0.0"), new("Target ms", "0")],
                    [
                        .. _all.Select(load => (object?[])
                        [
                            load.Key, load.Value.Count, load.Value.Median, load.Value.Percentile(99),
                            load.Key == Quiet ? null : load.Value.Percentile(99) - quiet.Percentile(99), load.Key == OnDisk ? Target : null,
                        ]),
                    ]),
            ],
            [
                "Both planes, publishers and senders share the machine's cores. Written is what the live plane gave to the disk; dirty is the whole machine's.",
                .. _remarks,
            ]);
    }

    private async Task<Place> SeatAsync(string name, string? recordings, CancellationToken cancellation)
    {
        var data = Directory.CreateDirectory(Path.Combine(_directory, name)).FullName;
        var weir = await WeirServer.StartAsync(
            pinned: false, data, environment: recordings is null ? null : new Dictionary<string, string> { ["WEIR_RECORDINGS"] = recordings });
        try
        {
            await weir.SetUpAsync();
            var place = new Place(weir, await MessagesBench.MeetAsync(weir, data, Pairs), cancellation);
            Console.Error.WriteLine("warming up ...");
            place.Rounds.Closed(_warmUp);
            place.Rounds.Open(PerSecond, _warmUp);
            return place;
        }
        catch
        {
            await weir.DisposeAsync();
            throw;
        }
    }

    private async Task LoadedAsync(string load, int round, Place place, string file, CancellationToken cancellation)
    {
        var channels = new List<Channel>();
        while (channels.Count < Recordings)
        {
            channels.Add(await place.Weir.OpenAsync("rtmp", 0, place.Hosts[channels.Count]));
        }

        var plan = new LoadPlan
        {
            Publish = [.. channels.Select(channel => new PublishTarget(channel.Application, channel.Key))],
            File = file,
            FileMilliseconds = StreamSeconds * 1000,
            Outlet = Outlet.Rtmp,
            Viewers = [],
            LeadSeconds = 3,
            JoinsPerSecond = 1,
            SettleSeconds = 1,
            WindowSeconds = (int)_phase.TotalSeconds + 2,
            ServerProcesses = place.Weir.Processes,
            ServerCore = 0,
        };
        var measuring = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var publishing = LoadProcess.RunAsync(plan, _directory, cancellation, pinned: false, on: line =>
        {
            if (line == LoadStages.Measuring)
            {
                measuring.TrySetResult();
            }
        });
        if (await Task.WhenAny(measuring.Task, publishing) == publishing)
        {
            await publishing;
        }

        var row = Measure(load, round, place, await SyncsAsync(place.Weir));
        var syncs = await SyncsAsync(place.Weir);
        var result = await publishing;
        row[^1] = 100 * result.OwnCpuSeconds / result.WindowSeconds;
        var before = ((double Count, double Seconds))row[7]!;
        row[7] = (syncs.Count - before.Count) / _phase.TotalSeconds;
        row[8] = 1000 * (syncs.Seconds - before.Seconds) / Math.Max(1, syncs.Count - before.Count);
        _remarks.AddRange(result.Faults.Select(fault => $"{load}: {fault}"));
        var skipped = await place.Weir.LiveCounterAsync("weir_recording_skipped_fragments_total");
        if (skipped > 0)
        {
            _remarks.Add($"{load}: {skipped} fragments had not been recorded by then.");
        }

        foreach (var (channel, host) in channels.Zip(place.Hosts))
        {
            await place.Weir.CloseAsync(channel, host);
        }
    }

    private object?[] Measure(string load, int round, Place place, (double Count, double Seconds)? syncs)
    {
        Console.Error.WriteLine($"{load}, round {round} ...");
        var (social, live) = (place.Weir.SocialProcess, place.Weir.LiveProcess);
        var (socialCpu, liveCpu, written) = (ProcessFigures.CpuSeconds(social), ProcessFigures.CpuSeconds(live), ProcessFigures.WrittenMegabytes(live));
        double dirty = 0;
        Figures figures;
        using (new Timer(_ => dirty = Math.Max(dirty, ProcessFigures.DirtyMegabytes()), null, TimeSpan.Zero, TimeSpan.FromMilliseconds(100)))
        {
            figures = place.Rounds.Open(PerSecond, _phase);
        }

        foreach (var took in figures.Acknowledged.Values)
        {
            _all[load].Add(took);
        }

        var seconds = _phase.TotalSeconds;
        object?[] row =
        [
            load, round, figures.Acknowledged.Median, figures.Acknowledged.Percentile(99), figures.Acknowledged.Max,
            (ProcessFigures.WrittenMegabytes(live) - written) / seconds, dirty, syncs, null,
            100 * (ProcessFigures.CpuSeconds(social) - socialCpu) / seconds, 100 * (ProcessFigures.CpuSeconds(live) - liveCpu) / seconds, null,
        ];
        _rows.Add(row);
        return row;
    }

    private static async Task<(double Count, double Seconds)> SyncsAsync(WeirServer weir) =>
        (await weir.LiveCounterAsync("weir_recording_sync_seconds_count"), await weir.LiveCounterAsync("weir_recording_sync_seconds_sum"));

    /// <summary>A server and the people who write there.</summary>
    private sealed class Place(WeirServer weir, IReadOnlyList<(Seat Writer, string Reader)> pairs, CancellationToken cancellation) : IAsyncDisposable
    {
        private readonly Reactor _reactor = new();

        public WeirServer Weir => weir;

        /// <summary>Tokens of those who go live, one broadcast each: a host may not have many at a time.</summary>
        public IReadOnlyList<string> Hosts { get; } = [.. pairs.Select(pair => pair.Reader)];

        public Rounds Rounds => field ??= new Rounds(_reactor, weir, pairs, Pairs, cancellation);

        public async ValueTask DisposeAsync()
        {
            _reactor.Dispose();
            await weir.DisposeAsync();
        }
    }
}
