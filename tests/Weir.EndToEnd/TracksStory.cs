using System.Net;
using System.Text.Json;
using Weir.EndToEnd.Harness;
using static Microsoft.Playwright.Assertions;

namespace Weir.EndToEnd;

/// <summary>Sound or pictures end, begin later and come back: playback goes on in every way, and in the replay.</summary>
[Collection(nameof(Timed))]
public sealed class TracksStory
{
    [Fact]
    public async Task Sound_that_ends_and_comes_back_stops_nobody()
    {
        await using var stage = await Stage.SetAsync();
        await using var chromium = await Chromium.StartAsync();
        await using var conversation = await RtcPage.OpenAsync(chromium, "friend by WebRTC");
        await chromium.TellAsync(
            async () =>
            {
                var broadcast = await stage.AnnounceAsync();
                var id = Stage.Text(broadcast, "id");
                await using var publisher = await stage.GoLiveAsync(broadcast, source: new Ffmpeg.Source(Muted: (12, 18)));
                await PlayAsync(conversation, stage, id);
                var seats = await WatchAsync(stage, chromium, id);

                // No player has anything to notice: each goes on in the source that it began with.
                foreach (var seat in seats)
                {
                    await seat.Page.EvaluateAsync("() => { window.source = document.querySelector('video').src; }");
                }

                await Eventually.TrueAsync("the sound has come back", Eventually.Patience, async () => await TimeAsync(seats[0]) > 21);
                foreach (var seat in seats)
                {
                    await seat.MovingPictureAsync();
                    var same = await seat.Page.EvaluateAsync<bool>("() => window.source === document.querySelector('video').src");
                    Assert.True(same, $"{seat.Name} began anew");
                }

                await conversation.MovingPictureAsync(() => stage.Server.Output);
                await HearsAsync(conversation);
                await ReplayAsync(stage, seats[1], id, [(10.5, 19.5)]);
                NothingToComplain(seats);
            },
            () => stage.Server.Output);
    }

    [Fact]
    public async Task Tracks_that_change_stop_nobody()
    {
        await using var stage = await Stage.SetAsync();
        await using var chromium = await Chromium.StartAsync();
        await using var conversation = await RtcPage.OpenAsync(chromium, "friend by WebRTC");
        await chromium.TellAsync(
            async () =>
            {
                var broadcast = await stage.AnnounceAsync();
                var id = Stage.Text(broadcast, "id");
                Seat[] seats = [];
                List<double> changes = [];
                foreach (var source in new Ffmpeg.Source[] { new(Sound: false), new(), new(Picture: false), new(), new(Sound: false) })
                {
                    await using var publisher = await stage.GoLiveAsync(broadcast, source: source);
                    if (seats.Length == 0)
                    {
                        await PlayAsync(conversation, stage, id);
                        seats = await WatchAsync(stage, chromium, id);
                    }

                    foreach (var seat in seats)
                    {
                        await GoesOnAsync(seat, source);
                    }

                    if (source.Picture)
                    {
                        await conversation.MovingPictureAsync(() => stage.Server.Output);
                    }

                    if (source.Sound)
                    {
                        await HearsAsync(conversation);
                    }

                    changes.Add(await TimeAsync(seats[0]));
                }

                var across = changes.Zip(changes.Skip(1), (from, to) => (from - 1.5, Math.Min(from + 4, to)));
                await ReplayAsync(stage, seats[1], id, [.. across]);
                NothingToComplain(seats);
            },
            () => stage.Server.Output);
    }

    /// <summary>By WebSocket, whose media time is the broadcast's, and by hls.js.</summary>
    private static async Task<Seat[]> WatchAsync(Stage stage, Chromium chromium, string id)
    {
        var first = await chromium.SeatAsync("friend by WebSocket");
        await first.SignInAsync(stage.Server, "friend");
        var second = await chromium.TabAsync(first, "friend by HLS");
        foreach (var (seat, way) in new[] { (first, "ws"), (second, "hls") })
        {
            await seat.GoAsync($"{stage.Server.Url}/b/{id}?player={way}");
            await seat.MovingPictureAsync();
            await Expect(seat.Player).ToHaveAttributeAsync("data-transport", way);
        }

        return [first, second];
    }

    private static async Task GoesOnAsync(Seat seat, Ffmpeg.Source source)
    {
        await Eventually.TrueAsync(
            $"{seat.Name} has {source}",
            Eventually.Patience,
            () => seat.Page.EvaluateAsync<bool>(
                """
                ([picture, sound]) => {
                  const video = document.querySelector('video');
                  const heard = video.webkitAudioDecodedByteCount > 0;
                  return !video.paused && (video.videoWidth > 0) === picture && heard === sound;
                }
                """,
                new[] { source.Picture, source.Sound }));
        if (source.Picture)
        {
            await seat.MovingPictureAsync();
            return;
        }

        var from = await TimeAsync(seat);
        await Eventually.TrueAsync(
            $"{seat.Name} hears more than at {from:0.00} s", Eventually.Patience, async () => await TimeAsync(seat) > from + 2);
    }

    /// <summary>The replay is played from each of these places to the other, and sought back to where other tracks are.</summary>
    private static async Task ReplayAsync(Stage stage, Seat seat, string id, (double From, double To)[] across)
    {
        await stage.Host.PostAsync($"/api/broadcasts/{id}/end", new { }, HttpStatusCode.NoContent);
        await Expect(seat.Player).ToHaveAttributeAsync("data-mode", "replay");
        await Eventually.TrueAsync("the replay has begun", Eventually.Patience, async () => await TimeAsync(seat) > 0.2);
        foreach (var (from, to) in across.Append(across[0]))
        {
            await seat.Page.EvaluateAsync("(at) => { document.querySelector('video').currentTime = at; }", Math.Max(0, from));
            await Eventually.TrueAsync(
                $"the replay goes on from {from:0.0} to {to:0.0} s",
                Eventually.Patience,
                async () => await TimeAsync(seat) is var now && now > to && now < to + 30,
                () => stage.Server.Output);
        }

        await Expect(seat.Player).ToHaveAttributeAsync("data-transport", "hls");
    }

    private static async Task HearsAsync(RtcPage page)
    {
        var before = Packets(await page.StateAsync());
        await Eventually.TrueAsync(
            "sound arrives by WebRTC", Eventually.Patience, async () => Packets(await page.StateAsync()) > before + 50);

        static int Packets(JsonElement state) =>
            state.TryGetProperty("audio", out var audio) ? audio.GetProperty("packets").GetInt32() : 0;
    }

    private static async Task PlayAsync(RtcPage page, Stage stage, string id) =>
        Assert.Equal(201, await page.PlayAsync(Stage.Text(await Stage.WatchAsync(stage.Friend, id), "whep")));

    private static Task<double> TimeAsync(Seat seat) =>
        seat.Page.EvaluateAsync<double>("() => document.querySelector('video').currentTime");

    private static void NothingToComplain(Seat[] seats)
    {
        foreach (var seat in seats)
        {
            Assert.True(seat.Complaints().Count == 0, $"{seat.Name}'s console:\n{string.Join("\n", seat.Complaints())}");
        }
    }
}
