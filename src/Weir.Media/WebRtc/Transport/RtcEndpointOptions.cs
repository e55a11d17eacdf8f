using System.Net;

namespace Weir.Media.WebRtc.Transport;

public sealed record RtcEndpointOptions
{
    /// <summary>The one port of all sessions; 0 takes a free one.</summary>
    public int Port { get; init; }

    public bool LoopbackOnly { get; init; }

    /// <summary>Addresses that candidates name instead of the machine's own.</summary>
    public IReadOnlyList<IPAddress> PublicAddresses { get; init; } = [];

    /// <summary>
    /// Candidates name the port for TCP as well (RFC 6544, passive). The host listens there and gives what it accepts to <see cref="RtcEndpoint.RunTcpAsync"/>.
    /// </summary>
    public bool Tcp { get; init; }

    /// <summary>Bytes that wait for one TCP connection at most; more media is lost. It is a second of 2 Mbit/s: older media nobody wants.</summary>
    public int TcpQueue { get; init; } = 256 * 1024;

    /// <summary>From a TCP connection's first byte to a signed check of a session at most.</summary>
    public TimeSpan TcpProofLimit { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>TCP connections at most that have not sent one yet; one more is closed at once.</summary>
    public int MaxUnprovenTcp { get; init; } = 512;

    /// <summary>The same for one IPv4 address or one IPv6 network of 64 bits, behind which there may be a household or an office.</summary>
    public int MaxUnprovenTcpPerAddress { get; init; } = 32;

    /// <summary>Sessions at most; one more is refused.</summary>
    public int MaxPeers { get; init; } = 5_000;

    /// <summary>From <see cref="RtcEndpoint.AddPeer"/> to <see cref="IRtcPackets.OnConnected"/> at most.</summary>
    public TimeSpan ConnectLimit { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>
    /// A session ends when its peer has not answered a check for so long (RFC 7675, which allows 30 s). Whoever is gone has its session ended within
    /// 5 s.
    /// </summary>
    public TimeSpan ConsentLimit { get; init; } = TimeSpan.FromSeconds(4.5);
}
