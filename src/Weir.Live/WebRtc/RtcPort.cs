using System.Net;
using System.Net.Sockets;

namespace Weir.Live.WebRtc;

/// <summary>The number that WebRTC has in UDP and in TCP.</summary>
internal static class RtcPort
{
    private const int Attempts = 20;

    /// <summary>A number that is free in both. It is not held: whoever asks for "any port" opens it next.</summary>
    /// <exception cref="SocketException">None was found.</exception>
    public static int Free()
    {
        for (var attempt = 1; ; attempt++)
        {
            using var udp = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            udp.Bind(new IPEndPoint(IPAddress.Any, 0));
            var port = ((IPEndPoint)udp.LocalEndPoint!).Port;
            using var tcp = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                tcp.Bind(new IPEndPoint(IPAddress.Any, port));
                return port;
            }
            catch (SocketException taken) when (taken.SocketErrorCode == SocketError.AddressAlreadyInUse && attempt < Attempts)
            {
                // The next one.
            }
        }
    }
}
