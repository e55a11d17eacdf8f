using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Weir.Media.Broadcasting.FanOut;

namespace Weir.Live.Http;

/// <summary>
/// Lends a connection's socket to the senders. Kestrel is set up so that a flush ends when everything is in the kernel
/// (<see cref="WriteBuffer"/>); after one, nobody writes to the socket but its sender.
/// </summary>
internal static class DirectSockets
{
    /// <summary>Bytes that Kestrel may hold back before a flush waits for them.</summary>
    public const long WriteBuffer = 2;

    /// <summary>Null where bytes are changed on their way to the socket, or this system lacks what the senders need.</summary>
    public static DirectSocket? Of(IFeatureCollection connection, FanOut fanOut) =>
        FanOut.IsSupported && connection.Get<ITlsHandshakeFeature>() is null && connection.Get<IConnectionSocketFeature>() is { } plain
            ? new DirectSocket(fanOut, plain.Socket)
            : null;
}
