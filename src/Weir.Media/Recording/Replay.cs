using System.Globalization;
using Weir.Media.Formats.M3u8;

namespace Weir.Media.Recording;

/// <summary>A finished recording as viewers get it: a VOD playlist over its files, and its comments.</summary>
public sealed class Replay : IDisposable
{
    /// <summary>A step of the media clock beyond this, microseconds, is a hole that players must be told of.</summary>
    private const long Hole = 100_000;

    private readonly RecoveredRecording _recording;

    private Replay(RecoveredRecording recording) => (_recording, Events) = (recording, EventLog.Open(recording.Directory));

    public EventLog Events { get; }

    /// <summary>Segments and comments, each of which takes memory.</summary>
    public int Entries => _recording.Segments.Count + Events.Count;

    /// <summary>Microseconds.</summary>
    public long Duration => _recording.Duration;

    /// <summary>Null when there is nothing to replay. Not while a <see cref="Recorder"/> writes there: torn ends are cut off.</summary>
    public static Replay? Open(string directory)
    {
        var recording = RecoveredRecording.Open(directory);
        return recording.Segments.Count == 0 ? null : new Replay(recording);
    }

    /// <summary>The playlist (8216bis 4.4.3.5: VOD); its media URIs are <c>r/{mediaPath}/{file}</c>, relative to it.</summary>
    public byte[] Playlist(string mediaPath)
    {
        var segments = _recording.Segments;
        var w = new M3u8Writer()
            .Tag("EXT-X-VERSION", 7)
            .Tag("EXT-X-TARGETDURATION", Math.Max(1, segments.Max(segment => (segment.Duration + 500_000) / 1_000_000)))
            .Tag("EXT-X-PLAYLIST-TYPE", "VOD")
            .Tag("EXT-X-MEDIA-SEQUENCE", 0);
        RecordedSegment? before = null;
        foreach (var segment in segments)
        {
            var uri = $"r/{mediaPath}/{RecordingFiles.Media(segment.File)}";
            if (before is not null && (segment.File != before.File || segment.Discontinuity != before.Discontinuity || segment.Start - before.End > Hole))
            {
                w.Tag("EXT-X-DISCONTINUITY");
            }

            if (segment.File != before?.File)
            {
                w.Begin("EXT-X-MAP").Quoted("URI", uri)
                    .Quoted("BYTERANGE", string.Create(CultureInfo.InvariantCulture, $"{segment.Init}@0")).End();
            }

            w.Tag("EXT-X-PROGRAM-DATE-TIME", DateTime.UnixEpoch.AddTicks(segment.Wall * TimeSpan.TicksPerMicrosecond)
                    .ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture))
                .Inf(segment.Duration)
                .Tag("EXT-X-BYTERANGE", string.Create(CultureInfo.InvariantCulture, $"{segment.Length}@{segment.Offset}"))
                .Uri(uri);
            before = segment;
        }

        return w.Tag("EXT-X-ENDLIST").ToUtf8();
    }

    /// <summary>Path of a media file the playlist names, for the host to serve with ranges; null for any other name.</summary>
    public string? MediaFile(string file)
    {
        if (!RecordingFiles.TryParseMedia(file, out _))
        {
            return null;
        }

        var path = Path.Combine(_recording.Directory, file);
        return File.Exists(path) ? path : null;
    }

    public void Dispose() => Events.Dispose();
}
