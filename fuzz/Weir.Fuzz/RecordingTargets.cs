using System.Buffers.Binary;
using System.Text.Json;
using Weir.Media.Broadcasting;
using Weir.Media.Cmaf;
using Weir.Media.Formats.Mp4;
using Weir.Media.Recording;

namespace Weir.Fuzz;

/// <summary>The files of a recording, as a crash, a full disk or a broken one leaves them.</summary>
internal static class RecordingTargets
{
    /// <summary>Where the files of one run lie: in memory, where the system has a folder for that.</summary>
    private static readonly Lazy<string> Folder = new(() => Path.Combine(
        Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath(), $"weir-fuzz-{Environment.ProcessId}-{Guid.NewGuid():N}"));

    /// <summary>The whole lines stay and can be shown, deleted and read again; nothing is added to the file by opening it.</summary>
    public static void ReadEvents(ReadOnlyMemory<byte> bytes)
    {
        // A deletion appends a line.
        var disk = new byte[bytes.Length + (64 << 10)];
        bytes.CopyTo(disk);
        int count;
        long length;
        string? first;
        using (var log = Open(disk, bytes.Length))
        {
            (count, length, first) = (log.Count, log.Bytes, FirstOf(log));
            Check(length <= bytes.Length, "Opening a file made it longer.");
        }

        using (var again = Open(disk, (int)length))
        {
            Check((again.Count, again.Bytes) == (count, length), "A file that was opened has other lines when it is opened again.");
            if (first is { Length: < 1000 })
            {
                again.Append(0, JsonSerializer.SerializeToUtf8Bytes(new { type = "deleted", id = first }));
                Check(again.Find(first) is null && again.Count == count - 1, "A deleted comment is still there.");
            }
        }
    }

    public static void ReadIndex(ReadOnlyMemory<byte> bytes)
    {
        var segments = RecordingIndex.Read(bytes.Span, out var whole);
        Check(whole <= bytes.Length, "More lines than bytes.");
        var again = RecordingIndex.Read(segments.SelectMany(RecordingIndex.Line).ToArray(), out _);
        Check(again.Where(segment => segment.Length > 0).SequenceEqual(segments.Where(segment => segment.Length > 0)),
            "The index reads otherwise when it is written anew.");
    }

    /// <summary>What is found lies in the file, and the fragments that are whole are found again when the rest is cut off.</summary>
    public static void ReadMedia(ReadOnlyMemory<byte> bytes)
    {
        var file = bytes.ToArray();
        var scanned = MediaScan.Read(new MemoryStream(file), 0);
        Check(scanned.InitLength >= 0 && scanned.End <= file.Length && (scanned.Fragments == 0 || scanned.End > scanned.InitLength),
            $"{scanned} of {file.Length} bytes");
        Check(scanned.MediaEnd >= scanned.Start, $"{scanned} goes backwards.");
        Check(MediaScan.Read(new MemoryStream(file[..(int)scanned.End]), 0) == scanned,
            "What is whole reads otherwise without what follows.");
    }

    public static void ReadFragment(ReadOnlyMemory<byte> bytes)
    {
        foreach (var run in FragmentReader.Read(bytes.Span))
        {
            _ = run.Duration;
        }
    }

    public static void ReadBoxes(ReadOnlyMemory<byte> bytes)
    {
        var (position, taken) = (0, 0);
        while (BoxReader.TryRead(bytes.Span, ref position, out var box))
        {
            taken += box.Size;
            Check(box.End == position && box.Body(bytes.Span).Length < box.Size, "A box lies outside of its bytes.");
        }

        Check(taken == position, "Bytes got lost between boxes.");
        BoxReader.TryFind(bytes.Span, out _, BoxType.Moov, BoxType.Trak, BoxType.Mdia, BoxType.Mdhd);
    }

