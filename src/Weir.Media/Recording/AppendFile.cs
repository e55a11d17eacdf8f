using System.Diagnostics;
using System.Diagnostics.Metrics;
using Weir.Media.Broadcasting;

namespace Weir.Media.Recording;

/// <summary>
/// A file that only grows. A write that failed half way (a full disk) leaves <see cref="Length"/> where it was; what is
/// beyond it is cut off before the next write. Every call may wait for the disk, so they are made on <see cref="DiskThreads"/>.
/// </summary>
internal sealed class AppendFile : IDisposable
{
    private static readonly Histogram<double> Syncs = new Meter(MediaMeter.Name).CreateHistogram(
        "weir_recording_sync", "s", "How long the disk took to sync a file of a recording",
        advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [.001, .002, .005, .01, .02, .05, .1, .2, .5, 1] });

    private readonly Stream _stream;
    private bool _torn;

    public AppendFile(Stream stream)
    {
        _stream = stream;
        Length = stream.Length;
        stream.Position = Length;
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

    /// <summary>Returns when the disk has it.</summary>
    public void Sync()
    {
        var began = Stopwatch.GetTimestamp();
        if (_stream is FileStream file)
        {
            file.Flush(flushToDisk: true);
        }
        else
        {
            _stream.Flush();
        }

        Syncs.Record(Stopwatch.GetElapsedTime(began).TotalSeconds);
    }

    public void Dispose() => _stream.Dispose();
}
