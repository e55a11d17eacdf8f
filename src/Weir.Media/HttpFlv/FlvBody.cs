using System.Globalization;
using System.Text;
using Weir.Media.Broadcasting;
using Weir.Media.Broadcasting.FanOut;
using Weir.Media.Formats;

namespace Weir.Media.HttpFlv;

/// <summary>An FLV file that goes on: as it is, and in the chunks of an HTTP/1.1 response.</summary>
internal static class FlvBody
{
    public static readonly FrameForm Plain = new(FlvForms.Tags.Of, Opening, Configuration, () => [], "flv");

    /// <summary>The same, each piece a chunk. The last chunk is the host's to write.</summary>
    public static readonly FrameForm Chunked = new(
        new WireForm<byte[]>(WireForms.FlvChunk, frame => Chunk(FlvForms.Tags.Of(frame))).Of,
        (video, audio) => Chunk(Opening(video, audio)),
        (track, timestamp) => Chunk(Configuration(track, timestamp)),
        () => [],
        Plain.Outlet);

    private static byte[] Opening(Track? video, Track? audio) =>
    [
        .. FlvWriter.FileHeader(audio: audio is not null, video: video is not null),
        .. FlvWriter.Tag(FlvTagType.Script, 0, [], Amf0Writer.Write("onMetaData", FlvForms.Metadata(video, audio))),
        .. video is null ? [] : Configuration(video, 0),
        .. audio is null ? [] : Configuration(audio, 0),
    ];

    private static byte[] Configuration(Track track, uint timestamp) =>
        FlvWriter.Tag(track.Kind == TrackKind.Video ? FlvTagType.Video : FlvTagType.Audio, timestamp, FlvForms.SequenceStart(track), []);

    // RFC 9112 7.1: the length in hexadecimal, CRLF, the bytes, CRLF.
    private static byte[] Chunk(byte[] bytes) =>
        [.. Encoding.ASCII.GetBytes(bytes.Length.ToString("x", CultureInfo.InvariantCulture)), (byte)'\r', (byte)'\n', .. bytes, (byte)'\r', (byte)'\n'];
}
