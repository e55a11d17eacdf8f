using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Weir.Media.WebRtc.Sending;
using Weir.Media.WebRtc.Transport;

namespace Weir.Live.WebRtc;

/// <summary>The node's one WebRTC port and the threads that send to its viewers, from start to stop.</summary>
internal sealed class RtcHost(LiveOptions options, TimeProvider clock, IHostApplicationLifetime lifetime, ILoggerFactory loggers) : IHostedService, IDisposable
{
    private RtcEndpoint? _endpoint;
    private RtcSenders? _senders;

    public RtcEndpoint Endpoint => _endpoint ?? throw new InvalidOperationException("The node has not started.");

    public RtcSenders Senders => _senders ?? throw new InvalidOperationException("The node has not started.");

    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (options.Ffmpeg is null)
        {
            loggers.CreateLogger<RtcHost>().LogWarning(
                "ffmpeg is not installed: broadcasts of encoders have no sound over WebRTC, and those from browsers have none for players that lack Opus");
        }

        _endpoint = RtcEndpoint.Start(
            new RtcEndpointOptions { Port = options.RtcPort, Tcp = true, LoopbackOnly = options.LoopbackOnly, PublicAddresses = options.RtcPublicAddresses },
            clock,
            loggers.CreateLogger<RtcEndpoint>());
        _senders = new RtcSenders(_endpoint, Environment.ProcessorCount, loggers.CreateLogger<RtcSenders>());

        // Goodbyes leave before Kestrel waits for the connections they go over.
        lifetime.ApplicationStopping.Register(_endpoint.Dispose);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        Dispose();
        return Task.CompletedTask;
    }

    public void Dispose()
    {
        _endpoint?.Dispose();
        _senders?.Dispose();
    }
}
