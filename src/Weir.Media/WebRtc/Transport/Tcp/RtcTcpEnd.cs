namespace Weir.Media.WebRtc.Transport;

/// <summary>Why a TCP connection of a WebRTC endpoint is over.</summary>
public enum RtcTcpEnd
{
    /// <summary>Its session ended, or has no use for it any more.</summary>
    SessionOver,

    /// <summary>The other end closed it, or the network lost it.</summary>
    PeerGone,

    /// <summary>The endpoint ends.</summary>
    Stopping,

    /// <summary>Too many that have not proven themselves, in all or of this address.</summary>
    TooMany,

    /// <summary>No signed check of a session came in time, or too much else before it.</summary>
    NeverProven,

    /// <summary>A datagram longer than any is.</summary>
    Malformed,

    /// <summary>It did not take the last of what was queued.</summary>
    TooSlow,
}
