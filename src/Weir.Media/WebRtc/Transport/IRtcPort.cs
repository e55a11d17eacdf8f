using System.Net;

namespace Weir.Media.WebRtc.Transport;

/// <summary>Where datagrams leave: sockets, or a test.</summary>
internal interface IRtcPort : IDisposable
{
    /// <summary>Sends at once or loses it; never waits long.</summary>
    void Send(ReadOnlySpan<byte> datagram, RtcAddress to);

    void Send(RtcBatch batch);

    /// <summary>The address as one that this port can send to.</summary>
    RtcAddress Reach(IPEndPoint end);
}
