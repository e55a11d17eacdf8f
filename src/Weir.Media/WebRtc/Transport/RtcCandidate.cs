using System.Net;

namespace Weir.Media.WebRtc.Transport;

/// <summary>A place where the endpoint is reached.</summary>
/// <param name="Tcp">Passive ICE-TCP (RFC 6544) instead of UDP.</param>
public sealed record RtcCandidate(IPEndPoint Address, bool Tcp, uint Priority, string Foundation)
{
    /// <summary>The value of SDP's candidate attribute (RFC 8839 5.1), without <c>a=candidate:</c>.</summary>
    public override string ToString() =>
        $"{Foundation} 1 {(Tcp ? "tcp" : "udp")} {Priority} {Address.Address} {Address.Port} typ host{(Tcp ? " tcptype passive" : "")}";
}
