using System.Diagnostics.Metrics;
using Weir.Media.Broadcasting;

namespace Weir.Media.WebRtc.Transport;

/// <summary>Why a datagram was thrown away.</summary>
public enum RtcDrop
{
    /// <summary>By its first byte it belongs to nothing that is spoken here (RFC 7983).</summary>
    UnknownKind,

    /// <summary>No session has sent checks from there.</summary>
    UnknownAddress,

    /// <summary>A check for a session that is not there.</summary>
    UnknownUfrag,
    MalformedStun,
    ForgedStun,

    /// <summary>A signed check from an address that another session has.</summary>
    TakenAddress,
    MalformedDtls,

    /// <summary>A handshake's queue was full, or the session is in no state for it.</summary>
    UnwantedDtls,
    MalformedPacket,
    ForgedPacket,
    ReplayedPacket,

    /// <summary>More SSRCs than a session may have.</summary>
    TooManyStreams,

    /// <summary>A packet before keys were agreed, beyond the few that are kept.</summary>
    TooEarly,

    /// <summary>No room in the kernel for what we sent.</summary>
    SendFull,

    /// <summary>A TCP connection takes less than what is sent to it, and its queue was full.</summary>
    QueueFull,

    /// <summary>The network refused it, for instance because there is no way to the address or its TCP connection is gone.</summary>
    SendFailed,
}

internal static class RtcMeter
{
    private static readonly Meter Meter = new(MediaMeter.Name);
    private static readonly KeyValuePair<string, object?>[] Reasons =
        [.. Enum.GetNames<RtcDrop>().Select(name => new KeyValuePair<string, object?>("reason", name))];

    public static readonly Counter<long> Dropped = Meter.CreateCounter<long>("weir_rtc_dropped", description: "Datagrams thrown away, by reason");
    public static readonly Counter<long> Handshakes = Meter.CreateCounter<long>("weir_rtc_handshakes", description: "DTLS handshakes ended, by result");
    public static readonly Counter<long> Closed = Meter.CreateCounter<long>("weir_rtc_closed", description: "WebRTC sessions ended, by reason");
    public static readonly UpDownCounter<long> Peers = Meter.CreateUpDownCounter<long>("weir_rtc_peers", description: "WebRTC sessions");

    public static readonly UpDownCounter<long> TcpConnections = Meter.CreateUpDownCounter<long>("weir_rtc_tcp_connections", description: "Open TCP connections for WebRTC");
    public static readonly Counter<long> TcpEnded = Meter.CreateCounter<long>("weir_rtc_tcp_ended", description: "TCP connections for WebRTC that ended or were refused, by reason");

    public static KeyValuePair<string, object?> Tag(RtcDrop reason) => Reasons[(int)reason];
}
