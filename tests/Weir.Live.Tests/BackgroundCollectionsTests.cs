using Weir.Media.Broadcasting;

namespace Weir.Live.Tests;

public sealed class BackgroundCollectionsTests
{
    private static readonly Track Picture = new(TrackKind.Video, Codec.H264, new byte[] { 1, 66, 0, 30 }, "avc1.42001e") { Width = 64, Height = 64 };

    [Fact]
    public async Task Collects_by_the_clock_while_something_is_on_air()
    {
        await using var stage = new Stage();
        var collections = 0;
        using var service = new BackgroundCollections(stage.Broadcasts, stage.Clock, () => collections++);
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
        Assert.Equal(8, collections);
    }
}
