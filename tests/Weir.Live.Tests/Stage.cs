using System.Diagnostics.Metrics;
using System.Security.Cryptography;
using Google.Protobuf;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Weir.Contracts;
using Weir.Contracts.Planes;
using Weir.Hosting;
using Weir.Live.Broadcasts;
using Weir.Live.Planes;
using Weir.Live.Recordings;
using Weir.Media.Broadcasting;
using Weir.Media.Transcoding;

namespace Weir.Live.Tests;

/// <summary>A node's admission without sockets: rules go in as the social plane sends them, time is the test's.</summary>
internal sealed class Stage : IAsyncDisposable
{
    private readonly DirectoryInfo _data = Directory.CreateTempSubdirectory("weir-live-tests-");
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();

    public Stage(int sessionsPerTicket = 5)
    {
        Options = new LiveOptions
        {
            DataDirectory = _data.FullName,
            NodeKeyFile = Path.Combine(_data.FullName, "node.key"),
            SocialAddress = new Uri("http://127.0.0.1:1"),
            SessionsPerTicket = sessionsPerTicket,
        };
        Metrics = new LiveMetrics(_services.GetRequiredService<IMeterFactory>());
        Replays = new ReplayStore(Path.Combine(_data.FullName, "recordings"));
        Disk = new DiskRoom(Options.RecordingsDirectory, Clock, () => Space);
        Room = new RecordingRoom(Options, Disk, Replays, Clock);
        Factory = new LiveBroadcastFactory(Options, Key, Replays, Room, new Transcoders(Options.Ffmpeg), Reports, Metrics, Clock, NullLoggerFactory.Instance);
        Broadcasts = new BroadcastDirectory(Factory, NullLogger<BroadcastDirectory>.Instance);
        Admission = new LiveAdmission(Broadcasts, Key, Clock, Metrics);
    }

    public NodeKey Key { get; } = new(RandomNumberGenerator.GetBytes(NodeKey.Length));

    public FakeTimeProvider Clock { get; } = new(new DateTimeOffset(2026, 5, 1, 12, 0, 0, TimeSpan.Zero));

    public LiveOptions Options { get; }

    public LiveMetrics Metrics { get; }

    public ReportQueue Reports { get; } = new();

    public ReplayStore Replays { get; }

    /// <summary>The disk, as the test says it is.</summary>
    public DiskSpace Space { get; set; } = new(1L << 40, 1L << 40);

    public DiskRoom Disk { get; }

    public RecordingRoom Room { get; }

    public LiveBroadcastFactory Factory { get; }

    public BroadcastDirectory Broadcasts { get; }

    public LiveAdmission Admission { get; }

    public Guid Broadcast { get; } = Guid.NewGuid();

    public Guid Mia { get; } = Guid.NewGuid();

    public const string StreamKey = "wk_a-stream-key";

    /// <summary>The whole first exchange: this broadcast and nothing else.</summary>
    public void Listed(Action<BroadcastRules>? change = null)
    {
        Broadcasts.BeginLists();
        Say(change);
        Broadcasts.CompleteLists();
    }

    /// <summary>One message about the broadcast, as it changes.</summary>
    public void Say(Action<BroadcastRules>? change = null)
    {
        var rules = new BroadcastRules
        {
            Broadcast = Broadcast.ToWire(),
            Host = Guid.NewGuid().ToWire(),
            PublishKeyHashes = { ByteString.CopyFrom(PublishKey.Hash(StreamKey)) },
        };
        change?.Invoke(rules);
        Broadcasts.Apply(new Rules(rules));
    }

    public string Ticket(Guid? account = null, uint epoch = 0, Guid? broadcast = null, TimeSpan? lifetime = null, ulong session = 0) =>
        new Ticket(broadcast ?? Broadcast, account ?? Mia, Contracts.Ticket.NewId(), epoch, Clock.GetUtcNow() + (lifetime ?? TimeSpan.FromHours(12)), TicketRights.Comment, "Mia")
        {
            Session = session,
            Issued = Clock.GetUtcNow(),
        }.Sign(Key);

    /// <summary>These sessions are there at this moment, and no others.</summary>
    public void Sessions(params ulong[] sessions) => Broadcasts.Apply(new Live.Broadcasts.TicketSessions(
        new Contracts.Planes.TicketSessions { AsOf = Clock.GetUtcNow().ToUnixTimeMilliseconds(), Sessions = { sessions } }));

    public WatchDenied Watch(string? ticket, out LiveViewer? viewer, Guid? broadcast = null) =>
        Admission.TryWatch((broadcast ?? Broadcast).ToText(), ticket, Outlet.WebSocket, out viewer);

    public bool Publish(string key = StreamKey) => Admission.TryPublish(key, new PublisherInfo("RTMP", "test"), out _, out _);

    public async ValueTask DisposeAsync()
    {
        Broadcasts.BeginStop();
        await Broadcasts.StopAsync();
        await _services.DisposeAsync();
        _data.Delete(recursive: true);
    }
}
