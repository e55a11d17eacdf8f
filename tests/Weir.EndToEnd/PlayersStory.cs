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

    [Fact]
    public async Task Bare_pages_play()
    {
        await using var stage = await Stage.SetAsync();
        var broadcast = await stage.AnnounceAsync();
        var id = Stage.Text(broadcast, "id");
        await using var publisher = await stage.GoLiveAsync(broadcast);

        // A running broadcast, not its first seconds: a player that joins those has nothing to buffer yet.
        await Eventually.TrueAsync("the broadcast has run for ten seconds", Eventually.Patience, async () =>
            DateTimeOffset.UtcNow - (await stage.Host.GetAsync($"/api/broadcasts/{id}")).GetProperty("startedAt").GetDateTimeOffset() > TimeSpan.FromSeconds(10));
        await PlaysAsync(stage, id, "hls.js/dist/hls.min.js", "hls", Hls);
        await PlaysAsync(stage, id, "mpegts.js/dist/mpegts.js", "flv", Flv);
    }

    private static async Task PlaysAsync(Stage stage, string broadcast, string library, string outlet, string player)
    {
        var url = Stage.Text(await Stage.WatchAsync(stage.Friend, broadcast), outlet);
        await using var chromium = await Chromium.StartAsync();
        var seat = await chromium.SeatAsync(library);
        var script = await File.ReadAllTextAsync(Path.Combine(Root.Path, "web", "node_modules", library));

        await using var page = await BarePage.ServeAsync("<video muted autoplay></video>");
        await seat.Page.GotoAsync(page.Url);
        await seat.Page.AddScriptTagAsync(new() { Content = script });
        await seat.Page.EvaluateAsync(
            $$"""
            (url) => {
              window.complaints = [];
              const video = document.querySelector('video');
              {{player}}
            }
            """,
            url);

        // Five seconds of picture: more than any buffer it could begin with.
        await Eventually.TrueAsync(
            "five seconds of the broadcast have been played",
            Eventually.Patience,
            async () => await seat.Page.EvaluateAsync<double>("() => { const p = document.querySelector('video').played; let t = 0; for (let i = 0; i < p.length; i++) t += p.end(i) - p.start(i); return t; }") > 5,
            () => stage.Server.Output);
        // A picture that stands for a moment is a machine that encodes, serves and decodes no faster; anything else is a fault of what was sent.
        Assert.DoesNotContain(await seat.Page.EvaluateAsync<string[]>("() => window.complaints"), complaint => !complaint.Contains("Stall", StringComparison.Ordinal));
        Assert.Empty(seat.Complaints());
    }
}
