using Weir.Media.Broadcasting;
using Weir.Media.Recording;
using Weir.Media.Tests.Cmaf;

namespace Weir.Media.Tests.Recording;

/// <summary>A recording stops before its disk is full, in order, and goes on when it may.</summary>
public sealed class RecordingStopTests
{
    [Theory]
    [InlineData(RecordingStop.DiskFull)]
    [InlineData(RecordingStop.Quota)]
    public void A_recording_that_may_not_grow_is_whole_says_why_and_goes_on_with_a_new_file(RecordingStop why)
    {
        var stop = RecordingStop.None;
        long asked = 0;
        using var studio = new Studio(mayGrow: bytes =>
        {
            asked = bytes;
            return stop;
        });
        var publisher = studio.Stage.Publish();
        studio.Stage.Play(publisher, Sample.H264Aac.Take(200));
        Assert.Equal((RecorderState.Recording, RecordingStop.None), (studio.Recorder.State, studio.Recorder.Stopped));
        stop = why;
        studio.Stage.Play(publisher, Sample.H264Aac.Skip(200));
        Assert.Equal((RecorderState.Paused, why), (studio.Recorder.State, studio.Recorder.Stopped));
        var before = studio.Media(1);
        Assert.Equal(studio.Recorder.Bytes, asked);
        Assert.Equal(studio.Recorder.Duration, RecoveredRecording.Open(studio.Folder).Duration);

        // Long after the time to try again it still may not.
        studio.Stage.Play(publisher, Sample.H264Aac, offset: 9_100_000);
        Assert.Equal((RecorderState.Paused, why), (studio.Recorder.State, studio.Recorder.Stopped));
        Assert.Equal(before, studio.Media(1));
        stop = RecordingStop.None;
        studio.Stage.Play(publisher, Sample.H264Aac, offset: 18_200_000);
        Assert.Equal((RecorderState.Recording, RecordingStop.None), (studio.Recorder.State, studio.Recorder.Stopped));
        studio.End();

        Assert.True(RecoveredRecording.Open(studio.Folder).IsFinished);
        Probe.DecodesCleanly(studio.Media(1));
        Probe.DecodesCleanly(studio.Media(2));
        Assert.Equal(
            Directory.GetFiles(studio.Folder).Sum(file => new FileInfo(file).Length), RecordingFiles.Bytes(studio.Folder));
        Assert.Equal(0, RecordingFiles.Bytes(studio.Folder + "-not-there"));
    }

    [Fact]
    public void A_broadcast_that_ends_while_its_recording_is_stopped_has_a_replay_of_what_there_is()
    {
        var stop = RecordingStop.None;
        using var studio = new Studio(mayGrow: _ => stop);
        var publisher = studio.Stage.Publish();
        studio.Stage.Play(publisher, Sample.H264Aac.Take(300));
        stop = RecordingStop.DiskFull;
        studio.Stage.Play(publisher, Sample.H264Aac.Skip(300));
        studio.End();
        Assert.Equal(RecorderState.Finished, studio.Recorder.State);
        Assert.InRange(RecoveredRecording.Open(studio.Folder).Duration, 1, studio.Stage.Broadcast.Timeline.Edge - 1);
    }

    [Fact]
    public void A_publisher_that_sends_more_than_any_picture_needs_is_sent_away_and_the_host_is_told()
    {
        var stage = new Stage();
        var picture = Sample.H264Aac.First(frame => frame.Track.Kind == TrackKind.Video && frame.Keyframe);
        var steady = stage.Publish();

        // Fifty megabits a second for a minute, after ten seconds at once.
        var payload = new byte[Publisher.MaxBytesPerSecond / 10];
        long dts = 0;
        for (var i = 0; i < 99; i++, dts += 10_000)
        {
            Assert.True(steady.Video(picture.Track, dts, 0, keyframe: true, payload));
        }

        for (var i = 0; i < 600; i++, dts += 100_000)
        {
            stage.Clock.Advance(TimeSpan.FromMilliseconds(100));
            Assert.True(steady.Video(picture.Track, dts, 0, keyframe: true, payload));
        }

        Assert.DoesNotContain("tooMuch", stage.Broadcast.Health.Take().Warnings);
        Assert.True(steady.Video(picture.Track, dts, 0, keyframe: true, payload));
        Assert.False(steady.Video(picture.Track, dts + 1000, 0, keyframe: true, payload));
        Assert.True(steady.Replaced.IsCancellationRequested);

        // Also after its encoder has come back by itself.
        stage.Publish();
        Assert.Contains("tooMuch", stage.Broadcast.Health.Take().Warnings);
        stage.Clock.Advance(TimeSpan.FromMinutes(2));
        Assert.DoesNotContain("tooMuch", stage.Broadcast.Health.Take().Warnings);
    }
}
