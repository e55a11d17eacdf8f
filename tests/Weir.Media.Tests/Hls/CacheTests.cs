using Weir.Media.Hls;
using Weir.Media.Tests.Cmaf;
using Weir.Media.Tests.Mp4;

namespace Weir.Media.Tests.Hls;

/// <summary>What shared caches are told: they must collapse requests, and must not outlive a cut by much.</summary>
public sealed class CacheTests
{
    [Fact]
    public void Media_is_for_every_cache_and_for_as_long_as_a_playlist_names_it()
    {
        using var theatre = new Theatre(limits: new HlsLimits { PlaylistTargets = 7 });
        theatre.Stage.Play(theatre.Stage.Publish(), Sample.H264Aac.Take(400));
        var playlist = theatre.Read();
        Assert.Equal(2, playlist.Target);
        var segment = playlist.Segments[0];
        foreach (var uri in new[] { segment.Map!, segment.Uri!, segment.Parts[0].Uri })
        {
            Assert.Equal("public, max-age=14, immutable", theatre.Fetch(uri).CacheControl);
        }

        Assert.Equal("no-store", theatre.Fetch("m/path2" + segment.Uri![segment.Uri!.LastIndexOf("/main/", StringComparison.Ordinal)..]).CacheControl);
    }

    [Theory]
    [InlineData("index.m3u8", false, "public, max-age=1")]
    [InlineData("main.m3u8", false, "public, max-age=1")]
    [InlineData("main.m3u8", true, "public, max-age=6")]
    [InlineData("audio.m3u8", true, "public, max-age=6")]
    public async Task Playlists_are_for_caches_only_where_anybody_may_watch_and_none_is_one_viewers_own(string name, bool blocking, string whenPublic)
    {
        using var theatre = new Theatre();
        theatre.Stage.Play(theatre.Stage.Publish(), Sample.H264Aac.Take(400));
        var directives = blocking ? new HlsDirectives($"{theatre.Read().Segments[0].Number}", "0", null) : default;
        foreach (var (open, ticket, expected) in new[] { (true, null, whenPublic), (true, "T", "private, no-store"), (false, null, "private, no-store") })
        {
            var answer = await theatre.Origin.PlaylistAsync(new HlsPlaylistRequest(name, directives, ticket, AcceptsGzip: false, open), TestContext.Current.CancellationToken);
            Assert.Equal((200, expected), (answer.Status, answer.CacheControl));
        }
    }

    [Theory]
    [InlineData("index.m3u8")]
    [InlineData("main.m3u8")]
    [InlineData("audio.m3u8")]
    public async Task What_has_no_ticket_in_its_address_has_none_inside(string name)
    {
        using var theatre = new Theatre();
        theatre.Stage.Play(theatre.Stage.Publish(), Sample.H264Aac.Take(400));
        Assert.Contains("?ticket=T", Theatre.Text(theatre.Ask(name)));
        var answer = await theatre.Origin.PlaylistAsync(new HlsPlaylistRequest(name, default, null, AcceptsGzip: false, IsPublic: true), TestContext.Current.CancellationToken);
        Assert.DoesNotContain("ticket", Theatre.Text(answer));
    }
}
