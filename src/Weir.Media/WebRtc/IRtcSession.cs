using Weir.Media.WebRtc.Transport;

namespace Weir.Media.WebRtc;

/// <summary>What a publisher's and a viewer's connection have in common for those who manage them.</summary>
public interface IRtcSession
{
    /// <summary>Set right after the transport has taken the session.</summary>
    RtcPeer? Peer { get; set; }
}
