namespace Weir.Media.WebRtc.Transport;

/// <summary>
/// What takes a peer's packets. The calls for one peer never overlap and are short: most come on the thread that receives for all peers. From
/// any of them the peer may send, restart or close.
/// </summary>
public interface IRtcPackets
{
    /// <summary>Keys are agreed and the peer's fingerprint is the promised one; from now on packets come and can be sent. Once.</summary>
    void OnConnected();

    /// <param name="packet">Authentic, decrypted, never seen before; valid during the call, and the callee may write into it.</param>
    /// <param name="arrival">Microseconds of a clock that only goes forward (<see cref="RtcEndpoint.Now"/>).</param>
    void OnRtp(Span<byte> packet, long arrival);

    /// <param name="compound">Authentic and decrypted; valid during the call.</param>
    void OnRtcp(ReadOnlySpan<byte> compound);

    /// <summary>The end, once; also when the peer never connected.</summary>
    void OnClosed(RtcClosed reason);
}

public enum RtcClosed
{
    /// <summary><see cref="RtcPeer.Close"/> or the endpoint's end.</summary>
    Here,

    /// <summary>The peer said goodbye (DTLS close_notify).</summary>
    Peer,

    /// <summary>No connection in time.</summary>
    NeverConnected,

    /// <summary>The handshake failed, or another certificate than the promised one.</summary>
    Handshake,

    /// <summary>No sign of consent for too long (RFC 7675).</summary>
    ConsentLost,
}
