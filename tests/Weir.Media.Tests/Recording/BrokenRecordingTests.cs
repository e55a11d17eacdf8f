using System.Text;
using System.Text.Json;
using Weir.Media.Recording;
using Weir.Media.Tests.Cmaf;

namespace Weir.Media.Tests.Recording;

/// <summary>Files of a recording that hold what nobody wrote: a disk that lost blocks, or whose blocks rotted.</summary>
public sealed class BrokenRecordingTests
{
    [Fact]
    public void Zeros_anywhere_in_the_last_fragments_boxes_lose_that_fragment_only()
    {
        using var studio = new Studio();
        studio.Stage.Play(studio.Stage.Publish(), Sample.H264Aac.Take(350));
        studio.Kill();
        var path = Path.Combine(studio.Folder, RecordingFiles.Media(1));
        var file = File.ReadAllBytes(path);
        var index = File.ReadAllBytes(Path.Combine(studio.Folder, RecordingFiles.Index));
        var last = studio.Stage.Fragments[^1].Data.Length;
        var boxes = file.AsSpan(file.Length - last).IndexOf("mdat"u8) - 4;
        for (var from = 8; from < boxes; from++)
        {
            var torn = file.ToArray();
            torn.AsSpan(file.Length - last + from, boxes - from).Clear();
            File.WriteAllBytes(path, torn);
            File.WriteAllBytes(Path.Combine(studio.Folder, RecordingFiles.Index), index);
            var found = RecoveredRecording.Open(studio.Folder);
            Assert.InRange(found.Bytes, studio.Stage.Fragments.SkipLast(1).Sum(fragment => fragment.Data.Length), file.Length);
            Assert.InRange(found.Resume!.MediaTime, studio.Stage.Fragments[^2].End - 1000, studio.Stage.Packager.Edge + 1000);
        }
    }

    /// <summary>As when the newest segment's line is on the disk, and bytes of the ones before it are not.</summary>
    [Fact]
    public void A_recording_that_lost_whole_segments_is_the_same_when_it_is_opened_again()
    {
        using var studio = new Studio();
        studio.Stage.Play(studio.Stage.Publish(), Sample.H264Aac.Take(350));
        studio.Kill();
        var path = Path.Combine(studio.Folder, RecordingFiles.Media(1));
        var file = File.ReadAllBytes(path);
        var index = File.ReadAllBytes(Path.Combine(studio.Folder, RecordingFiles.Index));
        for (var length = studio.Stage.Fragments[0].Init.Data.Length; length < file.Length; length += 4999)
        {
            File.WriteAllBytes(path, file[..length]);
            File.WriteAllBytes(Path.Combine(studio.Folder, RecordingFiles.Index), index);
            var found = RecoveredRecording.Open(studio.Folder).Segments;
            Assert.Equal(found, RecoveredRecording.Open(studio.Folder).Segments);
            Assert.All(found, segment => Assert.True(segment.Offset + segment.Length <= length));
        }
    }

    [Fact]
    public void A_fragment_at_a_time_that_no_recording_reaches_is_lost_and_the_others_can_be_replayed()
    {
        using var studio = new Studio();
        studio.Stage.Play(studio.Stage.Publish(), Sample.H264Aac.Take(350));
        studio.Kill();
        var path = Path.Combine(studio.Folder, RecordingFiles.Media(1));
        var file = File.ReadAllBytes(path);
        var last = file.AsSpan(file.Length - studio.Stage.Fragments[^1].Data.Length);
        last.Slice(last.IndexOf("tfdt"u8) + 8, 8).Fill(0xFF);
        File.WriteAllBytes(path, file);
        File.Delete(Path.Combine(studio.Folder, RecordingFiles.Index));
        var found = RecoveredRecording.Open(studio.Folder);
        Assert.Equal(studio.Stage.Fragments.SkipLast(1).Sum(fragment => fragment.Data.Length), found.Bytes);
        using var replay = Replay.Open(studio.Folder)!;
        Assert.Contains("#EXT-X-ENDLIST", Encoding.UTF8.GetString(replay.Playlist("x")));
    }

