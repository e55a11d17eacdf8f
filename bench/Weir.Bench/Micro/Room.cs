using Microsoft.Extensions.Logging.Abstractions;
using Weir.Media.Broadcasting;
using Weir.Media.Cmaf;

namespace Weir.Bench.Micro;

/// <summary>A broadcast with its packager in this process, a picture at a time; nobody waits for a clock.</summary>
internal sealed class Room
{
    private const int KeyframeEvery = 60;
    private const long FrameMicroseconds = 33_333;
    private static readonly Track H264 = new(TrackKind.Video, Codec.H264, new byte[40], "avc1.42c01e") { Width = 640, Height = 360 };
    private readonly byte[] _picture;
    private long _pictures;

    public Room(int picture)
    {
        _picture = new byte[picture];
        new Random(1).NextBytes(_picture);
        Broadcast = new Broadcast(Guid.NewGuid(), new TimelineLimits(), TimeProvider.System);
        Packager = new Packager(Broadcast, new PackagerLimits(), NullLogger<Packager>.Instance);
    }

    public Broadcast Broadcast { get; }

    public Packager Packager { get; }

    public Fragment Newest => Enumerable.Range(1, 100).Select(back => Packager.Log.TryGet(Packager.Log.Next - back, out var item) ? item as Fragment : null).First(item => item is not null)!;

    public void Picture()
    {
        var at = _pictures * FrameMicroseconds;
        Broadcast.Timeline.AppendMedia(H264, at, at, _pictures++ % KeyframeEvery == 0, false, _picture);
    }

    public void Pictures(int count)
    {
        for (var i = 0; i < count; i++)
        {
            Picture();
            Packager.Drain();
        }
    }
}

/// <summary>Somebody who watches and never goes.</summary>
internal sealed class Guest(Broadcast broadcast) : Viewer
{
    public override Broadcast Broadcast => broadcast;

    public override Commenter Person { get; } = new(Guid.NewGuid(), "Ann", false, true);

    public override CancellationToken Closed => CancellationToken.None;

    public override ViewerEnd End => ViewerEnd.None;

    public override void Dispose()
    {
    }
}
