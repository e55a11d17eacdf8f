using System.Net;

namespace Weir.Social.Tests;

/// <summary>What people do in conversations.</summary>
internal static class Talking
{
    public static async Task<string> TalkAsync(this Someone one, Someone other) =>
        (await one.PostAsync("/api/conversations", new { members = new[] { other.Handle } })).Is(HttpStatusCode.Created).Text("id");

    public static Task<Answer> SayAsync(this Someone one, string conversation, string? text, string? clientId = null) =>
        one.PostAsync($"/api/conversations/{conversation}/messages", new { clientId = clientId ?? Guid.NewGuid().ToString(), text });

    /// <summary>Everything after a number, page by page.</summary>
    public static async Task<List<(long Seq, string Text)>> CatchUpAsync(this Someone one, string conversation, long after, int limit)
    {
        var all = new List<(long, string)>();
        while (true)
        {
            var page = (await one.GetAsync($"/api/conversations/{conversation}/messages?after={after}&limit={limit}")).Is(HttpStatusCode.OK).Json.EnumerateArray()
                .Select(m => (m.GetProperty("seq").GetInt64(), m.GetProperty("text").GetString()!)).ToList();
            if (page.Count == 0)
            {
                return all;
            }

            all.AddRange(page);
            after = page[^1].Item1;
        }
    }
}