    [Fact]
    public void A_line_that_leads_back_and_an_init_segment_that_rotted_cost_no_segment_that_the_index_has()
    {
        using var studio = new Studio();
        studio.Stage.Play(studio.Stage.Publish(), Sample.H264Aac.Take(350));
        studio.Kill();
        var (path, media) = (Path.Combine(studio.Folder, RecordingFiles.Index), Path.Combine(studio.Folder, RecordingFiles.Media(1)));
        var lines = File.ReadAllLines(path);
        var closed = RecordingIndex.Read(File.ReadAllBytes(path), out _).Where(segment => segment.Length > 0).ToList();
        Assert.NotEmpty(closed);
        var wrong = JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(lines[^1])!;
        wrong["offset"] = JsonSerializer.SerializeToElement(220);
        lines[^1] = JsonSerializer.Serialize(wrong);
        File.WriteAllLines(path, lines);
        var rotten = File.ReadAllBytes(media);
        rotten[4] ^= 0xFF;
        File.WriteAllBytes(media, rotten);
        Assert.Equal(closed, RecoveredRecording.Open(studio.Folder).Segments);
        Assert.InRange(new FileInfo(media).Length, closed[^1].Offset + closed[^1].Length, rotten.Length);
    }

    [Theory]
    [InlineData("offset", 220)]
    [InlineData("offset", -5)]
    [InlineData("offset", long.MaxValue - 3)]
    [InlineData("length", -5)]
    [InlineData("length", long.MaxValue)]
    [InlineData("file", 0)]
    [InlineData("file", -1)]
    [InlineData("init", -1)]
    [InlineData("start", -1)]
    [InlineData("start", long.MaxValue)]
    [InlineData("duration", long.MinValue)]
    [InlineData("duration", long.MaxValue)]
    [InlineData("wall", long.MaxValue)]
    [InlineData("wall", long.MinValue)]
    [InlineData("number", -1)]
    [InlineData("number", long.MaxValue)]
    [InlineData("discontinuity", long.MaxValue)]
    public void A_line_of_the_index_that_cannot_be_true_ends_it_and_the_media_is_found_all_the_same(string field, long value)
    {
        using var studio = new Studio();
        studio.Stage.Play(studio.Stage.Publish(), Sample.H264Aac.Take(350));
        studio.End();
        var path = Path.Combine(studio.Folder, RecordingFiles.Index);
        var lines = File.ReadAllLines(path);
        var whole = RecoveredRecording.Open(studio.Folder);
        var wrong = JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(lines[1])!;
        wrong[field] = JsonSerializer.SerializeToElement(value);
        lines[1] = JsonSerializer.Serialize(wrong);
        File.WriteAllLines(path, lines);

        var found = RecoveredRecording.Open(studio.Folder);
        Assert.Equal(whole.Bytes, found.Bytes);
        Assert.InRange(found.Duration, whole.Duration - 100_000, whole.Duration + 100_000);
        using var replay = Replay.Open(studio.Folder)!;
        Assert.Contains("#EXT-X-ENDLIST", Encoding.UTF8.GetString(replay.Playlist("x")));
    }

    [Theory]
    [InlineData("""{"type":"comment","id":5,"text":"x"}""")]
    [InlineData("""{"type":7,"id":"c1"}""")]
    [InlineData("""{"type":"comment","id":"\ud800","text":"x"}""")]
    [InlineData("""{"type":"comment","id":"c1","account":3}""")]
    [InlineData("""{"type":"comment","id":"c1","at":"soon"}""")]
    [InlineData("""{"type":"comment","id":"c1","text":["x"]}""")]
    [InlineData("""{"type":"comment","id":"c1","text":"\udc00"}""")]
    [InlineData("""{"type":"deleted","id":{}}""")]
    public void A_line_of_the_events_that_is_no_comment_hides_none(string line)
    {
        var folder = Directory.CreateTempSubdirectory("weir-events-").FullName;
        try
        {
            var account = Guid.NewGuid();
            string Line(string said) => """{"at":0,"event":""" + said + "}";
            string Comment(string id) => Line($$"""
                {"type":"comment","id":"{{id}}","account":"{{account:N}}","name":"A","text":"hi","at":0,"time":"2026-01-01T00:00:00Z"}
                """);
            var wrong = Line(line);
            File.WriteAllLines(Path.Combine(folder, RecordingFiles.Events), [Comment("a"), wrong, Comment("b")]);
            using var log = EventLog.Open(folder);
            Assert.Equal(2, log.Count);
            foreach (var names in new[] { null, new Dictionary<Guid, string> { [Guid.Empty] = "X", [account] = "Y" } })
            {
                var page = JsonDocument.Parse(log.Page(0, long.MaxValue, names).Json).RootElement.GetProperty("events");
                Assert.Equal(["a", "b"], page.EnumerateArray().Select(comment => comment.GetProperty("id").GetString()));
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
