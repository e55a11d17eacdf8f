using Microsoft.Extensions.Logging;
using Weir.Contracts;
using Weir.Media.Broadcasting;
using Weir.Media.Cmaf;
using Weir.Media.Hls;

namespace Weir.Live.Broadcasts;

/// <summary>Everything that is derived from one broadcast's timeline besides FLV and RTMP, which read it directly.</summary>
internal sealed class LiveOutputs
{
    private readonly NodeKey _key;

    public LiveOutputs(Broadcast broadcast, Rules rules, NodeKey key, TimeProvider clock, ILoggerFactory loggers)
    {
        _key = key;
        Packager = new Packager(broadcast, new PackagerLimits(), loggers.CreateLogger<Packager>());
        Hls = new HlsOrigin(Packager, key.MediaPath(broadcast.Id, rules.Epoch), new HlsLimits(), clock, loggers.CreateLogger<HlsOrigin>());
    }

    public Packager Packager { get; }

    public HlsOrigin Hls { get; }

    public bool HasReplay => false;

    public Task Recorded => Task.CompletedTask;

    /// <summary>The audience changed: media addresses given out before must die.</summary>
    public void Rekey(Rules rules) => Hls.Rekey(_key.MediaPath(rules.Broadcast, rules.Epoch));

    public Task RunAsync(CancellationToken cancellation) => Task.WhenAll(Packager.RunAsync(cancellation), Hls.RunAsync(cancellation));
}
