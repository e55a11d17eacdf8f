using Weir.Media.Broadcasting;
using Weir.Media.Broadcasting.FanOut;
using Weir.Media.HttpFlv;
using Weir.Media.Rtmp;
using Weir.Media.Tests.Cmaf;
using Weir.Media.Tests.WebSockets;
using Weir.Media.WebSockets;

namespace Weir.Media.Tests.Broadcasting;

/// <summary>
/// A frame is put into its wire form once; a further viewer of it costs a cursor that moves, and no memory. What is allocated for each viewer and frame
/// is thousands of objects a second, which nothing but the collector's pauses would show.
/// </summary>
public sealed class FanOutAllocationTests
{
    private const int Viewers = 200;
    private const int WarmUpFrames = 150;

    [Fact]
    public void A_further_RTMP_viewer_of_a_frame_allocates_nothing() => FramesAllocateNothing(RtmpPlayer.Form);

    [Fact]
    public void A_further_HTTP_FLV_viewer_of_a_frame_allocates_nothing() => FramesAllocateNothing(FlvBody.Plain);

    [Fact]
    public void A_further_WebSocket_viewer_of_a_fragment_allocates_nothing()
    {
        var stage = new Stage();
        AllocateNothing(stage, () => new WatchFeed(
            new TestViewer(stage.Broadcast, new Commenter(Guid.NewGuid(), "Ann", false, true)), stage.Packager, new Mailbox(), media: true, epoch: 1, new WatchLimits()));
    }

    [Fact]
    public void A_further_WebSocket_viewer_of_a_comment_allocates_nothing()
    {
        var stage = new Stage();
        var comments = 0;
        AllocateNothing(
            stage,
            () => new WatchFeed(
                new TestViewer(stage.Broadcast, new Commenter(Guid.NewGuid(), "Ann", false, true)), stage.Packager, new Mailbox(), media: true, epoch: 1, new WatchLimits()),
            () =>
            {
                stage.Broadcast.Comments.Post(new Commenter(Guid.NewGuid(), "Ben", false, true), null, $"comment {comments++}", null);
                stage.Packager.Drain();
            });
    }

    private static void FramesAllocateNothing(FrameForm form)
    {
        var stage = new Stage();
        AllocateNothing(stage, () => new FrameFeed(stage.Broadcast.Timeline, form, new LagPolicy(), stage.Clock));
    }

    private static void AllocateNothing(Stage stage, Func<Feed> join, Action? beside = null)
    {
        var publisher = stage.Publish();
        var frames = Sample.H264Aac;
        stage.Play(publisher, frames.Take(WarmUpFrames));
        var batch = new Batch();
        Feed[] feeds = [.. Enumerable.Range(0, Viewers).Select(_ => join())];
        long taken = 0, allocated = 0, counted = 0;
        for (var i = WarmUpFrames; i < frames.Count; i++)
        {
            stage.Play(publisher, [frames[i]]);
            beside?.Invoke();

            // The first one puts the bytes together for all.
            Take(feeds[0], batch);
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var viewer = 1; viewer < Viewers; viewer++)
            {
                taken += Take(feeds[viewer], batch);
            }

            // Greetings and the runtime's own beginnings are behind by then.
            if (i >= 2 * WarmUpFrames)
            {
                allocated += GC.GetAllocatedBytesForCurrentThread() - before;
                counted++;
            }
        }

        Assert.True(counted >= WarmUpFrames, $"{counted} frames are too few to say anything.");
        Assert.True(taken > counted * (Viewers - 1), "The viewers got next to nothing.");
        Assert.Equal(0, allocated);
    }

    private static long Take(Feed feed, Batch batch)
    {
        var taken = 0L;
        FeedState state;
        while ((state = feed.Take(batch, out var bytes)) is FeedState.Bytes or FeedState.LastBytes)
        {
            taken += bytes.Length;
        }

        Assert.True(state == FeedState.Nothing);
        return taken;
    }
}
