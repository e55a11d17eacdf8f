using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.WebSockets;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Weir.Social.Demo;

namespace Weir.Demo;

/// <summary>
/// What there is to see in the demo: a finished replay, a running broadcast, comments. All of it goes through the same
/// doors as everybody's: the API, RTMP, a viewer's WebSocket.
/// </summary>
internal sealed class DemoShow(DemoWorld world, Uri server, ILogger<DemoShow> log)
{
    private const int ForeverLoops = 100_000;
    private static readonly TimeSpan BetweenComments = TimeSpan.FromSeconds(7);

    private static readonly string[] Lines =
    [
        "好漂亮！", "The light on the water 😍", "Is that the old weir?", "是的，就在桥边", "How long does the pendulum swing?", "声音也很清楚", "Hello from the train!",
        "今天水位高吗？", "Higher than last week", "下次一起去吧", "Count me in", "👏👏👏",
    ];

    private readonly Dictionary<string, HttpClient> _people = [];
    private Task _running = Task.CompletedTask;

    /// <summary>Makes the replay and starts the broadcast; both go on in the background until <paramref name="stopping"/>.</summary>
    public async Task BeginAsync(CancellationToken stopping)
    {
        foreach (var handle in new[] { world.Host }.Concat(world.Friends))
        {
            _people[handle] = await SignInAsync(handle, stopping);
        }

        _running = RunAsync(stopping);
    }

    private async Task RunAsync(CancellationToken stopping)
    {
        try
        {
            await Task.WhenAll(MakeReplayAsync(stopping), BroadcastAsync(stopping), SendPicturesAsync(stopping));
        }
        catch (Exception) when (stopping.IsCancellationRequested)
        {
            log.LogDebug("The demo's broadcast stops with it");
        }
        catch (Exception fault) when (fault is IOException or HttpRequestException or WebSocketException or System.Net.Sockets.SocketException)
        {
            log.LogWarning(fault, "The demo's broadcast stopped; restart the demo to see it again");
        }
    }

    private async Task MakeReplayAsync(CancellationToken stopping)
    {
        var (id, publisher) = await AnnounceAsync("上周的河边散步 · Last week by the river", new { kind = "friends" }, stopping);
        var publishing = publisher.RunAsync(loops: 2, speed: 8, stopping);
        await WaitUntilLiveAsync(id, stopping);
        await CommentAsync(id, world.Friends[0], "我来了 👋", stopping);
        await CommentAsync(id, world.Friends[1], "Just in time!", stopping);
        await publishing;
        await CommentAsync(id, world.Friends[2], "Thank you, that was lovely", stopping);
        await PostAsync(world.Host, $"/api/broadcasts/{id}/end", new { }, stopping);
    }

    /// <summary>The pictures that the second of the people promised. Without ffmpeg the server takes none, and the demo does without.</summary>
    private async Task SendPicturesAsync(CancellationToken stopping)
    {
        var sender = world.Friends[0];
        await ShowMomentAsync(world.Host, "周日的水坝 · The weir on a Sunday", null, ["下次叫上我", "See you there!"], stopping);
        var pictures = new List<string>();
        foreach (var name in new[] { "river-morning.jpg", "river-noon.jpg", "river-evening.jpg" })
        {
            await using var picture = typeof(DemoShow).Assembly.GetManifestResourceStream(name) ?? throw new InvalidOperationException($"{name} is missing.");
            using var body = new StreamContent(picture);
            using var answer = await _people[sender].PostAsync($"/api/files?as=picture&name={name}", body, stopping);
            if (!answer.IsSuccessStatusCode)
            {
                log.LogInformation("The demo's pictures were not taken: {Status}", (int)answer.StatusCode);
                return;
            }

            pictures.Add((await answer.Content.ReadFromJsonAsync<JsonElement>(stopping)).GetProperty("id").GetString()!);
        }

        await PostAsync(sender, $"/api/conversations/{world.Conversation:N}/messages", new { clientId = "demo-pictures", text = "早上、中午、傍晚 · Morning, noon and evening", pictures }, stopping);
        // The message has used them: an upload may be shown in several places by whoever made it.
        await ShowMomentAsync(sender, "河边的一天 · A day by the river", pictures, ["好美！", "The evening one 😍", "Which lens?"], stopping);
    }

