using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Weir.Live.Http;
using Weir.Media.Broadcasting;
using Weir.Media.Broadcasting.FanOut;
using Weir.Media.Rtmp;

namespace Weir.Live.Rtmp;

/// <summary>Hands a TCP connection's pipe to an RTMP session.</summary>
internal sealed class RtmpConnectionHandler(
    IAdmission admission,
    TimeProvider clock,
    FanOut fanOut,
    RequestLimits limits,
    IHostApplicationLifetime lifetime,
    ILogger<RtmpSession> log)
    : ConnectionHandler
{
    private static readonly RtmpOptions Options = new();

    public override async Task OnConnectedAsync(ConnectionContext connection)
    {
        var address = (connection.RemoteEndPoint as IPEndPoint)?.Address;
        if (!limits.MayConnect(address))
        {
            connection.Abort(new ConnectionAbortedException("This address opens too many connections."));
            return;
        }

        var end = await new RtmpSession(connection.Transport, admission, Options, clock, log, DirectSockets.Of(connection.Features, fanOut)).RunAsync(lifetime.ApplicationStopping);
        if (end == RtmpEnd.Refused)
        {
            limits.NoteRtmp(address);
        }

        if (end is RtmpEnd.Cut or RtmpEnd.TooSlow)
        {
            connection.Abort();
        }
    }
}
