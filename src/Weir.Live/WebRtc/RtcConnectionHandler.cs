using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Weir.Media.WebRtc.Transport;

namespace Weir.Live.WebRtc;

/// <summary>Hands a TCP connection's pipe to the WebRTC endpoint (ICE over TCP, RFC 6544).</summary>
internal sealed class RtcConnectionHandler(RtcHost host) : ConnectionHandler
{
    /// <summary>Bytes the kernel takes beyond what is on its way.</summary>
    private const int Unsent = 64 * 1024;

    public override async Task OnConnectedAsync(ConnectionContext connection)
    {
        if (connection.RemoteEndPoint is not IPEndPoint from)
        {
            return;
        }

        if (connection.Features.Get<IConnectionSocketFeature>() is { Socket: var socket })
        {
            KeepShort(socket);
        }

        if (await host.Endpoint.RunTcpAsync(connection.Transport, from) is not (RtcTcpEnd.SessionOver or RtcTcpEnd.PeerGone or RtcTcpEnd.Stopping))
        {
            connection.Abort();
        }
    }

    /// <summary>Left alone the kernel queues megabytes, which are seconds of a slow network: media has to be dropped before it is that old.</summary>
    private static void KeepShort(Socket socket)
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        // IPPROTO_TCP, TCP_NOTSENT_LOWAT.
        const int tcp = 6;
        const int notSentLowWater = 25;
        Span<byte> value = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(value, Unsent);
        try
        {
            socket.SetRawSocketOption(tcp, notSentLowWater, value);
        }
        catch (Exception gone) when (gone is SocketException or ObjectDisposedException)
        {
            // Closed already, which its pipe says next.
        }
    }
}