    /// <summary>A moment of one of them, with a like and comments of the others.</summary>
    private async Task ShowMomentAsync(string owner, string text, List<string>? pictures, string[] comments, CancellationToken stopping)
    {
        var moment = await PostAsync(owner, "/api/moments", new { text, audience = new { kind = "friends" }, pictures, clientId = $"demo-{pictures?.Count}" }, stopping);
        var id = moment.GetProperty("id").GetString();
        var others = _people.Keys.Where(handle => handle != owner).ToArray();
        using var like = await _people[others[0]].PutAsync($"/api/moments/{id}/like", null, stopping);
        like.EnsureSuccessStatusCode();
        for (var index = 0; index < comments.Length; index++)
        {
            await PostAsync(others[index % others.Length], $"/api/moments/{id}/comments", new { text = comments[index], clientId = $"demo-{index}" }, stopping);
        }
    }

    private async Task BroadcastAsync(CancellationToken stopping)
    {
        var (id, publisher) = await AnnounceAsync("周日在水边 · Sunday at the weir", new { kind = "circles", circles = new[] { world.Circle.ToString("N") } }, stopping);
        var publishing = PublishForeverAsync(publisher, stopping);
        await WaitUntilLiveAsync(id, stopping);
        await PostAsync(world.Host, $"/api/conversations/{world.Group:N}/messages", new { clientId = "demo-card", text = "我开播了，来看看 · Live now, come along", card = new { kind = "broadcast", id } }, stopping);
        var members = world.Friends.Take(2).ToArray();
        for (var line = 0; !publishing.IsCompleted; line++)
        {
            await CommentAsync(id, members[line % members.Length], Lines[line % Lines.Length], stopping);
            await Task.WhenAny(publishing, Task.Delay(BetweenComments, stopping));
        }

        await publishing;
    }

    /// <summary>The demo lets one kill the live plane too: its encoder then connects again, like a real one.</summary>
    private async Task PublishForeverAsync(SamplePublisher publisher, CancellationToken stopping)
    {
        while (true)
        {
            try
            {
                await publisher.RunAsync(ForeverLoops, speed: 1, stopping);
            }
            catch (Exception fault) when (fault is IOException or System.Net.Sockets.SocketException && !stopping.IsCancellationRequested)
            {
                log.LogInformation("The demo's encoder lost its connection and tries again");
            }

            await Task.Delay(TimeSpan.FromSeconds(1), stopping);
        }
    }

    private async Task<(string Id, SamplePublisher Publisher)> AnnounceAsync(string title, object audience, CancellationToken stopping)
    {
        var broadcast = await PostAsync(world.Host, "/api/broadcasts", new { title, audience }, stopping);
        var rtmp = broadcast.GetProperty("rtmp");
        var publisher = new SamplePublisher(new Uri(rtmp.GetProperty("url").GetString()!), rtmp.GetProperty("streamKey").GetString()!, TimeProvider.System);
        return (broadcast.GetProperty("id").GetString()!, publisher);
    }

    private async Task WaitUntilLiveAsync(string id, CancellationToken stopping)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        limit.CancelAfter(TimeSpan.FromSeconds(20));
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        while (await timer.WaitForNextTickAsync(limit.Token))
        {
            var broadcast = await _people[world.Host].GetFromJsonAsync<JsonElement>($"/api/broadcasts/{id}", limit.Token);
            if (broadcast.GetProperty("state").GetString() == "live")
            {
                return;
            }
        }
    }

    private async Task CommentAsync(string id, string handle, string text, CancellationToken stopping)
    {
        var ticket = await PostAsync(handle, $"/api/broadcasts/{id}/tickets", new { }, stopping);
        using var socket = new ClientWebSocket();
        try
        {
            await socket.ConnectAsync(new Uri(ticket.GetProperty("watch").GetProperty("websocket").GetString()! + "&media=none"), stopping);
            var comment = JsonSerializer.SerializeToUtf8Bytes(new { type = "comment", clientId = Guid.NewGuid().ToString("N"), text });
            await socket.SendAsync(comment, WebSocketMessageType.Text, endOfMessage: true, stopping);
            await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, stopping);
        }
        catch (WebSocketException fault)
        {
            log.LogDebug(fault, "A demo comment was lost while the live plane was away");
        }
    }

    private async Task<HttpClient> SignInAsync(string handle, CancellationToken stopping)
    {
        var http = new HttpClient { BaseAddress = server };
        using var answer = await http.PostAsJsonAsync("/api/demo/sessions", new { handle }, stopping);
        answer.EnsureSuccessStatusCode();
        var session = await answer.Content.ReadFromJsonAsync<JsonElement>(stopping);
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", session.GetProperty("token").GetString());
        return http;
    }

    private async Task<JsonElement> PostAsync(string handle, string path, object body, CancellationToken stopping)
    {
        using var answer = await _people[handle].PostAsJsonAsync(path, body, stopping);
        answer.EnsureSuccessStatusCode();
        return answer.StatusCode == System.Net.HttpStatusCode.NoContent ? default : await answer.Content.ReadFromJsonAsync<JsonElement>(stopping);
    }
}
