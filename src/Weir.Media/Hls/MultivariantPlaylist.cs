using System.Text;
using Weir.Media.Formats.M3u8;

namespace Weir.Media.Hls;

/// <summary>Renders <c>index.m3u8</c>: everything, and sound alone where there is a picture too (8216bis 4.4.6).</summary>
internal static class MultivariantPlaylist
{
    /// <summary>Stands in the shared text where a viewer's ticket goes; no URI holds it otherwise.</summary>
    public const string TicketHere = "\u0001";

    public static byte[] ForViewer(HlsSnapshot snapshot, string? ticket) =>
        Encoding.UTF8.GetBytes(snapshot.Multivariant.Replace(TicketHere, TicketQuery(ticket), StringComparison.Ordinal));

    public static string Render(HlsSnapshot snapshot)
    {
        var whole = snapshot.Held.Where(segment => segment.IsComplete && segment.Duration > 0).ToList();
        var newest = whole[^1];
        var init = newest.First.Init;
        var w = new M3u8Writer().Tag("EXT-X-VERSION", 9);
        w.Begin("EXT-X-STREAM-INF");
        WriteBandwidth(w, whole, Rendition.Main);
        w.Quoted("CODECS", init.Codecs);
        if (init.Video is { Width: > 0, Height: > 0 } video)
        {
            w.Enumerated("RESOLUTION", $"{video.Width}x{video.Height}");
            w.Decimal("FRAME-RATE", newest.Pictures * 1e6 / newest.Duration);
        }

        w.End().Uri(File(Rendition.Main) + TicketHere);
        if (init is { Video: not null, Audio: { } audio })
        {
            w.Begin("EXT-X-STREAM-INF");
            WriteBandwidth(w, whole, Rendition.Audio);
            w.Quoted("CODECS", audio.CodecString).End().Uri(File(Rendition.Audio) + TicketHere);
        }

        return w.ToString();
    }

    /// <summary>A media playlist's URI from the playlists beside it. Whole, because relative URIs lose the query of their base.</summary>
    public static string Child(Rendition rendition, string? ticket) => File(rendition) + TicketQuery(ticket);

    private static string File(Rendition rendition) => rendition == Rendition.Main ? "main.m3u8" : "audio.m3u8";

    private static string TicketQuery(string? ticket) => ticket is null ? "" : $"?ticket={Uri.EscapeDataString(ticket)}";

    // BANDWIDTH is the peak segment bit rate; a tenth more because the segments to come are not known (4.4.6.2).
    private static void WriteBandwidth(M3u8Writer w, List<HlsSegment> segments, Rendition rendition)
    {
        long Bits(HlsSegment segment) => rendition == Rendition.Main
            ? segment.Bytes * 8
            : segment.Body(rendition).Sum(bytes => bytes.Length * 8L);
        var sizes = segments.Select(segment => (Bits: Bits(segment), segment.Duration)).ToList();
        var peak = sizes.Max(size => size.Bits * 1e6 / Math.Max(size.Duration, 500_000));
        var average = sizes.Sum(size => (double)size.Bits) * 1e6 / sizes.Sum(size => size.Duration);
        w.Integer("BANDWIDTH", (long)(Math.Max(peak, average) * 1.1) + 1).Integer("AVERAGE-BANDWIDTH", (long)average + 1);
    }
}
