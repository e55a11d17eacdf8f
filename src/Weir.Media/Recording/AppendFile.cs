using System.Diagnostics;
using System.Diagnostics.Metrics;
using Microsoft.Win32.SafeHandles;
using Weir.Media.Broadcasting;

namespace Weir.Media.Recording;

/// <summary>
/// A file that grows, and whose bytes may be erased. A write that failed half way (a full disk) leaves <see cref="Length"/> where it was;
/// what is beyond it is cut off before the next write. Every call may wait for the disk, so they are made on <see cref="DiskThreads"/>.
/// </summary>
internal sealed class AppendFile : IDisposable
{
    /// <summary>
    /// After so many bytes, a quarter of a second of 8 Mbit/s, the disk begins to write them. Otherwise a whole segment of every recording waits in memory and is written at
    /// once by its sync, and the database, which syncs a little for every message, waits behind all of them.
    /// </summary>
    private const int WriteOut = 256 << 10;

    private const int Page = 4096;

    private static readonly Histogram<double> Syncs = new Meter(MediaMeter.Name).CreateHistogram(
        "weir_recording_sync", "s", "How long the disk took to sync a file of a recording",
        advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [.001, .002, .005, .01, .02, .05, .1, .2, .5, 1] });

    private readonly Stream _stream;

    /// <summary>Null for a stream that stands for a file.</summary>
    private readonly SafeFileHandle? _handle;
    private bool _torn;
    private long _writtenOut;
    private long _synced;

    public AppendFile(Stream stream)
    {
        _stream = stream;
        _handle = (stream as FileStream)?.SafeFileHandle;
        Length = stream.Length;
        stream.Position = Length;
        _writtenOut = Length - (Length % Page);
    }

    /// <summary>Bytes that are whole.</summary>
    public long Length { get; private set; }

    public static FileStream Open(string path) => new(path, new FileStreamOptions
    {
        Mode = FileMode.OpenOrCreate,
        Access = FileAccess.ReadWrite,
        Share = FileShare.ReadWrite | FileShare.Delete,

        // What is written must survive the end of the process, so nothing may wait in a buffer of its own.
        BufferSize = 0,
    });

    /// <summary>Takes as long as the disk takes.</summary>
    /// <exception cref="IOException">The disk is full or broken; the file is as before.</exception>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        Repair();
        _torn = true;
        _stream.Write(bytes);
        _torn = false;
        Length += bytes.Length;
        if (Length - _writtenOut >= WriteOut && _handle is not null)
        {
            // Whole pages only: the last one is about to be written to again.
            var until = Length - (Length % Page);
            WriteBack.Begin(_handle, _writtenOut, until - _writtenOut);
            _writtenOut = until;
        }
    }

    /// <summary>Writes over bytes that it has. <see cref="SyncOverwritten"/> returns when the disk has them.</summary>
    /// <exception cref="IOException">The disk is broken, or has no room for a copy of what changes.</exception>
    public void Overwrite(long offset, ReadOnlySpan<byte> bytes)
    {
        if (_handle is not null)
        {
            RandomAccess.Write(_handle, bytes, offset);
            return;
        }

        _stream.Position = offset;
        _stream.Write(bytes);
        _stream.Position = Length;
    }

    public void SyncOverwritten()
    {
        if (_handle is not null)
        {
            WriteBack.Finish(_handle);
        }
        else
        {
            _stream.Flush();
        }
    }

    /// <summary>Cuts off what a failed write left.</summary>
    public void Repair()
    {
        if (_torn)
        {
            _stream.SetLength(Length);
            _stream.Position = Length;
            _torn = false;
        }
    }

    /// <summary>Returns when the disk has it: at once when nothing is new, because a sync makes a disk empty its cache in any case.</summary>
    /// <exception cref="IOException">The disk is full or broken.</exception>
    public void Sync()
    {
        var length = Length;
        if (Volatile.Read(ref _synced) == length)
        {
            return;
        }

        var began = Stopwatch.GetTimestamp();
        if (_handle is not null)
        {
            WriteBack.Finish(_handle);
        }
        else
        {
            _stream.Flush();
        }

        Syncs.Record(Stopwatch.GetElapsedTime(began).TotalSeconds);

        // Without what was appended meanwhile.
        Volatile.Write(ref _synced, length);
    }

    public void Dispose() => _stream.Dispose();
}
