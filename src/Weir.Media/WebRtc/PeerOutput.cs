using Weir.Media.WebRtc.Transport;

namespace Weir.Media.WebRtc;

/// <summary>A peer of the transport, each packet by itself; from any thread.</summary>
internal sealed class PeerOutput : IRtcOutput
{
    private const int MostPacket = 1500;
    private RtcPeer? _peer;

    /// <summary>Set once it is known: before that nothing is sent.</summary>
    public RtcPeer? Peer
    {
        get => Volatile.Read(ref _peer);
        set => Volatile.Write(ref _peer, value);
    }

    public bool SendRtp(ReadOnlySpan<byte> header, ReadOnlySpan<byte> payload)
    {
        if (Peer is not { } peer || header.Length + payload.Length > MostPacket)
        {
            return false;
        }

        Span<byte> packet = stackalloc byte[MostPacket];
        header.CopyTo(packet);
        payload.CopyTo(packet[header.Length..]);
        return peer.SendRtp(packet[..(header.Length + payload.Length)]);
    }

    public bool SendRtcp(ReadOnlySpan<byte> compound) => Peer?.SendRtcp(compound) ?? false;
}

/// <summary>The same by a batch that leaves later; for the one thread whose batch it is.</summary>
internal sealed class BatchOutput(RtcPeer peer, RtcBatch batch) : IRtcOutput
{
    public bool SendRtp(ReadOnlySpan<byte> header, ReadOnlySpan<byte> payload) => peer.SendRtp(batch, header, payload);

    public bool SendRtcp(ReadOnlySpan<byte> compound) => peer.SendRtcp(compound);
}
