using System.Text.Json;
using Weir.Bench.Servers;

namespace Weir.Bench.Reads;

/// <summary>Somebody with two friends, three conversations, moments of theirs, notices and a broadcast to watch; and somebody who has nothing yet.</summary>
internal sealed class World
{
    private const string Password = "a quiet river at dawn";
    private const int Messages = 40;
    private const int Moments = 24;

    public required string Reader { get; init; }

    /// <summary>A friend of the reader.</summary>
    public required string Friend { get; init; }

    /// <summary>The conversation with the most messages, of these two.</summary>
    public required string Conversation { get; init; }

    public required IReadOnlyList<Question> Questions { get; init; }

    public static async Task<World> MakeAsync(WeirServer weir)
    {
        var people = new List<(string Handle, string Token)>();
        foreach (var handle in new[] { "reader", "friend", "other", "newcomer" })
        {
            var code = Text(await weir.PostAsync("/api/invitations", new { }), "code");
            var made = await weir.PostAsync("/api/accounts", new { invitation = code, handle, name = $"The {handle}", password = Password });
            people.Add((handle, Text(made, "token")));
        }

        var (reader, friend, other, newcomer) = (people[0].Token, people[1].Token, people[2].Token, people[3].Token);
        foreach (var (asking, asked, accepting) in new[] { (reader, "friend", friend), (reader, "other", other), (friend, "other", other) })
        {
            var request = Text(await weir.PostAsync("/api/friend-requests", new { handle = asked }, asking), "id");
            await weir.PostAsync($"/api/friend-requests/{request}/accept", new { }, accepting);
        }

        var one = Text(await weir.PostAsync("/api/conversations", new { members = new[] { "friend" } }, reader), "id");
        var two = Text(await weir.PostAsync("/api/conversations", new { members = new[] { "other" } }, reader), "id");
        var group = Text(await weir.PostAsync("/api/conversations", new { members = new[] { "friend", "other" }, name = "Three of us" }, reader), "id");
        for (var i = 0; i < Messages; i++)
        {
            await SayAsync(weir, one, i % 2 == 0 ? friend : reader, i);
        }

        await SayAsync(weir, two, other, 1);
        await SayAsync(weir, group, friend, 2);
        for (var i = 0; i < Moments; i++)
        {
            var moment = Text(await weir.PostAsync(
                "/api/moments", new { text = $"What happened today, number {i}", audience = new { kind = "friends" } }, i % 3 == 0 ? reader : i % 3 == 1 ? friend : other), "id");
            if (i % 3 == 0)
            {
                await weir.PutAsync($"/api/moments/{moment}/like", friend);
                await weir.PostAsync($"/api/moments/{moment}/comments", new { clientId = $"c{i}", text = "I was there too" }, other);
            }
        }

        var broadcast = (await weir.AnnounceAsync()).GetProperty("id").GetString()!;
        await weir.TicketAsync(broadcast, reader);
        return new World
        {
            Reader = reader,
            Friend = friend,
            Conversation = one,
            Questions =
            [
                new("GET /api/me", "GET", "/api/me", reader),
                new("three conversations", "GET", "/api/conversations", reader, 0.7, 2),
                new("a page of 20 messages", "GET", $"/api/conversations/{one}/messages?before={Messages}&limit=20", reader, 0.5, 1.4),
                new("moments, none", "GET", "/api/moments", newcomer, 0.7, 2),
                new("moments, 20", "GET", "/api/moments?limit=20", reader, 0.7, 2),
                new("unread notices", "GET", "/api/notifications/unread", reader),
                new("a ticket of somebody admitted", "POST", $"/api/broadcasts/{broadcast}/tickets", reader, Most: 900),
                new("GET /health/ready", "GET", "/health/ready", null, 0.15, 0.5, Most: 2000),
            ],
        };
    }

    public static Task<JsonElement> SayAsync(WeirServer weir, string conversation, string token, int number) =>
        weir.PostAsync($"/api/conversations/{conversation}/messages", new { clientId = $"m{number}", text = $"Message {number}, and what people write to each other in one line" }, token);

    private static string Text(JsonElement from, string name) => from.GetProperty(name).GetString()!;
}
