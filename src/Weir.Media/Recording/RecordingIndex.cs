using System.Text.Json;
using System.Text.Json.Serialization;

namespace Weir.Media.Recording;

/// <summary>Where a segment lies. Times are microseconds.</summary>
/// <param name="File">Number of the media file.</param>
/// <param name="Length">Bytes; zero in the line written when a segment begins.</param>
/// <param name="Init">Bytes of the init segment at the file's beginning.</param>
/// <param name="Wall">Unix time at its start.</param>
public sealed record RecordedSegment(
    int File, long Offset, long Length, int Init, long Number, long Discontinuity, long Start, long Duration, long Wall)
{
    [JsonIgnore]
    public long End => Start + Duration;

    /// <summary>
    /// Whether there can be such a segment. More bytes, and more microseconds, than a disk ever holds are a line that rotted; the bound
    /// keeps sums of a few of them within their type.
    /// </summary>
    internal bool IsPossible => File > 0 && Init >= 0 && Init <= Offset && IsAmount(Offset) && IsAmount(Length) && IsAmount(Number)
        && IsAmount(Discontinuity) && IsAmount(Start) && IsAmount(Duration) && Wall is >= 0 and < 1L << 57;

    internal bool Follows(RecordedSegment before) => Number > before.Number
        && (File > before.File || (File == before.File && Offset >= before.Offset + before.Length));

    /// <summary>35 years, microseconds.</summary>
    internal const long MostTime = 1L << 50;

    private static bool IsAmount(long value) => value is >= 0 and < MostTime;
}

/// <summary>A line of the events file: the event as viewers got it, and the media time (microseconds) at which it happened.</summary>
internal sealed record EventLine(long At, JsonElement Event);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(RecordedSegment))]
[JsonSerializable(typeof(EventLine))]
internal sealed partial class RecordingJson : JsonSerializerContext
{
}

/// <summary>
/// The index of a recording, a JSON object a line. A segment has a line when it begins and one when it ends; the later
/// line of a number counts. The second is written after the segment's bytes are on the disk, so it never promises more
/// than there is.
/// </summary>
internal static class RecordingIndex
{
    public static byte[] Line(RecordedSegment segment)
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(segment, RecordingJson.Default.RecordedSegment);
        return [.. json, (byte)'\n'];
    }

    /// <summary>Reads up to the first line that is not whole.</summary>
    /// <param name="whole">Bytes of the whole lines.</param>
    public static List<RecordedSegment> Read(ReadOnlySpan<byte> text, out int whole)
    {
        var segments = new List<RecordedSegment>();
        whole = 0;
        foreach (var line in new WholeLines(text))
        {
            RecordedSegment? segment;
            try
            {
                segment = JsonSerializer.Deserialize(line, RecordingJson.Default.RecordedSegment);
            }
            catch (JsonException)
            {
                // A block the disk never wrote reads as zeros; nothing behind it can be trusted.
                break;
            }

            var before = segments.Count > 0 && segment?.Number == segments[^1].Number ? segments.ElementAtOrDefault(segments.Count - 2)
                : segments.LastOrDefault();
            if (segment is not null && (!segment.IsPossible || (before is not null && !segment.Follows(before))))
            {
                // A line that rotted; nothing behind it can be trusted either.
                break;
            }

            whole += line.Length + 1;
            if (segment is not null)
            {
                // One that began and never ended before another began has nothing in it: the disk was full.
                if (segments.Count > 0 && (segments[^1].Number == segment.Number || segments[^1].Length == 0))
                {
                    segments.RemoveAt(segments.Count - 1);
                }

                segments.Add(segment);
            }
        }

        return segments;
    }
}

/// <summary>The lines of a text that have their line end.</summary>
internal ref struct WholeLines(ReadOnlySpan<byte> text)
{
    private ReadOnlySpan<byte> _rest = text;

    public ReadOnlySpan<byte> Current { get; private set; }

    public readonly WholeLines GetEnumerator() => this;

    public bool MoveNext()
    {
        var end = _rest.IndexOf((byte)'\n');
        if (end < 0)
        {
            return false;
        }

        Current = _rest[..end];
        _rest = _rest[(end + 1)..];
        return true;
    }
}
