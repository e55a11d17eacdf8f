using System.Text.RegularExpressions;
using Weir.EndToEnd.Harness;
using static Microsoft.Playwright.Assertions;

namespace Weir.EndToEnd;

public sealed class AwayStory : TwoPeople
{
    private const int Count = 450;

    [Fact]
    public Task Whoever_was_away_for_long_gets_everything_in_order() => WithAsync(async (stage, chromium) =>
    {
        var (host, friend) = await MeetAsync(stage, chromium);
        await host.WriteAsync("see you");
        await friend.SeesAsync("see you");
        await friend.Page.Context.SetOfflineAsync(true);
        var conversation = await stage.Host.DirectAsync("friend");
        for (var number = 1; number <= Count; number++)
        {
            await stage.Host.TellAsync(conversation, $"line {number}");
        }

        await friend.Page.Context.SetOfflineAsync(false);
        await Expect(friend.Find("messages")).ToHaveAttributeAsync("data-last", new Regex($"^{Count + 1}$"));

        await EdgeAsync(friend);

        // Up to the very first and all the way back, most of a screen at a time: each once, in order, none missing. The network is slower than the reader, who
        // stands at an edge until the next page is there, and goes on from where they were.
        await friend.Page.RouteAsync("**/messages?*", async route =>
        {
            await Task.Delay(TimeSpan.FromMilliseconds(700));
            await route.ContinueAsync();
        });
        var read = new SortedDictionary<int, string>();
        await WalkAsync(friend, read, up: true, until: 1);
        await WalkAsync(friend, read, up: false, until: Count + 1);
        Assert.Equal(Enumerable.Range(1, Count + 1), read.Keys);
        Assert.Equal(Enumerable.Range(1, Count).Select(number => $"line {number}"), read.Values.Skip(1));
        await friend.Page.UnrouteAllAsync();

        // New messages do not move whoever reads old ones; the pill leads to them.
        await friend.Find("messages").EvaluateAsync("(box) => box.scrollTop -= 3000");
        await Expect(friend.Find("to-newest")).ToBeVisibleAsync();
        await host.WriteAsync("are you there?");
        await Expect(friend.Find("to-newest")).ToContainTextAsync("1 new message");
        await friend.ClickAsync("to-newest");
        await Expect(friend.Message("are you there?")).ToBeInViewportAsync();
        NothingToComplain(host, friend);
    });

    /// <summary>At the upper edge, where nothing scrolls any more: what did not come is told, and comes by itself with the network.</summary>
    private static async Task EdgeAsync(Seat seat)
    {
        var (messages, failed) = (seat.Find("messages"), seat.Find("edge-failed"));
        await seat.Page.Context.SetOfflineAsync(true);
        await messages.EvaluateAsync("(box) => box.scrollTop = 0");
        await Expect(failed).ToBeVisibleAsync();
        var first = await messages.GetAttributeAsync("data-first");
        await seat.Page.Context.SetOfflineAsync(false);
        await Expect(messages).Not.ToHaveAttributeAsync("data-first", first!);

        await seat.ClickAsync("to-newest");
        await Expect(messages).ToHaveAttributeAsync("data-last", new Regex($"^{Count + 1}$"));
    }

    /// <summary>Scrolls to one end of the conversation and notes every message that was on the screen; none may be left out on the way.</summary>
    private static async Task WalkAsync(Seat seat, SortedDictionary<int, string> read, bool up, int until)
    {
        (int First, int Last)? before = null;
        await Eventually.TrueAsync(
            $"{seat.Name} reaches message {until}",
            Eventually.Patience,
            async () =>
            {
                var shown = await seat.Page.EvaluateAsync<string[][]>(
                    """
                    (step) => {
                      const box = document.querySelector('[data-testid=messages]');
                      const edge = box.getBoundingClientRect();
                      const shown = [...box.querySelectorAll('[data-testid=message]')]
                        .filter((one) => one.getBoundingClientRect().bottom > edge.top && one.getBoundingClientRect().top < edge.bottom)
                        .map((one) => [one.dataset.seq, one.querySelector('.text').textContent]);
                      box.scrollTop += step * box.clientHeight;
                      return shown;
                    }
                    """,
                    up ? -0.8 : 0.8);
                var numbers = shown.Select(one => int.Parse(one[0], System.Globalization.CultureInfo.InvariantCulture)).ToList();
                Assert.Equal(Enumerable.Range(numbers[0], numbers.Count), numbers);
                Assert.True(before is not { } seen || (numbers[0] <= seen.Last && numbers[^1] >= seen.First), $"From {before} to {numbers[0]} to {numbers[^1]}: what is between was not seen.");
                before = (numbers[0], numbers[^1]);
                foreach (var (number, text) in numbers.Zip(shown, (number, one) => (number, one[1])))
                {
                    read[number] = text;
                }

                return numbers.Contains(until);
            });
    }
}
