using Microsoft.Playwright;
using Weir.EndToEnd.Harness;
using static Microsoft.Playwright.Assertions;

namespace Weir.EndToEnd;

/// <summary>A newcomer's first minute: whoever of the demo's people they choose, each half of the product is one tap away and has something in it.</summary>
public sealed class DemoStory(DemoServer demo) : IClassFixture<DemoServer>
{
    private const string Seen =
        """
        async () => {
          const read = async (path) => (await fetch(`/api${path}`)).json();
          const [me, { conversations }] = await Promise.all([read('/me'), read('/conversations')]);
          const seen = await Promise.all(conversations.map(async ({ id, kind }) => {
            const messages = await read(`/conversations/${id}/messages?limit=200`);
            const mine = messages.filter((one) => one.sender.id === me.id).length;
            const shown = messages.filter((one) => one.card?.kind === 'broadcast').map((one) => fetch(`/api/broadcasts/${one.card.id}`));
            const cards = (await Promise.all(shown)).map((answer) => (answer.ok ? 'card' : 'nothing'));
            return [mine >= 2 && messages.length - mine >= 2 ? kind : 'quiet', ...cards];
          }));
          return seen.flat();
        }
        """;

    private static readonly string[] Expected = ["direct", "group", "card"];
    private readonly WeirServer _server = demo.Server;

    public static TheoryData<string, int, int> Visits()
    {
        var visits = new TheoryData<string, int, int>();
        foreach (var handle in (string[])["lin", "tom", "zhang_wei", "aisha", "max"])
        {
            visits.Add(handle, 390, 844);
            visits.Add(handle, 1280, 800);
        }

        return visits;
    }

    [Theory]
    [MemberData(nameof(Visits))]
    public async Task Each_half_is_one_tap_from_where_one_lands(string handle, int width, int height)
    {
        await using var chromium = await Chromium.StartAsync();
        var seat = await chromium.SeatAsync(handle, width, height);
        await chromium.TellAsync(() => LookAsync(seat, handle), () => _server.Output);
        Assert.Empty(seat.Complaints());
    }

    [Theory]
    [InlineData("en-GB")]
    [InlineData("zh-CN")]
    public async Task The_sign_in_page_says_what_each_person_will_see(string language)
    {
        await using var chromium = await Chromium.StartAsync();
        var seat = await chromium.SeatAsync("newcomer", 390, 844, language: language);
        await seat.GoAsync(_server.Url);
        var people = seat.Page.Locator("[data-testid^=demo-]");
        await Expect(people).ToHaveCountAsync(5);
        await Expect(people.First).ToHaveAttributeAsync("data-testid", "demo-tom");
        var lines = await people.Locator("small").AllInnerTextsAsync();
        Assert.Equal(5, lines.Where(line => line.Length > 5).Distinct().Count());
    }

    private async Task LookAsync(Seat seat, string handle)
    {
        await seat.GoAsync(_server.Url);
        await seat.ClickAsync($"demo-{handle}");
        await ChatsAsync(seat);
        await TapAsync(seat, "nav-live");
        await Expect(seat.Find("live-now").Locator("[data-testid=broadcast][data-state=live]").First).ToBeVisibleAsync();
        await Expect(seat.Find("replays").GetByTestId("broadcast").Filter(new() { HasText = "3 comments" }).First).ToBeVisibleAsync();
        await TapAsync(seat, "nav-moments");
        // Everybody knows Tom, and so sees what he answered.
        var moment = seat.Find("moment").Filter(new() { HasText = "A day by the river" });
        await Expect(moment.GetByTestId("pictures").Locator("img")).ToHaveCountAsync(3);
        await Expect(moment.GetByTestId("moment-comment").Filter(new() { HasText = "The old 35 mm" })).ToBeVisibleAsync();
        await TapAsync(seat, "to-search");
        await Eventually.TrueAsync("the index has the demo", Eventually.Patience, async () =>
            await seat.Page.EvaluateAsync<bool>("async () => (await (await fetch('/api/search?q=river')).text()).includes('River Gauge')"));
        await seat.TypeAsync("search-text", "river");
        await Expect(seat.Find("hit").First).ToBeVisibleAsync();
        await TapAsync(seat, seat.Page.ViewportSize!.Width < 900 ? "to-accounts" : "nav-accounts");
        await seat.Page.Locator("[data-testid=inbox-entry][data-handle=river_gauge]").GetByTestId("article").ClickAsync();
        await Expect(seat.Page.GetByRole(AriaRole.Heading, new() { Level = 1 }).First).ToContainTextAsync("A week at the old weir");
        await Expect(seat.Page.GetByRole(AriaRole.Img, new() { Name = "The river at noon" })).ToBeVisibleAsync();
    }

    /// <summary>One-to-one and in a group, each with both sides speaking, and a card of a broadcast; no card leads to nothing.</summary>
    private static async Task ChatsAsync(Seat seat)
    {
        await Expect(seat.Find("chat").First).ToBeVisibleAsync();
        await Eventually.TrueAsync($"{seat.Name} has lively chats", Eventually.Patience, async () =>
        {
            var seen = await seat.Page.EvaluateAsync<string[]>(Seen);
            return !seen.Contains("nothing") && Expected.All(seen.Contains);
        });
    }

    /// <summary>From where one lands.</summary>
    private async Task TapAsync(Seat seat, string testId)
    {
        await seat.GoAsync(_server.Url);
        await seat.ClickAsync(testId);
    }
}
