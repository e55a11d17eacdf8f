using System.Text.Json;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Weir.EndToEnd.Harness;

/// <summary>What people do in chats, by hand, in their windows.</summary>
internal static class ChatSeats
{
    public static async Task SignInAsync(this Seat seat, WeirServer server, string handle)
    {
        await seat.GoAsync($"{server.Url}/sign-in");
        await seat.TypeAsync("handle", handle);
        await seat.TypeAsync("password", Api.Password);
        await seat.ClickAsync("submit");
        await Expect(seat.Find("chats")).ToBeVisibleAsync();
    }

    public static ILocator Chat(this Seat seat, string name) => seat.Page.Locator($"[data-testid=chat][data-name='{name}']");

    public static async Task OpenChatAsync(this Seat seat, string name)
    {
        await seat.Chat(name).ClickAsync();
        await Expect(seat.Find("message-text")).ToBeVisibleAsync();
    }

    public static async Task WriteAsync(this Seat seat, string text)
    {
        await seat.TypeAsync("message-text", text);
        await seat.Find("message-text").PressAsync("Enter");
    }

    public static ILocator Message(this Seat seat, string text) => seat.Find("message").Filter(new() { HasText = text });

    public static Task SeesAsync(this Seat seat, string text) => Expect(seat.Message(text)).ToBeVisibleAsync();

    public static Task SentAsync(this Seat seat, string text) => Expect(seat.Message(text)).ToHaveAttributeAsync("data-status", "sent");

    /// <summary>Right click on a message, and a choice of the menu.</summary>
    public static async Task ChooseAsync(this Seat seat, string message, string choice)
    {
        await seat.Message(message).Locator("[data-message]").ClickAsync(new() { Button = MouseButton.Right });
        await seat.ClickAsync(choice);
    }

    /// <summary>The words of all messages on the page, in the order in which they stand there.</summary>
    public static async Task<IReadOnlyList<string>> TextsAsync(this Seat seat) =>
        await seat.Page.EvaluateAsync<string[]>("() => [...document.querySelectorAll('[data-testid=message] .text')].map((one) => one.textContent)");

    /// <summary>These and no others of theirs stand on the page, each once and in this order.</summary>
    public static Task ShowsInOrderAsync(this Seat seat, string prefix, IReadOnlyList<string> wanted) => Eventually.TrueAsync(
        $"{seat.Name} sees {string.Join(", ", wanted)} once and in order",
        Eventually.Patience,
        async () => (await seat.TextsAsync()).Where(text => text.StartsWith(prefix, StringComparison.Ordinal)).SequenceEqual(wanted));

    public static async Task<string> DirectAsync(this Api api, string handle) =>
        (await api.PostAsync("/api/conversations", new { members = new[] { handle } })).GetProperty("id").GetString()!;

    public static Task<JsonElement> TellAsync(this Api api, string conversation, string text) =>
        api.PostAsync($"/api/conversations/{conversation}/messages", new { clientId = Guid.NewGuid().ToString("N"), text });
}
