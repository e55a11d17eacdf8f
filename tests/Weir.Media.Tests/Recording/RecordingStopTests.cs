using Microsoft.Extensions.Logging.Abstractions;
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
        Assert.Equal(RecordingFiles.Bytes(studio.Folder), asked);
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
            Directory.GetFiles(studio.Folder).Sum(file => new FileInfo(file).Length + RecorderLimits.FileCost),
            RecordingFiles.Bytes(studio.Folder));
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
    public void Comments_count_with_the_recording_and_wait_while_it_may_not_grow()
    {
        var stop = RecordingStop.None;
        long asked = 0;
        using var studio = new Studio(mayGrow: bytes =>
        {
            asked = bytes;
            return stop;
        });

        // Without any picture too.
        var ann = new Commenter(Guid.NewGuid(), "Ann", IsHost: true, MayComment: true);
        var before = RecordingFiles.Bytes(studio.Folder);
        studio.Comment(ann, new string('字', 500));
        Assert.Equal(before, asked);
        Assert.True(RecordingFiles.Bytes(studio.Folder) >= before + 3000);
        studio.Comment(ann, "and again");
        Assert.True(asked >= before + 3000);
        Assert.Equal(2, studio.Recorder.Events.Count);

        stop = RecordingStop.Quota;
        var full = studio.Recorder.Events.Bytes;
        studio.Comment(ann, "waits");
        Assert.Equal(full, studio.Recorder.Events.Bytes);
        Assert.Equal((RecorderState.Paused, RecordingStop.Quota), (studio.Recorder.State, studio.Recorder.Stopped));
        studio.End();
        Assert.Equal(3, EventLog.Open(studio.Folder).Count);
    }

    [Fact]
    public void A_recording_has_so_many_segments_and_no_more()
    {
        using var studio = new Studio();
        var stage = studio.Stage;
        var segments = Enumerable.Range(0, RecorderLimits.MaxSegments)
            .Select(number => new RecordedSegment(1, 1000 + number, 1, 1000, number, 0, number * 1_000_000L, 1_000_000, 0)).ToList();
        using var recorder = new Recorder(
            new RecoveredRecording(studio.Folder, segments, IsFinished: false),
            stage.Packager,
            new RecorderLimits(),
            stage.Clock,
            NullLogger<Recorder>.Instance);
        stage.Advanced += recorder.Drain;
        stage.Play(stage.Publish(), Sample.H264Aac);
        Assert.Equal((RecorderState.Paused, RecordingStop.Long), (recorder.State, recorder.Stopped));
        Assert.Equal(RecorderLimits.MaxSegments, recorder.Bytes);
    }

    [Fact]
    public void A_publisher_whose_stream_breaks_too_often_is_sent_away_however_often_it_connects_and_the_host_is_told()
    {
        var stage = new Stage();
        var picture = Sample.H264Aac.First(frame => frame.Track.Kind == TrackKind.Video && frame.Keyframe);
        var other = picture.Track with { Configuration = picture.Track.Configuration.ToArray().Reverse().ToArray() };
        var publisher = stage.Publish();
        long dts = 0;
        var files = 0;
        while (Send(publisher, files % 2 == 0 ? picture.Track : other))
        {
            Assert.InRange(++files, 0, 1000);
        }

        Assert.InRange(files, Publisher.MaxBreaks, Publisher.MaxBreaks + 1);
        Assert.True(publisher.Replaced.IsCancellationRequested);
        var again = stage.Publish();
        Assert.False(Send(again, picture.Track));
        Assert.Contains("tooManyBreaks", stage.Broadcast.Health.Take().Warnings);

        // One comes back, for a stream that goes on as it is.
        stage.Clock.Advance(TimeSpan.FromSeconds(Publisher.SecondsOfBreak));
        var steady = stage.Publish();
        for (var i = 0; i < 1000; i++)
        {
            Assert.True(Send(steady, picture.Track with { Configuration = picture.Track.Configuration.ToArray() }));
            stage.Clock.Advance(TimeSpan.FromMilliseconds(1));
        }

        // A clock that jumps is a break too.
        dts += 100_000_000;
        Assert.False(Send(steady, picture.Track));

        bool Send(Publisher by, Track track) => by.Video(track, dts += 10_000, 0, keyframe: true, picture.Payload);
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