    /// <summary>A directory: an index and events, each behind its length, and a media file. What is opened can be replayed, and opened
    /// again.</summary>
    public static void Recover(ReadOnlyMemory<byte> bytes)
    {
        var folder = Directory.CreateDirectory(Folder.Value);
        try
        {
            var rest = bytes.Span;
            File.WriteAllBytes(Path.Combine(folder.FullName, RecordingFiles.Index), Part(ref rest));
            File.WriteAllBytes(Path.Combine(folder.FullName, RecordingFiles.Events), Part(ref rest));
            File.WriteAllBytes(Path.Combine(folder.FullName, RecordingFiles.Media(1)), rest);
            var found = RecoveredRecording.Open(folder.FullName);
            using (var replay = Replay.Open(folder.FullName))
            {
                Check(replay is null == (found.Segments.Count == 0),
                    $"A recording with segments has no replay: {string.Join('\n', found.Segments)}");
                replay?.Playlist("path");
                replay?.Events.Page(0, long.MaxValue);
            }

            Check(RecoveredRecording.Open(folder.FullName).Segments.SequenceEqual(found.Segments),
                "What was recovered reads otherwise the next time.");
            Check(folder.GetFiles().All(file => file.Name is RecordingFiles.Index or RecordingFiles.Events
                || file.Name == RecordingFiles.Media(1)), "Another file was made.");
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    public static IReadOnlyList<byte[]> Seeds(string target) => target switch
    {
        "events" => [Events()],
        "recording-index" => [Index(open: false), Index(open: true)],
        "recording-media" => [Media(), Media()[..^10]],
        "mp4-fragment" or "mp4-boxes" => [Fragment(), Media()],
        _ => [Together(Index(open: false), Events(), Media()), Together(Index(open: true), Events()[..^3], Media()[..^10]), Together([],
            [], Media())],
    };

    private static EventLog Open(byte[] disk, int length)
    {
        var file = new MemoryStream(disk);
        file.SetLength(length);
        return EventLog.Over(file, new MemoryStream(disk));
    }

    private static string? FirstOf(EventLog log)
    {
        using var page = JsonDocument.Parse(log.Page(long.MinValue, long.MaxValue, new Dictionary<Guid,
            string> { [Guid.Empty] = "Somebody" }).Json);
        string? first = null;
        foreach (var comment in page.RootElement.GetProperty("events").EnumerateArray())
        {
            Check(comment.GetProperty("type").ValueEquals("comment"), "A page has something else than comments.");
            first ??= comment.GetProperty("id").GetString();
        }

        return first is not null && log.Find(first) is not null ? first : null;
    }

    private static ReadOnlySpan<byte> Part(ref ReadOnlySpan<byte> rest)
    {
        var length = rest.Length < 2 ? 0 : Math.Min(BinaryPrimitives.ReadUInt16BigEndian(rest), rest.Length - 2);
        var part = rest.Slice(Math.Min(2, rest.Length), length);
        rest = rest[(Math.Min(2, rest.Length) + length)..];
        return part;
    }

    private static byte[] Together(byte[] index, byte[] events, byte[] media) => [.. Behind(index), .. Behind(events), .. media];

    private static byte[] Behind(byte[] part)
    {
        var whole = new byte[2 + part.Length];
        BinaryPrimitives.WriteUInt16BigEndian(whole, (ushort)part.Length);
        part.CopyTo(whole, 2);
        return whole;
    }

    private static byte[] Events()
    {
        using var stream = new MemoryStream();
        var disk = new byte[4096];
        var file = new MemoryStream(disk);
        file.SetLength(0);
        using (var log = EventLog.Over(file, new MemoryStream(disk)))
        {
            foreach (var (id, at) in new[] { ("01", 0L), ("02", 1000L), ("03", 500L) })
            {
                var comment = new CommentEvent("comment", id, null, Guid.Empty.ToString("N"), "Anna", false, "Hello", at,
                    DateTimeOffset.UnixEpoch);
                log.Append(at * 1000, JsonSerializer.SerializeToUtf8Bytes(comment, EventJson.Default.CommentEvent));
            }

            log.Append(0, JsonSerializer.SerializeToUtf8Bytes(new DeletedEvent("deleted", "02"), EventJson.Default.DeletedEvent));
            return disk[..(int)log.Bytes];
        }
    }

    private static byte[] Index(bool open)
    {
        var init = Init().Length;
        var first = new RecordedSegment(1, init, Fragment().Length, init, 0, 0, 0, 200_000, 1_700_000_000_000_000);
        var second = first with { Offset = first.Offset + first.Length, Number = 1, Start = 200_000 };
        return [.. RecordingIndex.Line(first with { Length = 0 }), .. RecordingIndex.Line(first), .. RecordingIndex.Line(open
            ? second with { Length = 0 } : second)];
    }

    private static byte[] Media() => [.. Init(), .. Fragment(), .. Fragment(18_000)];

    private static byte[] Init() => new InitSegment(0, Tracks.FromAvcC(Weir.Fuzz.Seeds.AvcC), Tracks.FromAac(new byte[] { 0x12,
        0x10 })).Data.ToArray();

    private static byte[] Fragment(ulong time = 0) => FragmentWriter.Write(1,
    [
        new Mp4Run(InitSegment.VideoTrackId, time, IsVideo: true, [new Mp4Sample(9000, 0, true, new byte[6]), new Mp4Sample(9000, 9000,
            false, new byte[6])]),
        new Mp4Run(InitSegment.AudioTrackId, time * 44_100 / 90_000, IsVideo: false, [new Mp4Sample(8820, 0, true, new byte[4])]),
    ]);

    private static void Check(bool holds, string what)
    {
        if (!holds)
        {
            throw new InvalidOperationException(what);
        }
    }
}
