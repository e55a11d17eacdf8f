using System.Net;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Weir.Social.Search;

namespace Weir.Social.Tests.Search;

/// <summary>What tests do with searches.</summary>
internal static class Searching
{
    public static SearchIndexer Indexer(this Server server) => server.Plane.App.Services.GetRequiredService<SearchIndexer>();

    public static async Task<JsonElement> SearchAsync(this Someone one, string query, string more = "") =>
        (await one.GetAsync($"/api/search?q={Uri.EscapeDataString(query)}{more}")).Is(HttpStatusCode.OK).Json;

    /// <summary>The hits of one kind.</summary>
    public static List<JsonElement> Of(this JsonElement answer, string kind) =>
        [.. answer.GetProperty("groups").EnumerateArray().Where(g => g.GetProperty("kind").GetString() == kind).SelectMany(g => g.GetProperty("hits").EnumerateArray())];

    /// <summary>What was found of one kind, in words: a title, or the snippet.</summary>
    public static async Task<List<string>> FindAsync(this Someone one, string kind, string query, string more = "") =>
        [.. (await one.SearchAsync(query, $"&kinds={kind}{more}")).Of(kind).Select(hit => (hit.GetProperty("snippet").ValueKind == JsonValueKind.Null ? hit.GetProperty("title") : hit.GetProperty("snippet")).GetProperty("text").GetString()!)];
}
