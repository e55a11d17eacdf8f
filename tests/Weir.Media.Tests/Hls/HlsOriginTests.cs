using Weir.Media.Broadcasting;
using Weir.Media.Formats.M3u8;
using Weir.Media.Hls;
using Weir.Media.Tests.Cmaf;
using Weir.Media.Tests.Mp4;

namespace Weir.Media.Tests.Hls;

public sealed class HlsOriginTests
{
    private static readonly IReadOnlyList<SourceFrame> Long = Loop(Sample.H264Aac, 6);

    [Theory]
    [InlineData("main.m3u8")]
    [InlineData("audio.m3u8")]
    public void A_live_playlist_keeps_every_clause_while_it_grows_is_interrupted_and_ends(string name)
    {
        using var theatre = new Theatre();
        var checker = new SpecChecker(theatre, name);
        var lastEdge = -1L;
        theatre.Stage.Advanced += () =>
        {
            if (theatre.Stage.Packager.Edge - lastEdge > 250_000)
            {
                lastEdge = theatre.Stage.Packager.Edge;
                checker.Look();
            }
        };
        var publisher = theatre.Stage.Publish();
        theatre.Stage.Play(publisher, Long);
        publisher.Dispose();
        theatre.Stage.Packager.Drain();
        theatre.Origin.Drain();
        checker.Look();
        theatre.Stage.Clock.Advance(TimeSpan.FromSeconds(9));
        theatre.Stage.Play(theatre.Stage.Publish(), Long.Take(4000));
        Assert.Contains(checker.Last.Segments, segment => segment.Discontinuity == 1);
        theatre.End();
        checker.Look();

        Assert.True(checker.Last.Ended);
        Assert.InRange(checker.Updates, 200, 1000);
        Assert.InRange(checker.Deltas, 50, 1000);
        Assert.Equal((2, 0.3), (checker.Last.Target, checker.Last.PartTarget));
    }

    [Fact]
    public void The_index_names_both_renditions_with_the_ticket_and_true_attributes()
    {
        using var theatre = new Theatre();
        theatre.Stage.Play(theatre.Stage.Publish(), Sample.H264Aac.Take(500));
        var lines = M3u8Reader.Read(Theatre.Text(theatre.Ask("index.m3u8")));

        Assert.Equal(["main.m3u8?ticket=T", "audio.m3u8?ticket=T"], lines.Where(line => line.IsUri).Select(line => line.Value));
        var variants = lines.Where(line => line.Name == "EXT-X-STREAM-INF").Select(line => line.Attributes).ToList();
        var init = theatre.Stage.Packager.Init!;
        Assert.Equal(init.Codecs, variants[0]["CODECS"]);
        Assert.Equal(("192x108", "30.000"), (variants[0]["RESOLUTION"], variants[0]["FRAME-RATE"]));
        Assert.Equal("mp4a.40.2", variants[1]["CODECS"]);
        Assert.True(long.Parse(variants[0]["BANDWIDTH"]) > long.Parse(variants[1]["BANDWIDTH"]));
        var playlist = theatre.Read();
        var bytes = Theatre.Bytes(theatre.Fetch(playlist.Segments[0].Uri!)).Length;
        Assert.InRange(bytes * 8 / playlist.Segments[0].Duration!.Value, 0, double.Parse(variants[0]["BANDWIDTH"]));
        Assert.Equal("private, no-store", theatre.Ask("index.m3u8").CacheControl);
    }

    [Fact]
    public void Each_rendition_reports_the_other_with_the_ticket()
    {
        using var theatre = new Theatre();
        theatre.Stage.Play(theatre.Stage.Publish(), Sample.H264Aac.Take(300));
        var main = theatre.Read();
        Assert.Equal("audio.m3u8?ticket=T", main.Report!["URI"]);
        Assert.Equal("main.m3u8?ticket=T", theatre.Read("audio.m3u8").Report!["URI"]);
        Assert.Equal(main.Segments[^1].Number, long.Parse(main.Report["LAST-MSN"]));
        Assert.Equal(main.Segments[^1].Parts.Count - 1, long.Parse(main.Report["LAST-PART"]));
    }

    [Fact]
    public void What_the_playlist_names_decodes_without_a_warning_in_both_renditions()
    {
        using var theatre = new Theatre();
        theatre.Stage.Play(theatre.Stage.Publish(), Sample.H264Aac);
        theatre.End();
        foreach (var name in new[] { "main.m3u8", "audio.m3u8" })
        {
            var playlist = theatre.Read(name);
            var file = Theatre.Bytes(theatre.Fetch(playlist.Segments[0].Map!)).ToList();
            file.AddRange(playlist.Segments.SelectMany(segment => Theatre.Bytes(theatre.Fetch(segment.Uri!))));
            Probe.DecodesCleanly([.. file]);
        }
    }

