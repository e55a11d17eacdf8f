using System.Net;
using System.Text.Json;

namespace Weir.Social.Tests.Moments;

/// <summary>What people do with moments.</summary>
internal static class Posting
{
    public static async Task<string> PostMomentAsync(this Someone one, string text, object? audience = null) =>
        (await one.PostAsync("/api/moments", new { text, audience = audience ?? new { kind = "friends" } })).Is(HttpStatusCode.Created).Text("id");

    public static async Task<List<JsonElement>> FeedAsync(this Someone one, string query = "") =>
        [.. (await one.GetAsync($"/api/moments{query}")).Is(HttpStatusCode.OK).Json.EnumerateArray()];

    public static async Task<JsonElement> MomentAsync(this Someone one, string id) => (await one.GetAsync($"/api/moments/{id}")).Is(HttpStatusCode.OK).Json;

    public static async Task<List<string>> CommentsAsync(this Someone one, string id) =>
        [.. (await one.MomentAsync(id)).GetProperty("comments").EnumerateArray().Select(c => c.GetProperty("text").GetString()!)];

    public static async Task<List<string>> LikesAsync(this Someone one, string id) =>
        [.. (await one.MomentAsync(id)).GetProperty("likes").EnumerateArray().Select(p => p.GetProperty("handle").GetString()!)];

    public static async Task<string> CommentAsync(this Someone one, string moment, string text, string? replyTo = null) =>
        (await one.PostAsync($"/api/moments/{moment}/comments", new { text, clientId = Guid.NewGuid().ToString(), replyTo })).Is(HttpStatusCode.Created).Text("id");

    public static async Task LikeAsync(this Someone one, string moment) => (await one.PutAsync($"/api/moments/{moment}/like")).Is(HttpStatusCode.NoContent);

    public static string Id(this JsonElement element) => element.GetProperty("id").GetString()!;
}
