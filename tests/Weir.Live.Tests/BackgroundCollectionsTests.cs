using Weir.Media.Broadcasting;

namespace Weir.Live.Tests;

public sealed class BackgroundCollectionsTests
{
    private static readonly Track Picture = new(TrackKind.Video, Codec.H264, new byte[] { 1, 66, 0, 30 }, "avc1.42001e") { Width = 64, Height = 64 };

    [Fact]
    public async Task Collects_by_the_clock_while_something_is_on_air()
    {
        await using var stage = new Stage();
        var (collections, givenBack) = (0, 0);
        using var service = new BackgroundCollections(stage.Broadcasts, stage.Clock, () => collections++, () => givenBack++);
        stage.Listed();
        stage.Watch(stage.Ticket(), out _);
        stage.Clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(0, collections);

        Assert.True(stage.Admission.TryPublish(Stage.StreamKey, new PublisherInfo("RTMP", "test"), out var publisher, out _));
        publisher.Video(Picture, 0, 0, keyframe: true, new byte[100]);
        stage.Clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(4, collections);

        // Everybody waits for the publisher to come back.
        publisher.Dispose();
        stage.Clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(8, collections);

        stage.Say(rules => rules.Ended = true);
        stage.Clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal((8, 0), (collections, givenBack));

        // The node lets go of it.
        await stage.Broadcasts.RetireAsync(stage.Broadcasts.FindRunning(stage.Broadcast)!);
        stage.Clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal((8, 1), (collections, givenBack));
        stage.Clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal((8, 1), (collections, givenBack));
    }

    [Fact]
    public void The_memory_of_many_frames_goes_back_to_the_system()
    {
        const long Much = 300L << 20;
        var before = CommittedWith(Much);
        Assert.True(before >= Much);
        BackgroundCollections.GiveBack();
        Assert.InRange(GC.GetGCMemoryInfo(GCKind.FullBlocking).TotalCommittedBytes, 0, before - (Much / 2));
    }

    [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
    private static long CommittedWith(long bytes)
    {
        var frames = Enumerable.Range(0, (int)(bytes >> 20)).Select(_ => new byte[1 << 20]).ToArray();
        GC.Collect(2, GCCollectionMode.Forced, blocking: true, compacting: false);
        GC.KeepAlive(frames);
        return GC.GetGCMemoryInfo(GCKind.FullBlocking).TotalCommittedBytes;
    }
}
