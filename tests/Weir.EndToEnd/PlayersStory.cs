using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Weir.EndToEnd.Harness;

namespace Weir.EndToEnd;

/// <summary>Players that nobody here wrote, each on a page with nothing else, play what Weir sends without a complaint.</summary>
[Collection(nameof(Timed))]
public sealed class PlayersStory
{
    private static readonly string Hls =
        """
        const hls = new Hls({ lowLatencyMode: true });
        hls.on(Hls.Events.ERROR, (_, data) => window.complaints.push(`${data.type} ${data.details}`));
        hls.loadSource(url);
        hls.attachMedia(video);
        """;

    private static readonly string Flv =
        """
        mpegts.LoggingControl.enableAll = false;
        const player = mpegts.createPlayer({ type: 'flv', isLive: true, url });
        player.on(mpegts.Events.ERROR, (type, detail) => window.complaints.push(`${type} ${detail}`));
        player.attachMediaElement(video);
        player.load();
        """;

    [Theory]
    [InlineData("hls.js/dist/hls.min.js", "hls")]
    [InlineData("mpegts.js/dist/mpegts.js", "flv")]
    public async Task A_bare_page_plays(string library, string outlet)
    {
        await using var stage = await Stage.SetAsync();
        var broadcast = await stage.AnnounceAsync();
        await using var publisher = await stage.GoLiveAsync(broadcast);
        var url = Stage.Text(await Stage.WatchAsync(stage.Friend, Stage.Text(broadcast, "id")), outlet);

        // A running broadcast, not its first seconds: a player that joins those has nothing to buffer yet.
        await Eventually.TrueAsync("the broadcast has run for ten seconds", Chromium.Patience, async () =>
            DateTimeOffset.UtcNow - (await stage.Host.GetAsync($"/api/broadcasts/{Stage.Text(broadcast, "id")}")).GetProperty("startedAt").GetDateTimeOffset() > TimeSpan.FromSeconds(10));
        await using var chromium = await Chromium.StartAsync();
        var seat = await chromium.SeatAsync(library);
        var script = await File.ReadAllTextAsync(Path.Combine(Root.Path, "web", "node_modules", library));

        // From a real address: a page that only the browser made up may not reach this machine's ports.
        await using var page = WebApplication.CreateSlimBuilder().Build();
        page.Urls.Add("http://127.0.0.1:0");
        page.MapGet("/", () => Results.Text("<!doctype html><link rel=icon href=data:,><video muted autoplay></video>", "text/html"));
        await page.StartAsync();
        await seat.Page.GotoAsync(page.Urls.First().Replace("127.0.0.1", "localhost"));
        await seat.Page.AddScriptTagAsync(new() { Content = script });
        await seat.Page.EvaluateAsync(
            $$"""
            (url) => {
              window.complaints = [];
              const video = document.querySelector('video');
              {{(outlet == "hls" ? Hls : Flv)}}
            }
            """,
            url);

        // Five seconds of picture: more than any buffer it could begin with.
        await Eventually.TrueAsync(
            "five seconds of the broadcast have been played",
            Chromium.Patience,
            async () => await seat.Page.EvaluateAsync<double>("() => { const p = document.querySelector('video').played; let t = 0; for (let i = 0; i < p.length; i++) t += p.end(i) - p.start(i); return t; }") > 5,
            () => stage.Server.Output);
        Assert.Empty(await seat.Page.EvaluateAsync<string[]>("() => window.complaints"));
        Assert.Empty(seat.Complaints());
    }
}
