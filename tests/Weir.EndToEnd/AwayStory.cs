using System.Text.RegularExpressions;
using Weir.EndToEnd.Harness;
using static Microsoft.Playwright.Assertions;

namespace Weir.EndToEnd;

public sealed class AwayStory : TwoPeople
{
    [Fact]
    public Task Whoever_was_away_for_long_gets_everything_in_order() => WithAsync(async (stage, chromium) =>
    {
        const int Count = 450;
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

        // Up to the very first and all the way back, a screen at a time: each once, in order, none missing.
        var read = new SortedDictionary<int, string>();
        await WalkAsync(friend, read, up: true, until: 1);
        await WalkAsync(friend, read, up: false, until: Count + 1);
        Assert.Equal(Enumerable.Range(1, Count + 1), read.Keys);
        Assert.Equal(Enumerable.Range(1, Count).Select(number => $"line {number}"), read.Values.Skip(1));

        // New messages do not move whoever reads old ones; the pill leads to them.
        await friend.Find("messages").EvaluateAsync("(box) => box.scrollTop -= 3000");
        await Expect(friend.Find("to-newest")).ToBeVisibleAsync();
        await host.WriteAsync("are you there?");
        await Expect(friend.Find("to-newest")).ToContainTextAsync("1 new message");
        await friend.ClickAsync("to-newest");
        await Expect(friend.Message("are you there?")).ToBeInViewportAsync();
        NothingToComplain(host, friend);
    });

    /// <summary>Scrolls to one end of the conversation and notes every message on the way.</summary>
    private static async Task WalkAsync(Seat seat, SortedDictionary<int, string> read, bool up, int until) => await Eventually.TrueAsync(
        $"{seat.Name} reaches message {until}",
        TimeSpan.FromSeconds(90),
        async () =>
        {
            var shown = await seat.Page.EvaluateAsync<string[][]>(
                """
                (step) => {
                  const box = document.querySelector('[data-testid=messages]');
                  const shown = [...box.querySelectorAll('[data-testid=message]')].map((one) => [one.dataset.seq, one.querySelector('.text').textContent]);
                  box.scrollTop += step * box.clientHeight;
                  return shown;
                }
                """,
                up ? -1 : 1);
            var numbers = shown.Select(one => int.Parse(one[0], System.Globalization.CultureInfo.InvariantCulture)).ToList();
            Assert.Equal(numbers.Count == 0 ? [] : Enumerable.Range(numbers[0], numbers.Count), numbers);
            foreach (var (number, text) in numbers.Zip(shown, (number, one) => (number, one[1])))
            {
                read[number] = text;
            }

            return numbers.Contains(until);
        });
}
