using System.Text;
using System.Text.Json;
using Weir.Media.Broadcasting;
using Weir.Media.Cmaf;
using Weir.Media.Formats.M3u8;
using Weir.Media.Formats.Mp4;
using Weir.Media.Recording;
using Weir.Media.Tests.Cmaf;

namespace Weir.Media.Tests.Recording;

public sealed class RecordingTests
{
    private static readonly Commenter Ann = new(Guid.NewGuid(), "Ann", false, true);
    private static readonly Commenter Host = new(Guid.NewGuid(), "Host", true, true);

    [Fact]
    public void The_recorded_file_plays_by_itself_and_holds_every_fragment()
    {
        using var studio = new Studio();
        studio.Stage.Play(studio.Stage.Publish(), Sample.H264Aac);
        studio.End();

        Assert.Equal(studio.Stage.ToFile(), studio.Media(1));
        Probe.DecodesCleanly(studio.Media(1));
        var found = RecoveredRecording.Open(studio.Folder);
        Assert.True(found.IsFinished);
        Assert.Equal(5, found.Segments.Count);
        Assert.InRange(found.Duration, 8_900_000, 9_100_000);
    }

    [Fact]
    public void A_kill_at_any_byte_of_the_last_fragment_loses_that_fragment_only()
    {
        using var studio = new Studio();
        studio.Stage.Play(studio.Stage.Publish(), Sample.H264Aac.Take(350));
        studio.Kill();
        var whole = studio.Stage.Fragments;
        var path = Path.Combine(studio.Folder, RecordingFiles.Media(1));
        var file = File.ReadAllBytes(path);
        var index = File.ReadAllBytes(Path.Combine(studio.Folder, RecordingFiles.Index));
        var last = whole[^1].Data.Length;
        for (var cut = 0; cut <= last; cut++)
        {
            File.WriteAllBytes(path, file[..^(last - cut)]);
            File.WriteAllBytes(Path.Combine(studio.Folder, RecordingFiles.Index), index);
            var found = RecoveredRecording.Open(studio.Folder);
            var kept = cut == last ? whole : [.. whole.SkipLast(1)];
            Assert.Equal(kept.Sum(fragment => fragment.Data.Length), found.Bytes);
            Assert.Equal(found.Bytes + kept[0].Init.Data.Length, new FileInfo(path).Length);
            Assert.InRange(found.Resume!.MediaTime, kept[^1].End - 1000, kept[^1].End + 1000);
            Assert.Equal((kept[^1].SegmentNumber + 1, 1), (found.Resume.SegmentNumber, found.Resume.DiscontinuityNumber));
        }

        Probe.DecodesCleanly(studio.Media(1));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void An_index_cut_anywhere_or_full_of_zeros_still_leads_to_every_whole_fragment(bool zeros)
    {
        using var studio = new Studio();
        studio.Stage.Play(studio.Stage.Publish(), Sample.H264Aac.Take(350));
        studio.Kill();
        var path = Path.Combine(studio.Folder, RecordingFiles.Index);
        var index = File.ReadAllBytes(path);
        var bytes = studio.Stage.Fragments.Sum(fragment => fragment.Data.Length);
        for (var cut = 0; cut < index.Length; cut += 13)
        {
            File.WriteAllBytes(path, zeros ? [.. index[..cut], .. new byte[index.Length - cut]] : index[..cut]);
            var found = RecoveredRecording.Open(studio.Folder);
            Assert.Equal(bytes, found.Bytes);
            Assert.InRange(found.Resume!.MediaTime, studio.Stage.Packager.Edge - 1000, studio.Stage.Packager.Edge + 1000);
        }
    }

    [Fact]
    public void A_disk_that_lost_what_was_not_synced_keeps_everything_up_to_there()
    {
        using var studio = new Studio();
        studio.Stage.Play(studio.Stage.Publish(), Sample.H264Aac);
        studio.Kill();
        var path = Path.Combine(studio.Folder, RecordingFiles.Media(1));
        var file = File.ReadAllBytes(path);
        for (var length = file.Length; length >= 0; length -= 9973)
        {
            File.WriteAllBytes(path, file[..length]);
            var found = RecoveredRecording.Open(studio.Folder);
            var kept = 0;
            var at = (long)studio.Stage.Fragments[0].Init.Data.Length;
            foreach (var fragment in studio.Stage.Fragments)
            {
                at += fragment.Data.Length;
                kept += at <= length ? fragment.Data.Length : 0;
            }

            Assert.Equal(kept, found.Bytes);
            Assert.True(found.Segments.Zip(found.Segments.Skip(1)).All(pair => pair.Second.Number == pair.First.Number + 1));
        }
    }

    [Fact]
    public void A_broadcast_goes_on_after_a_kill_and_its_replay_has_both_halves()
    {
        using var first = new Studio();
        first.Stage.Play(first.Stage.Publish(), Sample.H264Aac.Take(350));
        first.Comment(Ann, "before");
        first.Kill();
        using var second = new Studio(first.Folder);
        Assert.InRange(second.Recovered.Resume!.MediaTime, first.Stage.Packager.Edge - 1000, first.Stage.Packager.Edge + 1000);
        second.Stage.Play(second.Stage.Publish(), Sample.H264Aac.Take(350));
        second.Comment(Ann, "after");
        second.End();

        var all = RecoveredRecording.Open(first.Folder).Segments;
        Assert.Equal(Enumerable.Range(0, all.Count), all.Select(segment => (int)segment.Number));
        Assert.All(all.Zip(all.Skip(1)), pair => Assert.InRange(pair.Second.Start - pair.First.End, -1000, 50_000));
        using var replay = Replay.Open(first.Folder)!;
        var lines = M3u8Reader.Read(Encoding.UTF8.GetString(replay.Playlist("p")));
        Assert.Single(lines, line => line.Name == "EXT-X-DISCONTINUITY");
        Assert.Equal(2, lines.Count(line => line.Name == "EXT-X-MAP"));
        Assert.Equal(["before", "after"], Texts(replay.Events.Page(0, long.MaxValue)));
    }

    [Fact]
    public void The_replay_playlist_names_ranges_that_are_the_segments_and_ffmpeg_plays_it()
    {
        using var studio = new Studio();
        var publisher = studio.Stage.Publish();
        studio.Stage.Play(publisher, Sample.H264Aac.Take(350));
        publisher.Dispose();
        studio.Stage.Play(studio.Stage.Publish(), Sample.H264Opus);
        studio.End();

        using var replay = Replay.Open(studio.Folder)!;
        var text = Encoding.UTF8.GetString(replay.Playlist("abc"));
        var lines = M3u8Reader.Read(text);
        Assert.Equal("VOD", lines.Single(line => line.Name == "EXT-X-PLAYLIST-TYPE").Value);
        Assert.Equal("EXT-X-ENDLIST", lines[^1].Name);
        var target = int.Parse(lines.Single(line => line.Name == "EXT-X-TARGETDURATION").Value);
        Assert.All(lines.Where(line => line.Name == "EXTINF"), line => Assert.True(Math.Round(double.Parse(line.Value.TrimEnd(','))) <= target));
        for (var i = 0; i < lines.Count - 1; i++)
        {
            if (lines[i].Name == "EXT-X-BYTERANGE")
            {
                var range = lines[i].Value.Split('@').Select(int.Parse).ToArray();
                var file = File.ReadAllBytes(replay.MediaFile(lines[i + 1].Value.Split('/')[^1])!);
                Assert.Equal("moof", Encoding.ASCII.GetString(file, range[1] + 4, 4));
                Assert.True(FragmentReader.Read(file.AsSpan(range[1], range[0]))[0].Samples[0].IsSync);
            }
        }

        // The same playlist beside the files, as the host serves it.
        var playlist = Path.Combine(studio.Folder, "replay.m3u8");
        File.WriteAllText(playlist, text.Replace("r/abc/", "", StringComparison.Ordinal));
        var (exit, _, error) = Sample.Run("ffmpeg", $"-v warning -i {playlist} -map 0:v:0 -f null -");
        Assert.Equal((0, ""), (exit, Probe.Complaints(error)));
    }

    [Fact]
    public void A_full_disk_pauses_the_recording_and_it_goes_on_when_there_is_space()
    {
        var disk = new SmallDisk(120_000);
        using var studio = new Studio(open: disk.Open);
        var publisher = studio.Stage.Publish();
        studio.Stage.Play(publisher, Sample.H264Aac);
        Assert.Equal(RecorderState.Paused, studio.Recorder.State);
        studio.Comment(Ann, "while it is full");
        disk.Size = long.MaxValue;
        studio.Stage.Play(publisher, Sample.H264Aac, offset: 9_100_000);
        Assert.Equal(RecorderState.Recording, studio.Recorder.State);
        studio.End();

        Assert.Equal(540, studio.Stage.Fragments.Sum(fragment => fragment.Pictures));
        var found = RecoveredRecording.Open(studio.Folder);
        Assert.Equal(2, found.Segments.Select(segment => segment.File).Distinct().Count());
        Assert.Equal(found.Duration, studio.Recorder.Duration);
        Probe.DecodesCleanly(studio.Media(1));
        Probe.DecodesCleanly(studio.Media(2));
        using var replay = Replay.Open(studio.Folder)!;
        Assert.Equal(["while it is full"], Texts(replay.Events.Page(0, long.MaxValue)));
        Assert.Contains("#EXT-X-DISCONTINUITY\n", Encoding.UTF8.GetString(replay.Playlist("p")));
    }

    [Fact]
    public void A_torn_index_that_cannot_be_rewritten_is_replayed_and_mended_before_anything_is_added()
    {
        using var first = new Studio();
        first.Stage.Play(first.Stage.Publish(), Sample.H264Aac.Take(350));
        first.Kill();
        var index = Path.Combine(first.Folder, RecordingFiles.Index);
        File.WriteAllBytes(index, File.ReadAllBytes(index)[..^20]);

        // A directory in the way of the new index stands for a disk that takes no file.
        Directory.CreateDirectory(index + ".new");
        using (var replay = Replay.Open(first.Folder)!)
        {
            Assert.InRange(replay.Duration, first.Stage.Packager.Edge - 100_000, first.Stage.Packager.Edge + 100_000);
        }

        using var second = new Studio(first.Folder);
        Directory.Delete(index + ".new");
        second.Stage.Play(second.Stage.Publish(), Sample.H264Aac.Take(350));
        second.End();
        Assert.Equal(
            first.Stage.Fragments.Concat(second.Stage.Fragments).Sum(fragment => fragment.Data.Length), RecoveredRecording.Open(first.Folder).Bytes);
    }

    [Fact]
    public void A_disk_full_at_any_moment_leaves_a_readable_beginning()
    {
        for (var size = 0; size < 60_000; size += 2_777)
        {
            using var studio = new Studio(open: new SmallDisk(size).Open);
            studio.Stage.Play(studio.Stage.Publish(), Sample.H264Aac.Take(160));
            Assert.Equal(RecorderState.Paused, studio.Recorder.State);
            studio.Kill();
            var found = RecoveredRecording.Open(studio.Folder);
            if (found.Segments.Count > 0)
            {
                Assert.Equal(studio.Stage.ToFile()[..studio.Media(1).Length], studio.Media(1));
                Assert.True(found.Bytes > size * 0.7);
            }
        }
    }

    [Fact]
    public void A_disk_too_slow_for_the_log_leaves_out_what_it_missed_and_goes_on_at_a_keyframe()
    {
        using var studio = new Studio(limits: new PackagerLimits { MaxBytes = 150_000 }, follow: false);
        var publisher = studio.Stage.Publish();
        studio.Stage.Play(publisher, Sample.H264Aac.Take(100));
        studio.Follow();
        studio.Stage.Play(publisher, Sample.H264Aac.Skip(100));
        studio.Follow();
        studio.Stage.Advanced += studio.Follow;
        studio.Stage.Play(publisher, Sample.H264Aac, offset: 9_100_000);
        studio.End();

        var found = RecoveredRecording.Open(studio.Folder).Segments;
        var hole = found.Zip(found.Skip(1)).Single(pair => pair.Second.Start - pair.First.End > 100_000);
        Assert.Equal("moof", Encoding.ASCII.GetString(studio.Media(hole.Second.File), (int)hole.Second.Offset + 4, 4));
        Assert.True(FragmentReader.Read(studio.Media(hole.Second.File).AsSpan((int)hole.Second.Offset))[0].Samples[0].IsSync);
        using var replay = Replay.Open(studio.Folder)!;
        Assert.Contains("#EXT-X-DISCONTINUITY\n", Encoding.UTF8.GetString(replay.Playlist("p")));
    }

    [Fact]
    public async Task Comments_come_in_pages_by_their_moment_and_deleted_ones_stay_away()
    {
        using var studio = new Studio();
        studio.Stage.Play(studio.Stage.Publish(), Sample.H264Aac);
        for (var i = 0; i < 1203; i++)
        {
            studio.Comment(Host, $"{i}", i / 3);
        }

        var log = studio.Recorder.Events;
        var seen = new List<string>();
        long? from = 0;
        var pages = 0;
        while (from is { } start)
        {
            var page = log.Page(start, long.MaxValue);
            Assert.InRange(Texts(page).Count, 1, 500);
            Assert.Equal(page.Next, JsonDocument.Parse(page.Json).RootElement.GetProperty("next").Deserialize<long?>());
            seen.AddRange(Texts(page));
            from = page.Next;
            pages++;
        }

        Assert.Equal(3, pages);
        Assert.Equal(Enumerable.Range(0, 1203).Select(i => $"{i}"), seen);
        Assert.Equal(["6", "7", "8"], Texts(log.Page(2, 3)));

        studio.Comment(Ann, "mine", 5000);
        var id = JsonDocument.Parse(log.Page(5000, 5001).Json).RootElement.GetProperty("events")[0].GetProperty("id").GetString()!;
        Assert.False(await log.DeleteAsync(id, Guid.NewGuid(), isHost: false));
        Assert.True(await log.DeleteAsync(id, Ann.Account, isHost: false));
        Assert.False(await log.DeleteAsync(id, Ann.Account, isHost: false));
        studio.End();
        using var replay = Replay.Open(studio.Folder)!;
        Assert.Equal(1203, replay.Events.Count);
        Assert.Empty(Texts(replay.Events.Page(5000, 5001)));
    }

    [Fact]
    public void Who_is_called_otherwise_now_is_not_shown_under_the_old_name_in_the_replay()
    {
        using var studio = new Studio();
        studio.Stage.Play(studio.Stage.Publish(), Sample.H264Aac);
        studio.Comment(Ann, "hi", 0);
        studio.Comment(Host, "hello", 1);
        var names = new Dictionary<Guid, string> { [Ann.Account] = "Nobody" };
        var page = JsonDocument.Parse(studio.Recorder.Events.Page(0, long.MaxValue, names).Json).RootElement;
        var shown = page.GetProperty("events").EnumerateArray().ToList();
        Assert.Equal(["Nobody", Host.Name], shown.Select(comment => comment.GetProperty("name").GetString()));
        Assert.Equal(["hi", "hello"], shown.Select(comment => comment.GetProperty("text").GetString()));
    }

    [Fact]
    public async Task Whoever_waits_for_the_disk_is_never_a_thread_of_the_pool()
    {
        var disk = new ThreadsOnDisk();
        using var studio = new Studio(open: disk.Open, follow: false);
        var recording = studio.Recorder.RunAsync(TestContext.Current.CancellationToken);
        studio.Stage.Play(studio.Stage.Publish(), Sample.H264Aac);
        Assert.Equal(CommentOutcome.Taken, studio.Stage.Broadcast.Comments.Post(Ann, null, "hello", 0).Outcome);
        studio.Stage.Packager.Drain();
        var id = JsonDocument.Parse(studio.Stage.Broadcast.Comments.Latest()[0].Json).RootElement.GetProperty("id").GetString()!;
        while (!await studio.Recorder.Events.DeleteAsync(id, Ann.Account, isHost: false))
        {
            // Not recorded yet.
            await Task.Yield();
        }

        studio.Stage.End();
        await recording;
        Assert.Equal((0, true), (disk.OfThePool, disk.OfItsOwn > 100));
    }

    [Fact]
    public void A_comment_taken_off_while_live_is_not_in_the_replay()
    {
        using var studio = new Studio();
        studio.Comment(Ann, "oops");
        var id = JsonDocument.Parse(studio.Stage.Broadcast.Comments.Latest()[0].Json).RootElement.GetProperty("id").GetString()!;
        studio.Stage.Broadcast.Comments.Delete(id, Ann.Account, false);
        studio.Stage.Play(studio.Stage.Publish(), Sample.H264Aac.Take(100));
        studio.End();
        using var replay = Replay.Open(studio.Folder)!;
        Assert.Equal(0, replay.Events.Count);
    }

    [Fact]
    public void A_torn_events_line_is_cut_off_at_every_byte()
    {
        using var studio = new Studio();
        studio.Comment(Ann, "one");
        studio.Comment(Ann, "two");
        studio.Kill();
        var path = Path.Combine(studio.Folder, RecordingFiles.Events);
        var bytes = File.ReadAllBytes(path);
        var first = bytes.AsSpan().IndexOf((byte)'\n') + 1;
        for (var cut = first; cut < bytes.Length; cut++)
        {
            File.WriteAllBytes(path, bytes[..cut]);
            using var log = EventLog.Open(studio.Folder);
            Assert.Equal(["one"], Texts(log.Page(0, long.MaxValue)));
            Assert.Equal(first, new FileInfo(path).Length);
        }
    }

    [Fact]
    public void A_deleted_recording_is_gone_and_only_media_files_are_served()
    {
        using var studio = new Studio();
        studio.Stage.Play(studio.Stage.Publish(), Sample.H264Aac.Take(100));
        studio.End();
        using (var replay = Replay.Open(studio.Folder)!)
        {
            Assert.NotNull(replay.MediaFile("media-0001.mp4"));
            Assert.All(
                ["segments.jsonl", "../x", "media-1.mp4", "media-0002.mp4", "media-0001.mp4/..", "media--001.mp4"],
                name => Assert.Null(replay.MediaFile(name)));
        }

        RecordingFiles.Delete(studio.Folder);
        Assert.False(Directory.Exists(studio.Folder));
        Assert.Null(Replay.Open(studio.Folder));
    }

    private static List<string> Texts(EventPage page) =>
        [.. JsonDocument.Parse(page.Json).RootElement.GetProperty("events").EnumerateArray().Select(e => e.GetProperty("text").GetString()!)];
}
