using Microsoft.Extensions.Logging;
using Weir.Contracts;
using Weir.Live.Planes;
using Weir.Media.Broadcasting;

namespace Weir.Live.Broadcasts;

/// <summary>Puts a broadcast together with everything derived from it, where a recording of it ends if there is one.</summary>
internal sealed class LiveBroadcastFactory(
    LiveOptions options, NodeKey key, ReportQueue reports, LiveMetrics metrics, TimeProvider clock, ILoggerFactory loggers)
{
    private readonly ILogger _log = loggers.CreateLogger<LiveBroadcast>();

    public LiveBroadcast Start(Rules rules)
    {
        var broadcast = new Broadcast(rules.Broadcast, new TimelineLimits(), clock, rules.ExpectsResume ? new ResumePoint(0, 0, 0) : null);
        var outputs = new LiveOutputs(broadcast, rules, key, clock, loggers);
        var live = new LiveBroadcast(rules, broadcast, outputs, options, reports, metrics, clock, _log);
        live.Start();
        return live;
    }

    public void DeleteRecording(Guid id) { }
}
