using Microsoft.Extensions.Logging;
using Weir.Contracts;
using Weir.Hosting.Texts;
using Weir.Live.Planes;
using Weir.Live.Recordings;
using Weir.Media.Broadcasting;
using Weir.Media.Recording;
using Weir.Media.Transcoding;

namespace Weir.Live.Broadcasts;

/// <summary>Puts a broadcast together with everything derived from it; where its recording ended, if there is one.</summary>
internal sealed class LiveBroadcastFactory(
    LiveOptions options,
    NodeKey key,
    ReplayStore replays,
    RecordingRoom room,
    Transcoders transcoders,
    ReportQueue reports,
    LiveMetrics metrics,
    TimeProvider clock,
    ILoggerFactory loggers)
{
    private readonly ILogger _log = loggers.CreateLogger<LiveBroadcast>();

    /// <param name="broadcastsOf">All broadcasts of a host, for what their recordings may take together.</param>
    public LiveBroadcast Start(Rules rules, Func<Guid, IReadOnlyCollection<Guid>> broadcastsOf)
    {
        var recovered = Recover(rules.Broadcast);
        var resume = recovered.Resume ?? (rules.ExpectsResume ? new ResumePoint(0, 0, 0) : null);
        var broadcast = new Broadcast(
            rules.Broadcast, new TimelineLimits(), clock, resume, comment => UserText.Text(comment, CommentRoom.MaxLength));
        var limits = new RecorderLimits { MayGrow = room.Of(rules.Broadcast, rules.Host, broadcastsOf) };
        var outputs = new LiveOutputs(broadcast, rules, recovered, limits, key, clock, loggers);
        var live = new LiveBroadcast(rules, broadcast, outputs, options, transcoders, reports, metrics, clock, _log);
        live.Start();
        return live;
    }

    public void DeleteRecording(Guid broadcast)
    {
        try
        {
            replays.Delete(broadcast);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            _log.LogError("The recording of {Broadcast} cannot be deleted: {Reason}", broadcast.ToText(), fault.Message);
        }
    }

    /// <summary>A broadcast that ended while this node was away: what it recorded becomes its replay, and is reported.</summary>
    public void FinishAbandoned(Rules rules)
    {
        try
        {
            using var lease = replays.FinishAbandoned(rules.Broadcast);
            if (lease is not null)
            {
                ReportEnd(rules, lease.Replay);
            }
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            _log.LogError("The recording of {Broadcast} cannot be finished: {Reason}", rules.Broadcast.ToText(), fault.Message);
        }
    }

    /// <summary>
    /// A broadcast that ended at this node, which then went away before the social plane had heard of it: true, and it is
    /// reported again.
    /// </summary>
    public bool ReportIfFinished(Rules rules)
    {
        try
        {
            if (!replays.IsFinished(rules.Broadcast) || !replays.TryOpen(rules.Broadcast, out var lease))
            {
                return false;
            }

            using (lease)
            {
                ReportEnd(rules, lease.Replay);
            }

            return true;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            _log.LogError("The recording of {Broadcast} cannot be read: {Reason}", rules.Broadcast.ToText(), fault.Message);
            return false;
        }
    }

    private void ReportEnd(Rules rules, Replay replay)
    {
        var now = clock.GetUtcNow().ToUnixTimeMilliseconds() * 1000;
        reports.Put(new Contracts.Planes.BroadcastReport
        {
            Broadcast = rules.Broadcast.ToWire(),
            Revision = now,
            Phase = Contracts.Planes.BroadcastPhase.Ended,
            ChangedAt = now,
            MediaDuration = replay.Duration,
            Comments = replay.Events.Count,
            Recorded = true,
        });
    }

    private RecoveredRecording Recover(Guid broadcast)
    {
        var directory = replays.DirectoryOf(broadcast);
        try
        {
            return RecoveredRecording.Open(directory);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            _log.LogError("The recording of {Broadcast} cannot be read: {Reason}", broadcast.ToText(), fault.Message);
            return new RecoveredRecording(directory, [], IsFinished: false);
        }
    }
}
