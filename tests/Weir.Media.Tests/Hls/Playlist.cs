using System.Globalization;
using Weir.Media.Formats.M3u8;

namespace Weir.Media.Tests.Hls;

internal sealed record PartEntry(double Duration, string Uri, bool Independent);

internal sealed record SegmentEntry(
    long Number, long Discontinuity, double? Duration, string? Uri, string? Map, DateTimeOffset? Time, IReadOnlyList<PartEntry> Parts);

/// <summary>A media playlist as a careful player reads it; reading asserts the order of the tags.</summary>
internal sealed class Playlist
{
    public required int Target { get; init; }

    public required double PartTarget { get; init; }

    public required double HoldBack { get; init; }

    public required double SkipUntil { get; init; }

    public required long MediaSequence { get; init; }

    public required long DiscontinuitySequence { get; init; }

    public int Skipped { get; private init; }

    /// <summary>The last one may lack its EXTINF: it is still growing.</summary>
    public required IReadOnlyList<SegmentEntry> Segments { get; init; }

    public string? Hint { get; private init; }

    public IReadOnlyDictionary<string, string>? Report { get; private init; }

    public bool Ended { get; private init; }

    public static Playlist Read(string text, Playlist? before = null)
    {
        var lines = M3u8Reader.Read(text);
        M3u8Line One(string name) => lines.Single(line => line.Name == name);
        var control = One("EXT-X-SERVER-CONTROL").Attributes;
        Assert.Equal("YES", control["CAN-BLOCK-RELOAD"]);
        Assert.True(int.Parse(One("EXT-X-VERSION").Value) >= 9);
        var sequence = long.Parse(One("EXT-X-MEDIA-SEQUENCE").Value);
        var discontinuity = long.Parse(One("EXT-X-DISCONTINUITY-SEQUENCE").Value);
        var skipped = lines.SingleOrDefault(line => line.Name == "EXT-X-SKIP")?.Attributes["SKIPPED-SEGMENTS"];

        var segments = new List<SegmentEntry>();
        var number = sequence;
        string? map = null;
        var current = discontinuity;
        if (skipped is not null)
        {
            // The skipped ones are those of the playlist before (8216bis 6.3.7).
            var kept = before!.Segments.Where(segment => segment.Number >= sequence).Take(int.Parse(skipped)).ToList();
            Assert.Equal(int.Parse(skipped), kept.Count);
            segments.AddRange(kept);
            number = kept[^1].Number + 1;
            (map, current) = (kept[^1].Map, kept[^1].Discontinuity);
        }

        var parts = new List<PartEntry>();
        DateTimeOffset? time = null;
        double? duration = null;
        foreach (var line in lines)
        {
            switch (line.Name)
            {
                case "EXT-X-DISCONTINUITY":
                    Assert.Empty(parts);
                    current++;
                    break;
                case "EXT-X-MAP":
                    Assert.Empty(parts);
                    map = line.Attributes["URI"];
                    break;
                case "EXT-X-PROGRAM-DATE-TIME":
                    Assert.Empty(parts);
                    time = DateTimeOffset.Parse(line.Value, CultureInfo.InvariantCulture);
                    break;
                case "EXT-X-PART":
                    Assert.NotNull(map);
                    Assert.NotNull(time);
                    parts.Add(new PartEntry(Seconds(line.Attributes["DURATION"]), line.Attributes["URI"], line.Attributes.GetValueOrDefault("INDEPENDENT") == "YES"));
                    break;
                case "EXTINF":
                    duration = Seconds(line.Value.TrimEnd(','));
                    break;
                case "":
                    Assert.NotNull(duration);
                    segments.Add(new SegmentEntry(number++, current, duration, line.Value, map, time, [.. parts]));
                    parts.Clear();
                    (time, duration) = (null, null);
                    break;
                default:
                    break;
            }
        }

        if (parts.Count > 0)
        {
            segments.Add(new SegmentEntry(number, current, null, null, map, time, [.. parts]));
        }

        return new Playlist
        {
            Target = int.Parse(One("EXT-X-TARGETDURATION").Value),
            PartTarget = Seconds(One("EXT-X-PART-INF").Attributes["PART-TARGET"]),
            HoldBack = Seconds(control["PART-HOLD-BACK"]),
            SkipUntil = Seconds(control["CAN-SKIP-UNTIL"]),
            MediaSequence = sequence,
            DiscontinuitySequence = discontinuity,
            Skipped = skipped is null ? 0 : int.Parse(skipped),
            Segments = segments,
            Hint = lines.SingleOrDefault(line => line.Name == "EXT-X-PRELOAD-HINT")?.Attributes["URI"],
            Report = lines.SingleOrDefault(line => line.Name == "EXT-X-RENDITION-REPORT")?.Attributes,
            Ended = lines.Any(line => line.Name == "EXT-X-ENDLIST"),
        };
    }

    private static double Seconds(string text) => double.Parse(text, CultureInfo.InvariantCulture);
}