    [Fact]
    public async Task The_index_waits_for_the_first_whole_segment_and_gives_up_after_ten_seconds()
    {
        using var theatre = new Theatre();
        var asked = theatre.AskAsync("index.m3u8").AsTask();
        theatre.Stage.Play(theatre.Stage.Publish(), Sample.H264Aac.Take(100));
        Assert.False(asked.IsCompleted);
        theatre.Stage.Play(theatre.Stage.Broadcast.Publisher!, Sample.H264Aac.Skip(100).Take(100));
        Assert.Equal(200, (await asked).Status);

        using var empty = new Theatre();
        asked = empty.AskAsync("index.m3u8").AsTask();
        for (var i = 0; i < 10; i++)
        {
            Assert.False(asked.IsCompleted);
            empty.Stage.Clock.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        var response = await asked;
        Assert.Equal((503, 2), (response.Status, response.RetryAfter));
    }

    [Fact]
    public async Task A_blocked_reload_is_answered_by_the_part_it_names_and_not_before()
    {
        using var theatre = new Theatre();
        var publisher = theatre.Stage.Publish();
        theatre.Stage.Play(publisher, Sample.H264Aac.Take(300));
        var open = theatre.Read().Segments[^1];
        var asked = theatre.AskAsync("main.m3u8", $"{open.Number}", $"{open.Parts.Count}").AsTask();
        var hinted = theatre.FetchAsync(theatre.Read().Hint!).AsTask();
        foreach (var frame in Sample.H264Aac.Skip(300))
        {
            theatre.Stage.Play(publisher, [frame]);
            var last = theatre.Read().Segments[^1];
            var there = last.Number > open.Number || last.Parts.Count > open.Parts.Count;
            if (there)
            {
                break;
            }

            Assert.False(asked.IsCompleted || hinted.IsCompleted);
        }

        var answer = Playlist.Read(Theatre.Text(await asked));
        Assert.Equal(open.Parts.Count + 1, answer.Segments[^1].Parts.Count);
        Assert.Equal(Theatre.Bytes(theatre.Fetch(answer.Segments[^1].Parts[^1].Uri)), Theatre.Bytes(await hinted));
    }

    [Fact]
    public async Task A_part_beyond_the_end_of_its_segment_means_the_first_of_the_next()
    {
        using var theatre = new Theatre();
        var publisher = theatre.Stage.Publish();
        theatre.Stage.Play(publisher, Sample.H264Aac.Take(300));
        var open = theatre.Read().Segments[^1];
        var asked = theatre.AskAsync("main.m3u8", $"{open.Number}", "9").AsTask();
        theatre.Stage.Play(publisher, Sample.H264Aac.Skip(300).Take(100));
        var answer = Playlist.Read(Theatre.Text(await asked));
        Assert.True(answer.Segments[^1].Number > open.Number);
    }

    [Fact]
    public void Requests_too_far_ahead_or_without_sense_are_400_and_old_ones_get_everything_at_once()
    {
        using var theatre = new Theatre();
        theatre.Stage.Play(theatre.Stage.Publish(), Sample.H264Aac.Take(400));
        var last = theatre.Read().Segments[^1];
        var whole = last.Duration is null ? last.Number - 1 : last.Number;

        Assert.Equal(400, theatre.Ask("main.m3u8", $"{whole + 3}").Status);
        Assert.False(theatre.AskAsync("main.m3u8", $"{whole + 2}").IsCompleted);
        Assert.Equal(400, theatre.Ask("main.m3u8", $"{last.Number}", $"{last.Parts.Count + 10}").Status);
        Assert.Equal(400, theatre.Ask("main.m3u8", $"{last.Number + 1}", "11").Status);
        Assert.Equal(400, theatre.Ask("main.m3u8", null, "0").Status);
        Assert.Equal(400, theatre.Ask("main.m3u8", "-1").Status);
        Assert.Equal(400, theatre.Ask("main.m3u8", "x").Status);
        Assert.Equal(404, theatre.Ask("other.m3u8").Status);
        Assert.Equal(Theatre.Text(theatre.Ask("main.m3u8")), Theatre.Text(theatre.Ask("main.m3u8", "0")));
        Assert.Equal(Theatre.Text(theatre.Ask("main.m3u8")), Theatre.Text(theatre.Ask("main.m3u8", "0", "3")));
    }

    [Fact]
    public async Task A_reload_blocked_longer_than_three_target_durations_is_503()
    {
        using var theatre = new Theatre();
        theatre.Stage.Play(theatre.Stage.Publish(), Sample.H264Aac.Take(300));
        var asked = theatre.AskAsync("main.m3u8", $"{theatre.Read().Segments[^1].Number + 1}").AsTask();
        // Whoever is due earlier is woken earlier: what this one sees has had its turn.
        var within = Task.Delay(TimeSpan.FromSeconds(5.9), theatre.Stage.Clock);
        theatre.Stage.Clock.Advance(TimeSpan.FromSeconds(5.9));
        await within;
        Assert.False(asked.IsCompleted);
        theatre.Stage.Clock.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(503, (await asked.WaitAsync(Patience.Limit)).Status);
    }

    [Fact]
    public void A_rekey_moves_the_media_ends_the_old_path_and_holds_deltas_back()
    {
        using var theatre = new Theatre();
        var publisher = theatre.Stage.Publish();
        theatre.Stage.Play(publisher, Long.Take(1800));
        var before = theatre.Read();
        Assert.True(Playlist.Read(Theatre.Text(theatre.Ask("main.m3u8", skip: "YES")), before).Skipped > 0);

        theatre.Origin.Rekey("path2");
        var after = theatre.Read();
        Assert.All(after.Segments.Where(s => s.Uri is not null), segment => Assert.StartsWith("m/path2/", segment.Uri));
        Assert.Equal(0, Playlist.Read(Theatre.Text(theatre.Ask("main.m3u8", skip: "YES"))).Skipped);
        Assert.Equal(200, theatre.Fetch(before.Segments[^2].Uri!).Status);
        theatre.Stage.Clock.Advance(TimeSpan.FromMilliseconds(701));
        Assert.Equal(404, theatre.Fetch(before.Segments[^2].Uri!).Status);
        Assert.Equal(404, theatre.Fetch(before.Segments[^2].Map!).Status);
        Assert.Equal(200, theatre.Fetch(after.Segments[^2].Uri!).Status);

        theatre.Stage.Play(publisher, Long.Skip(1800).Take(1400));
        Assert.True(Playlist.Read(Theatre.Text(theatre.Ask("main.m3u8", skip: "YES")), theatre.Read()).Skipped > 0);
    }

    [Fact]
    public async Task A_path_that_was_replaced_serves_the_part_that_is_being_made_and_nothing_after_it()
    {
        using var theatre = new Theatre(limits: new HlsLimits { OldPathGrace = TimeSpan.FromHours(1) });
        var publisher = theatre.Stage.Publish();
        theatre.Stage.Play(publisher, Sample.H264Aac.Take(300));
        var before = theatre.Read();
        theatre.Origin.Rekey("path2");
        var hinted = theatre.FetchAsync(before.Hint!).AsTask();
        theatre.Stage.Play(publisher, Sample.H264Aac.Skip(300));
        Assert.Equal(200, (await hinted).Status);
        Assert.All(Uris(before), uri => Assert.Equal(200, theatre.Fetch(uri).Status));
        var later = Uris(theatre.Read()).Where(uri => !Uris(before).Append(before.Hint).Contains(Old(uri))).ToList();
        Assert.NotEmpty(later);
        Assert.All(later, uri => Assert.Equal((200, 404), (theatre.Fetch(uri).Status, theatre.Fetch(Old(uri)).Status)));

        static string Old(string uri) => uri.Replace("path2", "path1", StringComparison.Ordinal);

        static List<string> Uris(Playlist playlist) =>
            [.. playlist.Segments.SelectMany(segment => segment.Parts.Select(part => part.Uri).Append(segment.Uri)).OfType<string>()];
    }

    [Fact]
    public async Task A_hinted_part_does_not_come_by_a_path_that_was_replaced_while_it_was_awaited()
    {
        using var theatre = new Theatre();
        var publisher = theatre.Stage.Publish();
        theatre.Stage.Play(publisher, Sample.H264Aac.Take(300));
        var hinted = theatre.FetchAsync(theatre.Read().Hint!).AsTask();
        theatre.Origin.Rekey("path2");
        theatre.Stage.Clock.Advance(TimeSpan.FromSeconds(1));
        theatre.Stage.Play(publisher, Sample.H264Aac.Skip(300).Take(100));
        Assert.Equal(404, (await hinted).Status);
    }

    [Fact]
    public void The_gzip_form_is_the_same_text()
    {
        using var theatre = new Theatre();
        theatre.Stage.Play(theatre.Stage.Publish(), Long.Take(1500));
        var plain = theatre.Ask("main.m3u8");
        var zipped = theatre.Ask("main.m3u8", gzip: true);
        Assert.Equal("gzip", zipped.ContentEncoding);
        Assert.Equal(Theatre.Text(plain), Theatre.Text(zipped));
        Assert.True(zipped.ContentLength < plain.ContentLength / 3);
    }

    [Fact]
    public void After_a_restart_the_numbers_go_on_and_file_names_do_not_come_again()
    {
        using var first = new Theatre();
        first.Stage.Play(first.Stage.Publish(), Sample.H264Aac);
        var before = first.Read();
        using var second = new Theatre(new ResumePoint(8_000_000, 4, 1));
        second.Stage.Play(second.Stage.Publish(), Sample.H264Aac);
        var after = second.Read();
        Assert.Equal((4, 1), (after.MediaSequence, after.DiscontinuitySequence));
        Assert.Empty(after.Segments.Select(s => s.Uri).Intersect(before.Segments.Select(s => s.Uri).Where(uri => uri is not null)));
        Assert.Equal(404, second.Fetch(before.Segments[^2].Uri!).Status);
        Assert.Equal(before.Segments[0].Map, after.Segments[0].Map);
    }

    [Fact]
    public void Sound_alone_makes_one_rendition()
    {
        using var theatre = new Theatre();
        theatre.Stage.Play(theatre.Stage.Publish(), Sample.AacOnly);
        var lines = M3u8Reader.Read(Theatre.Text(theatre.Ask("index.m3u8")));
        Assert.Equal("main.m3u8?ticket=T", Assert.Single(lines, line => line.IsUri).Value);
        Assert.Equal(404, theatre.Ask("audio.m3u8").Status);
        var playlist = theatre.Read();
        Assert.Null(playlist.Report);
        Assert.True(playlist.Segments.Count >= 2);
    }

    [Fact]
    public async Task Thousands_of_blocked_reloads_share_one_rendering()
    {
        using var theatre = new Theatre();
        var publisher = theatre.Stage.Publish();
        theatre.Stage.Play(publisher, Sample.H264Aac.Take(300));
        var next = theatre.Read().Segments[^1];
        var asked = Enumerable.Range(0, 5000).Select(i => theatre.AskAsync("main.m3u8", $"{next.Number}", $"{next.Parts.Count}").AsTask()).ToList();
        Assert.DoesNotContain(asked, task => task.IsCompleted);
        theatre.Stage.Play(publisher, Sample.H264Aac.Skip(300).Take(25));
        var answers = await Task.WhenAll(asked);
        Assert.All(answers, answer => Assert.Equal(200, answer.Status));
        Assert.InRange(answers.Select(answer => answer.Body[0]).Distinct().Count(), 1, 2);
    }

    [Fact]
    public async Task A_viewer_who_is_cut_while_a_reload_waits_gets_nothing()
    {
        using var theatre = new Theatre();
        theatre.Stage.Play(theatre.Stage.Publish(), Sample.H264Aac.Take(300));
        using var cut = new CancellationTokenSource();
        var asked = theatre.AskAsync("main.m3u8", $"{theatre.Read().Segments[^1].Number + 1}", cancellation: cut.Token).AsTask();
        await cut.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asked);
    }

    [Fact]
    public void Memory_stays_within_its_bound_and_three_target_durations_stay_listed()
    {
        using var theatre = new Theatre(limits: new HlsLimits { MaxBytes = 100_000 });
        theatre.Stage.Play(theatre.Stage.Publish(), Long);
        var playlist = theatre.Read();
        Assert.InRange(playlist.Segments.Sum(segment => segment.Duration ?? 0), 3 * playlist.Target, 5 * playlist.Target);
        Assert.Equal(404, theatre.Fetch($"m/path1/main/{playlist.Segments[0].Uri!.Split('/')[3].Split('-')[0]}-{playlist.MediaSequence - 3}.m4s").Status);
    }

    private static List<SourceFrame> Loop(IReadOnlyList<SourceFrame> frames, int times)
    {
        // 4 s of it are two whole GOPs; audio and video of them end together within a frame.
        const long Length = 8_000_000;
        var one = frames.Where(frame => frame.Dts >= 55_000 && frame.Dts < Length + 55_000 || frame.Dts == 0).ToList();
        return [.. Enumerable.Range(0, times).SelectMany(i => one.Select(f => f with { Dts = f.Dts + (i * Length), Pts = f.Pts + (i * Length) }))];
    }
}
