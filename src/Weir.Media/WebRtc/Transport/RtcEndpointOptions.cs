using System.Net;

namespace Weir.Media.WebRtc.Transport;

public sealed record RtcEndpointOptions
{
    /// <summary>The one port of all sessions; 0 takes a free one.</summary>
    public int Port { get; init; }

    public bool LoopbackOnly { get; init; }

    /// <summary>Addresses that candidates name instead of the machine's own.</summary>
    public IReadOnlyList<IPAddress> PublicAddresses { get; init; } = [];

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
