using Microsoft.Extensions.Logging;
using Weir.Contracts;
using Weir.Contracts.Planes;
using Weir.Live.Planes;
using Weir.Media.Broadcasting;
using Weir.Media.Cmaf;
using Weir.Media.Transcoding;

namespace Weir.Live.Broadcasts;

/// <summary>
/// One broadcast at this node with everything that is derived from it: the packager, HLS, the recording, the open
/// sessions, and the rules by which all of them admit.
/// </summary>
internal sealed class LiveBroadcast : IAsyncDisposable
{
    private static readonly TimeSpan RecordingLimit = TimeSpan.FromSeconds(3);
    private readonly CancellationTokenSource _stopping = new();
    private readonly ReportQueue _reports;
    private readonly TimeProvider _clock;
    private readonly ILogger _log;
    private readonly LiveOutputs _outputs;
    private Rules _rules;
    private Track? _reportedVideo;
    private volatile Publishing? _publishing;
    private Task _running = Task.CompletedTask;
    private bool _toldEnd;

    public LiveBroadcast(
        Rules rules,
        Broadcast broadcast,
        LiveOutputs outputs,
        LiveOptions options,
        Transcoders transcoders,
        ReportQueue reports,
        LiveMetrics metrics,
        TimeProvider clock,
        ILogger log)
    {
        _rules = rules;
        _outputs = outputs;
        _reports = reports;
        _clock = clock;
        _log = log;
        Broadcast = broadcast;
        Viewers = new Audience(clock, options.SessionsPerTicket, metrics);
        Renditions = new Renditions(broadcast, rules.Host, transcoders, clock, log);
        Broadcast.Comments.SetMuted(rules.Muted);
        Broadcast.Comments.SetNames(rules.Names);
        Broadcast.StateChanged += OnStateChanged;
    }

    public Broadcast Broadcast { get; }

    public LiveOutputs Outputs => _outputs;

    /// <summary>The same with its sound in another codec, for players that lack the one it has.</summary>
    public Renditions Renditions { get; }

    public Audience Viewers { get; }

    public Rules Rules => Volatile.Read(ref _rules);

    /// <summary>Timestamp of the end; only meaningful once the broadcast has ended.</summary>
    public long EndedAt { get; private set; }

    /// <summary>What the viewers were last told of themselves.</summary>
    public AudienceNow? LastAudience { get; set; }

    /// <summary>Takes a publisher; its key is remembered, because it may be withdrawn while it publishes.</summary>
    public Publisher? Publish(PublisherInfo info, string keyHash)
    {
        var publisher = Broadcast.Publish(info);
        if (publisher is not null)
        {
            _publishing = new Publishing(publisher, keyHash);
            DismissUnlessAllowed();
        }

        return publisher;
    }

    public void Start() => _running = RunAsync();

    public void Apply(Rules rules)
    {
        var before = Interlocked.Exchange(ref _rules, rules);
        if (before.Epoch != rules.Epoch)
        {
            _outputs.Rekey(rules);
        }

        Broadcast.Comments.SetNames(rules.Names);
        foreach (var (account, muted) in Broadcast.Comments.SetMuted(rules.Muted))
        {
            Viewers.SetMuted(account, muted);
        }

        Viewers.Close(rules);
        DismissUnlessAllowed();
    }

    /// <summary>Says to the social plane what this broadcast is doing now.</summary>
    public void Report()
    {
        if (Broadcast.State == BroadcastState.Ready)
        {
            return;
        }

        var now = _clock.GetUtcNow();
        var video = Broadcast.Timeline.Video;
        _reportedVideo = video;
        _reports.Put(new BroadcastReport
        {
            Broadcast = Broadcast.Id.ToWire(),
            Revision = Microseconds(now),
            Phase = Broadcast.State switch
            {
                BroadcastState.Live => BroadcastPhase.Live,
                BroadcastState.Interrupted => BroadcastPhase.Interrupted,
                _ => BroadcastPhase.Ended,
            },
            StartedAt = Microseconds(Broadcast.StartedAt ?? now),
            ChangedAt = Microseconds(now),
            MediaDuration = Broadcast.Timeline.Edge,
            Recorded = _outputs.HasReplay,
            PeakViewers = Viewers.Peak,
            Comments = _outputs.Comments,
            Width = video?.Width ?? 0,
            Height = video?.Height ?? 0,
        });
    }

    /// <summary>What the host is told of the stream and its recording.</summary>
    public HealthReport TakeHealth()
    {
        var report = Broadcast.Health.Take();
        return _outputs.RecordingWarning is { } warning ? report with { Warnings = [warning, .. report.Warnings] } : report;
    }

    /// <summary>The picture is known only after the state changed, and it may change its size: then the report is repeated.</summary>
    public void ReportNewPicture()
    {
        var video = Broadcast.Timeline.Video;
        if (video is not null && (video.Width, video.Height) != (_reportedVideo?.Width, _reportedVideo?.Height))
        {
            Report();
        }
    }

    public async ValueTask DisposeAsync()
    {
        Broadcast.StateChanged -= OnStateChanged;
        await _stopping.CancelAsync();
        await Renditions.DisposeAsync();
        await _running;
        _stopping.Dispose();
    }

    private void DismissUnlessAllowed()
    {
        if (_publishing is { } now && !Rules.MayPublish(now.KeyHash))
        {
            now.Publisher.Dismiss();
        }
    }

    private async Task RunAsync()
    {
        try
        {
            await _outputs.RunAsync(_stopping.Token);
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            _log.LogDebug("Broadcast {Broadcast} stops with the node", Broadcast.Id.ToText());
        }
        catch (Exception fault)
        {
            // Nothing derived from this timeline goes on; the other broadcasts do.
            _log.LogError(fault, "Broadcast {Broadcast} failed", Broadcast.Id.ToText());
            Broadcast.End();
        }
    }

    private void OnStateChanged(Broadcast broadcast, BroadcastState state)
    {
        _log.LogInformation("Broadcast {Broadcast} is {State}", broadcast.Id.ToText(), state);
        if (state == BroadcastState.Ended)
        {
            EndedAt = _clock.GetTimestamp();
            _ = ReportEndAsync();
        }
        else
        {
            Report();
        }
    }

    /// <summary>The end is told when the replay is there, or before that when the disk takes too long.</summary>
    private async Task ReportEndAsync()
    {
        try
        {
            await _outputs.Recorded.WaitAsync(RecordingLimit, _clock);
        }
        catch (TimeoutException)
        {
            SayFarewell(RecordingLimit);
            Report();
            await _outputs.Recorded;
        }

        SayFarewell(TimeSpan.Zero);
        Report();
    }

    private void SayFarewell(TimeSpan notBefore)
    {
        if (!_toldEnd)
        {
            _toldEnd = true;
            Viewers.Tell(new Farewell(_outputs.IsRecorded, notBefore, TimeSpan.FromMicroseconds(Broadcast.Timeline.Edge), Broadcast.StartedAt));
        }
    }

    private static long Microseconds(DateTimeOffset time) => (time.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks) / TimeSpan.TicksPerMicrosecond;

    private sealed record Publishing(Publisher Publisher, string KeyHash);
}
