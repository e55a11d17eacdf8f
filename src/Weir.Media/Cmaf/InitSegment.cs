using Weir.Media.Broadcasting;
using Weir.Media.Formats;
using Weir.Media.Formats.Mp4;

namespace Weir.Media.Cmaf;

/// <summary>What a decoder needs before fragments: ftyp and moov for one combination of tracks. Immutable and shared.</summary>
public sealed class InitSegment
{
    public const uint VideoTrackId = 1;
    public const uint AudioTrackId = 2;
    public const uint VideoTimescale = 90_000;
    private InitSegment? _audioOnly;

    /// <param name="id">Tells the init segments of one broadcast apart, in their order.</param>
    public InitSegment(int id, Track? video, Track? audio)
    {
        if (video is null && audio is null)
        {
            throw new ArgumentException("An init segment has a track at least.");
        }

        (Id, Video, Audio) = (id, video, audio);
        Codecs = string.Join(',', new[] { video?.CodecString, audio?.CodecString }.Where(codec => codec is not null));
        List<Mp4Track> tracks = [];
        if (video is not null)
        {
            tracks.Add(new Mp4Track(VideoTrackId, VideoTimescale, Entry(video.Codec), video.Configuration)
            {
                Width = video.Width,
                Height = video.Height,
            });
        }

        if (audio is not null)
        {
            tracks.Add(new Mp4Track(AudioTrackId, (uint)AudioTimescale(audio), Entry(audio.Codec), audio.Configuration)
            {
                Channels = audio.Channels,
                SampleRate = AudioTimescale(audio),
            });
        }

        Data = InitSegmentWriter.Write(tracks);
    }

    public int Id { get; }

    public Track? Video { get; }

    public Track? Audio { get; }

    /// <summary>RFC 6381, comma-separated.</summary>
    public string Codecs { get; }

    /// <summary>For MediaSource.isTypeSupported and addSourceBuffer.</summary>
    public string Mime => $"{(Video is null ? "audio" : "video")}/mp4; codecs=\"{Codecs}\"";

    public ReadOnlyMemory<byte> Data { get; }

    /// <summary>The audio track alone; null when there is none, itself when there is nothing else.</summary>
    public InitSegment? AudioOnly =>
        Audio is null ? null : Video is null ? this : _audioOnly ??= new InitSegment(Id, null, Audio);

    internal static int AudioTimescale(Track audio) => audio.Codec == Codec.Opus ? OpusHeader.SampleRate : audio.SampleRate;

    internal bool Has(Track? video, Track? audio) => Same(Video, video) && Same(Audio, audio);

    internal static bool Same(Track? a, Track? b) => ReferenceEquals(a, b) || (a is not null && a.Equals(b));

    private static Mp4SampleEntry Entry(Codec codec) => codec switch
    {
        Codec.H264 => Mp4SampleEntry.Avc1,
        Codec.Hevc => Mp4SampleEntry.Hvc1,
        Codec.Av1 => Mp4SampleEntry.Av01,
        Codec.Aac => Mp4SampleEntry.Mp4a,
        Codec.Opus => Mp4SampleEntry.Opus,
        _ => throw new ArgumentOutOfRangeException(nameof(codec), codec, "Unknown codec."),
    };
}
