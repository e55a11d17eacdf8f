namespace Weir.Media.Rtmp;

/// <summary>Message type ids, RTMP 5.4, 6.2 and 7.1.</summary>
public enum RtmpMessageType : byte
{
    SetChunkSize = 1,
    Abort = 2,
    Acknowledgement = 3,
    UserControl = 4,
    WindowAcknowledgementSize = 5,
    SetPeerBandwidth = 6,
    Audio = 8,
    Video = 9,
    DataAmf3 = 15,
    CommandAmf3 = 17,
    DataAmf0 = 18,
    CommandAmf0 = 20,
    Aggregate = 22,
}

/// <summary>Event types of user control messages, RTMP 7.1.7.</summary>
public enum UserControlEvent : ushort
{
    StreamBegin = 0,
    StreamEof = 1,
    PingRequest = 6,
    PingResponse = 7,
}

/// <summary>A whole message. The payload is the message's own array: whoever takes it may keep it.</summary>
/// <param name="Timestamp">Milliseconds, 32 bits that wrap.</param>
public readonly record struct RtmpMessage(RtmpMessageType Type, uint StreamId, uint Timestamp, ReadOnlyMemory<byte> Payload);
