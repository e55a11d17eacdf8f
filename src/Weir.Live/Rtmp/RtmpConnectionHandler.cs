using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;
using Weir.Media.Broadcasting;
using Weir.Media.Rtmp;

namespace Weir.Live.Rtmp;

/// <summary>Hands a TCP connection's pipe to an RTMP session.</summary>
internal sealed class RtmpConnectionHandler(IAdmission admission, TimeProvider clock, ILogger<RtmpSession> log) : ConnectionHandler
{
    private static readonly RtmpOptions Options = new();

    public override async Task OnConnectedAsync(ConnectionContext connection) =>
        await new RtmpSession(connection.Transport, admission, Options, clock, log).RunAsync(connection.ConnectionClosed);
}
