namespace Weir.Media.Rtmp;

/// <summary>A connection's states, named by what it waits for.</summary>
public enum RtmpState
{
    /// <summary>C0 and C1.</summary>
    AwaitingHello,

    /// <summary>C2.</summary>
    AwaitingEcho,
    AwaitingConnect,
    AwaitingCreateStream,
    AwaitingPublishOrPlay,
    Publishing,
    Playing,
}

/// <summary>Why a session ended.</summary>
public enum RtmpEnd
{
    None,
    PeerClosed,

    /// <summary>The peer broke the protocol.</summary>
    ProtocolError,

    /// <summary>The peer sent nothing for too long.</summary>
    Idle,

    /// <summary>The peer read too slowly; there may be bytes that nobody will fetch, so abort the connection.</summary>
    TooSlow,

    /// <summary>Publish or play was refused; the peer was told.</summary>
    Refused,

    /// <summary>A newer publisher took over, or the broadcast ended; the publisher was told.</summary>
    Replaced,

    /// <summary>The viewer may no longer watch: abort the connection.</summary>
    Cut,

    /// <summary>The broadcast ended; the viewer was told.</summary>
    Ended,

    /// <summary>The node shuts down.</summary>
    Stopping,

    /// <summary>A fault of our own, which <c>RunAsync</c> throws.</summary>
    Failed,
}
