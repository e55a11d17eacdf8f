using System.Diagnostics.Metrics;
using Weir.Media.Broadcasting;

namespace Weir.Media.Recording;

/// <summary>Deleted comments leave the file too, and so do names that their authors had.</summary>
/// <remarks>
/// The first byte of a line that is erased is a space on the disk before the others change, and no other line begins with one. So
/// whatever a crash leaves of such a line is known for what it is, and the rest of it is erased when the file is opened.
/// </remarks>
public sealed partial class EventLog
{
    private static readonly Counter<long> Unerased = new Meter(MediaMeter.Name).CreateCounter<long>(
        "weir_recording_comments_unerased", description: "Times the disk did not take that deleted comments were erased");

    private static readonly byte[] Spaces = [.. Enumerable.Repeat((byte)' ', 2 * LongestLine)];

    /// <summary>Lines of comments that were taken out, which the file has still. No more than there were comments.</summary>
    private readonly Queue<(long Offset, int Length)> _gone = new();

    /// <summary>Writes spaces over the comments that were taken out. What the disk refuses is tried again with the next one, and when
    /// the file is opened.</summary>
    internal void Erase()
    {
        lock (_writing)
        {
            (long Offset, int Length)[] lines;
            lock (_lock)
            {
                lines = [.. _gone];
            }

            if (lines.Length == 0)
            {
                return;
            }

            try
            {
                Overwrite(lines, static _ => 1);
                Overwrite(lines, static length => length);
            }
            catch (IOException)
            {
                Unerased.Add(1);
                return;
            }

            lock (_lock)
            {
                for (var i = 0; i < lines.Length; i++)
                {
                    _gone.Dequeue();
                }
            }
        }
    }

    private void Overwrite((long Offset, int Length)[] lines, Func<int, int> bytes)
    {
        foreach (var (offset, length) in lines)
        {
            // Whoever reads a line reads all of it from before, or sees by its first byte that it is gone.
            lock (_reader)
            {
                _file.Overwrite(offset, Spaces.AsSpan(0, bytes(length)));
            }
        }

        _file.SyncOverwritten();
    }
}
