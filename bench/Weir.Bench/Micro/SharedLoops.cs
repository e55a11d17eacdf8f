using System.Net;
using System.Net.Sockets;
using BenchmarkDotNet.Attributes;
using Weir.Media.Broadcasting.FanOut;
using Weir.Media.Cmaf;
using Weir.Media.Hls;
using Weir.Media.WebSockets;

namespace Weir.Bench.Micro;

/// <summary>What is done once for all viewers around a frame, and the kernel's part of one viewer.</summary>
[MemoryDiagnoser]
public class SharedLoops
{
    /// <summary>Pictures that come together in a tenth of a second.</summary>
    private const int Together = 3;

    /// <summary>As many as a playlist of LL-HLS is long.</summary>
    private const int Pictures = 60 * 20;

    private readonly Batch _batch = new();
    private readonly Socket _reading = new(SocketType.Stream, ProtocolType.Tcp);
    private Socket? _writing;
    private byte[] _bytes = [];
    private Fragment _fragment = null!;
    private HlsSnapshot _snapshot = null!;

    [Params(4_000)]
    public int Picture { get; set; }

    [GlobalSetup]
    public void Prepare()
    {
        _bytes = new byte[Picture];
        var room = new Room(Picture);
        var window = new HlsWindow(new HlsLimits(), TimeProvider.System);
        var cursor = 0L;
        for (var i = 0; i < Pictures; i++)
        {
            room.Pictures(1);
            for (; cursor < room.Packager.Log.Next; cursor++)
            {
                if (room.Packager.Log.TryGet(cursor, out var item) && item is Fragment fragment)
                {
                    window.Add(fragment, room.Packager.TargetDuration, room.Packager.PartTarget);
                }
            }
        }

        _fragment = room.Newest;
        _snapshot = window.Snapshot("path", "run", true, false) ?? throw new InvalidOperationException("Nothing to list");

        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        _reading.Connect((IPEndPoint)listener.LocalEndpoint);
        _writing = listener.AcceptSocket();
        new Thread(Read) { IsBackground = true }.Start();
    }

    [GlobalCleanup]
    public void End()
    {
        _writing?.Dispose();
        _reading.Dispose();
    }

    [Benchmark(Description = "Batch of three pictures")]
    public int Gather()
    {
        _batch.Begin(0);
        for (var i = 0; i < Together; i++)
        {
            _batch.TryAdd(_bytes);
        }

        return _batch.Bytes.Length;
    }

    [Benchmark(Description = "WebSocket frame around a fragment")]
    public ReadOnlyMemory<byte> Frame() => WatchFrames.Framed(_fragment);

    [Benchmark(Description = "LL-HLS playlist of a part")]
    public object Playlist() => MediaPlaylist.Render(_snapshot, Rendition.Main, delta: false);

    [Benchmark(Description = "LL-HLS delta playlist of a part")]
    public object Delta() => MediaPlaylist.Render(_snapshot, Rendition.Main, delta: true);

    /// <summary>Waits where the reader does not keep up.</summary>
    [Benchmark(Description = "send() of a picture, read on another core")]
    public int Send() => _writing!.Send(_bytes);

    private void Read()
    {
        var buffer = new byte[256 * 1024];
        try
        {
            while (_reading.Receive(buffer) > 0)
            {
            }
        }
        catch (SocketException)
        {
            // It was closed: the measurement is over.
        }
    }
}
