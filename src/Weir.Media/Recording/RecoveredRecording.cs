using Weir.Media.Broadcasting;

namespace Weir.Media.Recording;

/// <summary>A recording as it stands on the disk, every torn tail cut off.</summary>
/// <param name="Segments">In order.</param>
/// <param name="IsFinished">Its broadcast ended; otherwise it may go on.</param>
public sealed record RecoveredRecording(string Directory, IReadOnlyList<RecordedSegment> Segments, bool IsFinished)
{
    /// <summary>Where the broadcast goes on; null when nothing was recorded.</summary>
    public ResumePoint? Resume => Segments.Count == 0
        ? null
        : new ResumePoint(Segments[^1].End, Segments[^1].Number + 1, Segments[^1].Discontinuity + 1);

    /// <summary>The index on the disk could not be brought up to <see cref="Segments"/> yet.</summary>
    internal bool IndexIsBehind { get; private set; }

    /// <summary>Media recorded, microseconds; holes do not count.</summary>
    public long Duration => Segments.Sum(segment => segment.Duration);

    public long Bytes => Segments.Sum(segment => segment.Length);

    /// <summary>
    /// Opens a directory after any kind of end: keeps every whole fragment and every whole line, cuts off the rest, and
    /// writes the index line a crash left out. Must not run while a <see cref="Recorder"/> writes there.
    /// </summary>
    public static RecoveredRecording Open(string directory)
    {
        if (!System.IO.Directory.Exists(directory))
        {
            return new(directory, [], IsFinished: false);
        }

        var indexPath = Path.Combine(directory, RecordingFiles.Index);
        var text = File.Exists(indexPath) ? File.ReadAllBytes(indexPath) : [];
        var segments = RecordingIndex.Read(text, out _);
        var files = RecordingFiles.MediaNumbers(directory);

        // Lines that promise more than there is: a disk that lost what it said it had.
        while (segments.Count > 0 && segments[^1] is var last && last.Offset + last.Length > LengthOf(directory, last.File))
        {
            segments.RemoveAt(segments.Count - 1);
            if (last.Length > 0 && LengthOf(directory, last.File) > last.Offset)
            {
                segments.Add(last with { Length = 0 });
                break;
            }
        }

        for (var i = files.Count - 1; i >= 0 && !CloseFile(directory, files[i], segments); i--)
        {
            // A file that was only begun is gone now; the one before it is the last.
        }

        segments.RemoveAll(segment => segment.Length == 0);
        var recovered = new RecoveredRecording(directory, segments, File.Exists(Path.Combine(directory, RecordingFiles.Finished)));
        try
        {
            recovered.WriteIndex();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // A full disk. What was found can be replayed all the same; whoever goes on recording writes it first.
            recovered.IndexIsBehind = true;
        }

        return recovered;
    }

    /// <summary>Makes the index file say what <see cref="Segments"/> says.</summary>
    /// <exception cref="IOException">The disk is full or broken; the index is as before.</exception>
    internal void WriteIndex()
    {
        var path = Path.Combine(Directory, RecordingFiles.Index);
        var whole = Segments.SelectMany(RecordingIndex.Line).ToArray();
        if (!File.Exists(path) || !File.ReadAllBytes(path).AsSpan().SequenceEqual(whole))
        {
            // Beside the old one and then in its place: a second crash finds either of them whole.
            var temporary = path + ".new";
            using (var file = AppendFile.Open(temporary))
            {
                file.SetLength(0);
                file.Write(whole);
                file.Flush(flushToDisk: true);
            }

            File.Move(temporary, path, overwrite: true);
        }

        IndexIsBehind = false;
    }

    private static long LengthOf(string directory, int file)
    {
        var info = new FileInfo(Path.Combine(directory, RecordingFiles.Media(file)));
        return info.Exists ? info.Length : 0;
    }

    /// <returns>False when there was nothing in it and it was removed.</returns>
    private static bool CloseFile(string directory, int file, List<RecordedSegment> segments)
    {
        var path = Path.Combine(directory, RecordingFiles.Media(file));
        using var media = AppendFile.Open(path);
        var open = segments.FindIndex(segment => segment.File == file && segment.Length == 0);
        var before = segments.LastOrDefault(segment => segment.File <= file && segment.Length > 0);
        var from = open >= 0 ? segments[open].Offset : before?.File == file ? before.Offset + before.Length : 0;
        var scanned = MediaScan.Read(media, from);
        if (media.Length > scanned.End)
        {
            media.SetLength(scanned.End);
            media.Flush(flushToDisk: true);
        }

        if (scanned.Fragments == 0)
        {
            if (before?.File == file)
            {
                return true;
            }

            File.Delete(path);
            return false;
        }

        var known = open >= 0
            ? segments[open]
            : new RecordedSegment(
                file, Math.Max(from, scanned.InitLength), 0, scanned.InitLength, (before?.Number ?? -1) + 1,
                before is null ? 0 : before.Discontinuity + (before.File == file ? 0 : 1), scanned.Start, 0,
                before is null ? WrittenAt(path) - (scanned.MediaEnd - scanned.Start) : before.Wall + scanned.Start - before.Start);
        var closed = known with
        {
            Length = scanned.End - known.Offset, Duration = Math.Max(0, scanned.MediaEnd - known.Start), Wall = Math.Max(0, known.Wall),
        };
        if (open >= 0)
        {
            segments[open] = closed;
        }
        else
        {
            segments.Add(closed);
        }

        return true;
    }

    private static long WrittenAt(string path) =>
        (File.GetLastWriteTimeUtc(path).Ticks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond;
}
