using Weir.Media.Formats;

namespace Weir.Media.Broadcasting;

/// <summary>
/// A timeline's frames as FLV, which RTMP carries too: the body of a tag is the payload of a message. Times are the
/// timeline's, in milliseconds, the same for every viewer.
/// </summary>
public static class FlvForms
{
    /// <summary>Each media frame's whole tag.</summary>
    public static readonly WireForm<byte[]> Tags = new(WireForms.Flv, BuildTag);

    public static FlvTagType TypeOf(Frame frame) => frame.Kind == FrameKind.Video ? FlvTagType.Video : FlvTagType.Audio;

    /// <summary>FLV and RTMP count 32 bits of milliseconds and wrap after 49 days.</summary>
    public static uint TimestampOf(long microseconds) => (uint)(microseconds / 1000);

    /// <param name="to">At least <see cref="FlvWriter.MaxHeader"/> bytes.</param>
    /// <returns>Bytes written; the frame's payload follows them.</returns>
    public static int WriteHeader(Frame frame, Span<byte> to)
    {
        var codec = FourCcOf(frame.Track!);

        // Rounded separately: the sums of the rounded values are what players compare.
        var composition = (int)((frame.Pts / 1000) - (frame.Dts / 1000));
        return frame.Kind == FrameKind.Video
            ? FlvWriter.VideoFrame(to, codec, frame.IsKeyframe, composition)
            : FlvWriter.AudioFrame(to, codec);
    }

    /// <summary>The body of the tag that carries the track's configuration.</summary>
    public static byte[] SequenceStart(Track track)
    {
        var codec = FourCcOf(track);
        Span<byte> head = stackalloc byte[FlvWriter.MaxHeader];
        var length = track.Kind == TrackKind.Video
            ? FlvWriter.VideoSequenceStart(head, codec)
            : FlvWriter.AudioSequenceStart(head, codec);
        var configuration = codec == FourCc.Opus
            ? OpusHeader.ReadDOps(track.Configuration.Span).WriteHead()
            : track.Configuration.Span;
        return [.. head[..length], .. configuration];
    }

    /// <summary>The value of onMetaData. Tracks that are not there are left out of it.</summary>
    public static Amf0Object Metadata(Track? video, Track? audio)
    {
        var data = new Amf0Object { IsEcmaArray = true };
        if (video is not null)
        {
            if (video.Width > 0)
            {
                data.Add("width", video.Width);
                data.Add("height", video.Height);
            }

            data.Add("videocodecid", video.Codec == Codec.H264 ? 7 : (double)FourCcOf(video));
        }

        if (audio is not null)
        {
            data.Add("audiocodecid", audio.Codec == Codec.Aac ? 10 : (double)FourCcOf(audio));
            data.Add("audiosamplerate", audio.SampleRate);
            data.Add("audiosamplesize", 16);
            data.Add("stereo", audio.Channels > 1);
        }

        data.Add("encoder", "Weir");
        return data;
    }

    public static FourCc FourCcOf(Track track) => track.Codec switch
    {
        Codec.H264 => FourCc.Avc,
        Codec.Hevc => FourCc.Hevc,
        Codec.Av1 => FourCc.Av1,
        Codec.Aac => FourCc.Aac,
        Codec.Opus => FourCc.Opus,
        _ => throw new ArgumentOutOfRangeException(nameof(track), track.Codec, "A codec without a fourCC."),
    };

    private static byte[] BuildTag(Frame frame)
    {
        Span<byte> head = stackalloc byte[FlvWriter.MaxHeader];
        var length = WriteHeader(frame, head);
        return FlvWriter.Tag(TypeOf(frame), TimestampOf(frame.Dts), head[..length], frame.Payload.Span);
    }
}
