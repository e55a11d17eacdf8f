namespace Weir.Media.Recording;

/// <summary>
/// A file that only grows. A write that failed half way (a full disk) leaves <see cref="Length"/> where it was; what is
/// beyond it is cut off before the next write.
/// </summary>
internal sealed class AppendFile : IDisposable
{
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

    /// <exception cref="IOException">The disk is full or broken; the file is as before.</exception>
    public async ValueTask AppendAsync(ReadOnlyMemory<byte> bytes)
    {
        Repair();
        _torn = true;
        await _stream.WriteAsync(bytes);
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

    /// <summary>Returns when the disk has it. Takes as long as the disk takes, on a thread of the pool.</summary>
    public Task SyncAsync() => Task.Run(() =>
    {
        if (_stream is FileStream file)
        {
            file.Flush(flushToDisk: true);
        }
        else
        {
            _stream.Flush();
        }
    });

    public void Dispose() => _stream.Dispose();
}
