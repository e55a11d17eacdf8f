using System.Globalization;
using Weir.Media.Formats.M3u8;

namespace Weir.Media.Hls;

/// <summary>Renders media playlists (8216bis 4.4.3, 4.4.4). Only the rendition report at the end differs between viewers.</summary>
internal static class MediaPlaylist
{
    /// <summary>Parts are listed for this many target durations before the live edge (8216bis 6.2.2: at least three).</summary>
    private const int PartsListedFor = 3;

    public static PlaylistBody Render(HlsSnapshot snapshot, Rendition rendition, bool delta)
    {
        var segments = snapshot.Listed;
        var skipped = delta ? Skippable(snapshot) : 0;
        var w = new M3u8Writer()
            .Tag("EXT-X-VERSION", 9)
            .Tag("EXT-X-TARGETDURATION", snapshot.Target)
            .Begin("EXT-X-SERVER-CONTROL")
            .Enumerated("CAN-BLOCK-RELOAD", "YES")

            // At least three part targets (4.4.3.8); the half more spares players a stall on the first late part.
            .Duration("PART-HOLD-BACK", snapshot.PartTarget * 7 / 2)
            .Duration("CAN-SKIP-UNTIL", snapshot.SkipUntil)
            .End()
            .Begin("EXT-X-PART-INF").Duration("PART-TARGET", snapshot.PartTarget).End()
            .Tag("EXT-X-MEDIA-SEQUENCE", segments[0].Number)
            .Tag("EXT-X-DISCONTINUITY-SEQUENCE", segments[0].First.DiscontinuityNumber);
        if (skipped > 0)
        {
            w.Begin("EXT-X-SKIP").Integer("SKIPPED-SEGMENTS", skipped).End();
        }

        var edge = segments[^1].First.Start + segments[^1].Duration;
        for (var i = skipped; i < segments.Length; i++)
        {
            var withParts = edge - (segments[i].First.Start + segments[i].Duration) < PartsListedFor * snapshot.Target * 1_000_000L;
            WriteSegment(w, snapshot, rendition, segments[i], i > 0 ? segments[i - 1] : null, i == skipped, withParts);
        }

        if (snapshot.IsEnded)
        {
            w.Tag("EXT-X-ENDLIST");
        }
        else
        {
            var (msn, part) = snapshot.Next;
            w.Begin("EXT-X-PRELOAD-HINT").Enumerated("TYPE", "PART").Quoted("URI", MediaNames.Part(snapshot, rendition, msn, part)).End();
        }

        return new PlaylistBody(w.ToUtf8());
    }

    /// <summary>The line that names the other rendition, with the viewer's ticket.</summary>
    public static byte[] RenderReport(HlsSnapshot snapshot, Rendition other, string? ticket)
    {
        var last = snapshot.Last;
        return M3u8Writer.Continuation()
            .Begin("EXT-X-RENDITION-REPORT")
            .Quoted("URI", MultivariantPlaylist.Child(other, ticket))
            .Integer("LAST-MSN", last.Number)
            .Integer("LAST-PART", last.Parts.Length - 1)
            .End()
            .ToUtf8();
    }

    /// <summary>How many of the listed segments lie before the skip boundary (8216bis 4.4.5.2).</summary>
    private static int Skippable(HlsSnapshot snapshot)
    {
        var segments = snapshot.Listed;
        var end = segments[^1].First.Start + segments[^1].Duration;
        var count = 0;
        while (count < segments.Length && segments[count].IsComplete
            && end - (segments[count].First.Start + segments[count].Duration) > snapshot.SkipUntil)
        {
            count++;
        }

        return count;
    }

    // 8216bis 4.4.4.9: the tags that hold for a segment come before its first part.
    private static void WriteSegment(
        M3u8Writer w, HlsSnapshot snapshot, Rendition rendition, HlsSegment segment, HlsSegment? before, bool first, bool withParts)
    {
        if (before is not null && segment.First.DiscontinuityNumber != before.First.DiscontinuityNumber)
        {
            w.Tag("EXT-X-DISCONTINUITY");
        }

        var init = segment.Init(rendition);
        if (init is not null && (first || init != before?.Init(rendition)))
        {
            w.Begin("EXT-X-MAP").Quoted("URI", MediaNames.Init(snapshot, rendition, init)).End();
        }

        w.Tag("EXT-X-PROGRAM-DATE-TIME", Iso(segment.ProgramTime));
        if (withParts && segment.ListsParts)
        {
            for (var i = 0; i < segment.Parts.Length; i++)
            {
                WritePart(w, segment.Parts[i], MediaNames.Part(snapshot, rendition, segment.Number, i), rendition);
            }
        }

        if (segment.IsComplete)
        {
            if (segment.IsMissingIn(rendition))
            {
                w.Tag("EXT-X-GAP");
            }

            w.Inf(segment.Duration).Uri(MediaNames.Segment(snapshot, rendition, segment.Number));
        }
    }

    private static void WritePart(M3u8Writer w, HlsPart part, string uri, Rendition rendition)
    {
        w.Begin("EXT-X-PART").Duration("DURATION", part.Duration).Quoted("URI", uri);
        if (part.Independent || rendition == Rendition.Audio)
        {
            w.Enumerated("INDEPENDENT", "YES");
        }

        if (part.IsMissingIn(rendition))
        {
            w.Enumerated("GAP", "YES");
        }

        w.End();
    }

    private static string Iso(long unixMicroseconds) =>
        DateTime.UnixEpoch.AddTicks(unixMicroseconds * TimeSpan.TicksPerMicrosecond).ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);
}
