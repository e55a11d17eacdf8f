using Weir.Contracts;
using Weir.Hosting;
using Weir.Live.Broadcasts;
using Weir.Live.Recordings;
using Weir.Media.Broadcasting;
using Weir.Media.Cmaf;
using Weir.Media.Recording;

namespace Weir.Live.Tests;

/// <summary>Which recordings may grow.</summary>
public sealed class RecordingRoomTests
{
    private static readonly Track Sound = new(TrackKind.Audio, Codec.Aac, (byte[])[0x11, 0x90], "mp4a.40.2")
    {
        SampleRate = 48000,
        Channels = 2,
        SamplesPerFrame = 1024,
    };

    [Fact]
    public async Task A_hosts_recordings_share_a_quota_and_what_is_deleted_frees_it()
    {
        await using var stage = new Stage();
        var (host, mine, older, others) = (Guid.NewGuid(), Guid.NewGuid(), Guid.NewGuid(), Guid.NewGuid());
        var options = stage.Options with { RecordingLimit = 10_000 + RecorderLimits.FileCost };
        var room = new RecordingRoom(options, stage.Disk, stage.Replays, stage.Clock);
        Write(older, 6000);
        Write(others, 60_000);
        var mayGrow = room.Of(mine, host, who => who == host ? [mine, older] : [others]);
        Assert.Equal(RecordingStop.None, mayGrow(3999));
        Assert.Equal(RecordingStop.Quota, mayGrow(4000));
        stage.Replays.Delete(older);
        stage.Clock.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(RecordingStop.None, mayGrow(options.RecordingLimit - 1));
        Assert.Equal(RecordingStop.Quota, mayGrow(options.RecordingLimit));

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
    public void Replays_that_nobody_reads_are_closed_when_all_have_too_much_in_memory()
    {
        var directory = Directory.CreateTempSubdirectory("weir-replays-");
        var replays = new ReplayStore(directory.FullName, mostEntries: 10);
        var (first, second, third) = (Guid.NewGuid(), Guid.NewGuid(), Guid.NewGuid());
        Write(first, 3);
        Write(second, 4);
        Write(third, 4);

        // What is added on disk is seen by whoever opens it, and not where it is open still.
        Assert.Equal(3, Count(first));
        Comment(first, 3);
        Assert.Equal(3, Count(first));
        Assert.Equal(4, Count(second));
        Assert.Equal(3, Count(first));
        Assert.True(replays.TryOpen(second, out var lease));
        Comment(second, 4);
        Assert.Equal(4, Count(third));
        Assert.Equal(4, Count(first));
        Assert.Equal(4, lease.Replay.Events.Count);
        Assert.Equal(4, Count(second));
        lease.Dispose();
        directory.Delete(recursive: true);

        int Count(Guid broadcast)
        {
            Assert.True(replays.TryOpen(broadcast, out var opened));
            using (opened)
            {
                return opened.Replay.Events.Count;
            }
        }

        void Write(Guid broadcast, int comments)
        {
            Directory.CreateDirectory(replays.DirectoryOf(broadcast));
            var init = new InitSegment(0, null, Sound).Data.ToArray();
            File.WriteAllBytes(Path.Combine(replays.DirectoryOf(broadcast), RecordingFiles.Media(1)), [.. init, .. new byte[1000]]);
            File.WriteAllText(
                Path.Combine(replays.DirectoryOf(broadcast), RecordingFiles.Index),
                $$"""
                {"file":1,"offset":{{init.Length}},"length":1000,"init":{{init.Length}},"number":0,"duration":1000000}

                """);
            for (var i = 0; i < comments; i++)
            {
                Comment(broadcast, i);
            }
        }

        void Comment(Guid broadcast, int number) => File.AppendAllText(
            Path.Combine(replays.DirectoryOf(broadcast), RecordingFiles.Events),
            $$$"""{"at":0,"event":{"type":"comment","id":"c{{{number}}}","at":{{{number}}}}}""" + "\n");
    }

    [Fact]
    public async Task The_host_is_told_that_nothing_is_recorded_and_why()
    {
        await using var stage = new Stage();
        stage.Listed();
        stage.Space = new DiskSpace(0, 1L << 40);
        Assert.True(stage.Admission.TryPublish(Stage.StreamKey, new PublisherInfo("RTMP", "test"), out var publisher, out _));
        var running = stage.Broadcasts.FindRunning(stage.Broadcast)!;
        long at = 0;
        await Patience.HoldsAsync(() =>
        {
            // The broadcast goes on all the while.
            for (var i = 0; i < 47; i++, at += 21_333)
            {
                Assert.True(publisher.Audio(Sound, at, new byte[100]));
            }

            stage.Clock.Advance(TimeSpan.FromSeconds(1));
            return running.TakeHealth().Warnings.Contains("recordingDiskFull");
        });
        publisher.Dispose();
    }
}
