using System.Text;

namespace Weir.Media.WebRtc.Transport;

/// <summary>One set of credentials of a peer; an ICE restart brings the next.</summary>
internal sealed class IceGeneration(RtcPeer peer, int number, IceCredentials local, IceCredentials remote)
{
    public RtcPeer Peer { get; } = peer;

    public int Number { get; } = number;

    public IceCredentials Local { get; } = local;

    /// <summary>Signs and proves what the peer asks and what we answer.</summary>
    public byte[] LocalKey { get; } = Encoding.UTF8.GetBytes(local.Password);

    /// <summary>Signs what we ask and proves what the peer answers.</summary>
    public byte[] RemoteKey { get; } = Encoding.UTF8.GetBytes(remote.Password);

    /// <summary>The user name of our own checks.</summary>
    public byte[] Username { get; } = Encoding.UTF8.GetBytes($"{remote.Ufrag}:{local.Ufrag}");
}
