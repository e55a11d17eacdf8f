using Weir.Media.Formats;
using Weir.Media.Rtmp;

namespace Weir.Testing;

/// <summary>A frame as a player got it, its FLV header taken off.</summary>
public sealed record ReceivedFrame(bool IsVideo, FourCc Codec, FlvPacket Packet, bool IsKeyframe, uint Timestamp, int CompositionTime, ReadOnlyMemory<byte> Payload)
{
    /// <summary>Null for messages that are no media.</summary>
    public static ReceivedFrame? Of(RtmpMessage message)
    {
        switch (message.Type)
        {
            case RtmpMessageType.Video:
                var video = FlvReader.ReadVideo(message.Payload.Span);
                return new(true, video.Codec, video.Packet, video.IsKeyframe, message.Timestamp, video.CompositionTime, message.Payload.Slice(video.Offset, video.Length));
            case RtmpMessageType.Audio:
                var audio = FlvReader.ReadAudio(message.Payload.Span);
                return new(false, audio.Codec, audio.Packet, true, message.Timestamp, 0, message.Payload.Slice(audio.Offset, audio.Length));
            default:
                return null;
        }
    }
}
