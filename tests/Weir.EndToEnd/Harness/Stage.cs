using System.Net;
using System.Text.Json;

namespace Weir.EndToEnd.Harness;

/// <summary>A host, a friend in the host's circle and a stranger, on a server of their own.</summary>
internal sealed class Stage : IAsyncDisposable
{
    private Stage(WeirServer server, Api host, Api friend, Api stranger, string circle)
    {
        Server = server;
        Host = host;
        Friend = friend;
        Stranger = stranger;
        Circle = circle;
    }

    public WeirServer Server { get; }

    /// <summary>Handle <c>host</c>.</summary>
    public Api Host { get; }

    /// <summary>Handle <c>friend</c>; in <see cref="Circle"/>.</summary>
    public Api Friend { get; }

    /// <summary>Handle <c>stranger</c>; has an account and no friends.</summary>
    public Api Stranger { get; }

    public string Circle { get; }

    public static async Task<Stage> SetAsync(params string[] options)
    {
        var server = new WeirServer();
        try
        {
            await server.StartAsync(options);
            var host = await Api.SetUpAsync(server, "host", "Hanna Host");
            var friend = await host.InviteAsync("friend", "小明");
            var stranger = await host.InviteAsync("stranger", "Sam Stranger");
            await host.BefriendAsync(friend, "friend");
            var circle = (await host.PostAsync("/api/circles", new { name = "Family", members = new[] { "friend" } })).GetProperty("id").GetString()!;
            return new Stage(server, host, friend, stranger, circle);
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    public Task<JsonElement> AnnounceAsync(string title = "Sunday at the weir") =>
        Host.PostAsync("/api/broadcasts", new { title, audience = new { kind = "circles", circles = new[] { Circle } } });

    /// <summary>Starts ffmpeg on the broadcast's RTMP address, or on another key's, and waits until it is live.</summary>
    public async Task<ChildProcess> GoLiveAsync(JsonElement broadcast, JsonElement? key = null, Ffmpeg.Source? source = null)
    {
        var publisher = await Ffmpeg.PublishAsync(PublishUrl(key ?? broadcast), () => Server.Output, source);
        try
        {
            await StateAsync(Text(broadcast, "id"), "live", () => publisher.Output + Server.Output);
            return publisher;
        }
        catch
        {
            await publisher.DisposeAsync();
            throw;
        }
    }

    public static string PublishUrl(JsonElement broadcast)
    {
        var rtmp = broadcast.GetProperty("rtmp");
        return $"{Text(rtmp, "url")}/{Text(rtmp, "streamKey")}";
    }

    public Task StateAsync(string broadcast, string state, Func<string>? detail = null) => Eventually.TrueAsync(
        $"the broadcast is {state}",
        Eventually.Patience,
        async () => Text(await Host.GetAsync($"/api/broadcasts/{broadcast}"), "state") == state,
        detail ?? (() => Server.Output));

    public static async Task<JsonElement> WatchAsync(Api viewer, string broadcast) =>
        (await viewer.PostAsync($"/api/broadcasts/{broadcast}/tickets", new { })).GetProperty("watch");

    public static async Task<HttpStatusCode> FetchAsync(string url)
    {
        using var http = new HttpClient(Trust.Handler()) { Timeout = Eventually.Patience };
        using var answer = await http.GetAsync(url, HttpCompletionOption.ResponseHeadersRead);
        return answer.StatusCode;
    }

    public static string Text(JsonElement element, string property) => element.GetProperty(property).GetString()!;

    public async ValueTask DisposeAsync()
    {
        Host.Dispose();
        Friend.Dispose();
        Stranger.Dispose();
        await Server.DisposeAsync();
    }
}
