namespace Weir.Media.WebRtc.Receiving;

/// <summary>One received packet, in the order of its stream.</summary>
/// <param name="Sequence">Unwrapped.</param>
/// <param name="Payload">Its own copy; empty where the packet only filled bandwidth.</param>
/// <param name="Arrival">Microseconds.</param>
internal sealed record RtpPacket(long Sequence, uint Timestamp, bool Marker, byte[] Payload, long Arrival);
