using Weir.Contracts;
using Weir.Hosting;
using Weir.Live.Broadcasts;
using Weir.Live.Recordings;
using Weir.Media.Broadcasting;
using Weir.Media.Recording;

namespace Weir.Live.Tests;

/// <summary>Which recordings may grow.</summary>
public sealed class RecordingRoomTests
{
    [Fact]
    public async Task A_hosts_recordings_share_a_quota_and_what_is_deleted_frees_it()
    {
        await using var stage = new Stage();
        var (host, mine, older, others) = (Guid.NewGuid(), Guid.NewGuid(), Guid.NewGuid(), Guid.NewGuid());
        var room = new RecordingRoom(stage.Options with { RecordingLimit = 10_000 }, stage.Disk, stage.Replays, stage.Clock);
        Write(older, 6000);
        Write(others, 60_000);
        var mayGrow = room.Of(mine, host, who => who == host ? [mine, older] : [others]);
        Assert.Equal(RecordingStop.None, mayGrow(3999));
        Assert.Equal(RecordingStop.Quota, mayGrow(4000));
        stage.Replays.Delete(older);
        stage.Clock.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(RecordingStop.None, mayGrow(9999));
        Assert.Equal(RecordingStop.Quota, mayGrow(10_000));

        stage.Space = new DiskSpace(DiskRoom.RecordingReserve - 1, 1L << 40);
        stage.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(RecordingStop.DiskFull, mayGrow(0));
        stage.Space = new DiskSpace(2 * DiskRoom.RecordingReserve, 1L << 40);
        stage.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(RecordingStop.None, mayGrow(0));

        void Write(Guid broadcast, int bytes)
        {
            Directory.CreateDirectory(stage.Replays.DirectoryOf(broadcast));
            File.WriteAllBytes(Path.Combine(stage.Replays.DirectoryOf(broadcast), RecordingFiles.Media(1)), new byte[bytes]);
        }
    }

    [Fact]
    public async Task The_host_is_told_that_nothing_is_recorded_and_why()
    {
        await using var stage = new Stage();
        stage.Listed();
        stage.Space = new DiskSpace(0, 1L << 40);
        Assert.True(stage.Admission.TryPublish(Stage.StreamKey, new PublisherInfo("RTMP", "test"), out var publisher, out _));
        var running = stage.Broadcasts.FindRunning(stage.Broadcast)!;
        var sound = new Track(TrackKind.Audio, Codec.Aac, (byte[])[0x11, 0x90], "mp4a.40.2") { SampleRate = 48000, Channels = 2, SamplesPerFrame = 1024 };
        long at = 0;
        await Patience.HoldsAsync(() =>
        {
            // The broadcast goes on all the while.
            for (var i = 0; i < 47; i++, at += 21_333)
            {
                Assert.True(publisher.Audio(sound, at, new byte[100]));
            }

            stage.Clock.Advance(TimeSpan.FromSeconds(1));
            return running.TakeHealth().Warnings.Contains("recordingDiskFull");
        });
        publisher.Dispose();
    }
}
