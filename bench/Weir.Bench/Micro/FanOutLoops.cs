using BenchmarkDotNet.Attributes;
using Weir.Media.Broadcasting;
using Weir.Media.Broadcasting.FanOut;
using Weir.Media.Rtmp;
using Weir.Media.WebSockets;

namespace Weir.Bench.Micro;

/// <summary>What happens for each frame and each viewer. Making the frame and putting its bytes together is done once for all, and shared out in the figures.</summary>
[MemoryDiagnoser]
public class FanOutLoops
{
    private const int Viewers = 1_000;
    private readonly Batch _batch = new();
    private Room _room = null!;
    private Feed[] _frames = [];
    private Feed[] _fragments = [];

    [Params(4_000)]
    public int Picture { get; set; }

    [GlobalSetup]
    public void Prepare()
    {
        _room = new Room(Picture);
        _room.Pictures(100);
        var (policy, limits) = (new LagPolicy(), new WatchLimits());
        _frames = [.. Enumerable.Range(0, Viewers).Select(_ => new FrameFeed(_room.Broadcast.Timeline, RtmpPlayer.Form, policy, TimeProvider.System))];
        _fragments = [.. Enumerable.Range(0, Viewers).Select(_ => new WatchFeed(new Guest(_room.Broadcast), _room.Packager, new Mailbox(), media: true, epoch: 1, limits))];
    }

    [Benchmark(Description = "RTMP: a picture to one of 1,000", OperationsPerInvoke = Viewers)]
    public long Frame()
    {
        _room.Picture();
        return Take(_frames);
    }

    [Benchmark(Description = "WebSocket: a picture to one of 1,000", OperationsPerInvoke = Viewers)]
    public long Fragment()
    {
        _room.Pictures(1);
        return Take(_fragments);
    }

    private long Take(Feed[] feeds)
    {
        var taken = 0L;
        foreach (var feed in feeds)
        {
            while (feed.Take(_batch, out var bytes) is FeedState.Bytes or FeedState.LastBytes)
            {
                taken += bytes.Length;
            }
        }

        return taken;
    }
}
