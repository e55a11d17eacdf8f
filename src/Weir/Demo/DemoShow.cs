using System.Net.Http.Json;
using System.Net.WebSockets;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Weir.Social.Demo;

namespace Weir.Demo;

/// <summary>
/// What there is to see in the demo: running broadcasts, finished ones as replays, comments. All of it goes through the same
/// doors as everybody's: the API, RTMP, a viewer's WebSocket.
/// </summary>
internal sealed class DemoShow(DemoWorld world, Uri server, ILogger<DemoShow> log)
{
    private const string River = "river.flv";
    private const string Clock = "sample.flv";
    private const int ForeverLoops = 100_000;

    // So that whoever comes at once finds some; then at the pace of people.
    private const int QuickComments = 5;
    private static readonly TimeSpan BetweenQuick = TimeSpan.FromSeconds(1.5);
    private static readonly TimeSpan BetweenComments = TimeSpan.FromSeconds(7);

    private readonly DemoPeople _people = new(world, server, log);
    private Task _running = Task.CompletedTask;

    /// <summary>Signs everybody in; what they post, their replays and broadcasts follow in the background until <paramref name="stopping"/>.</summary>
    public async Task BeginAsync(CancellationToken stopping)
    {
        await _people.SignInAsync(stopping);
        _running = RunAsync(stopping);
    }

    private async Task RunAsync(CancellationToken stopping)
    {
        try
        {
            await Task.WhenAll(new DemoPosts(_people).PostAsync(stopping), MakeReplaysAsync(stopping), HostIsLiveAsync(stopping), FriendIsLiveAsync(stopping));
        }
        catch (Exception) when (stopping.IsCancellationRequested)
        {
            log.LogDebug("The demo's broadcasts stop with it");
        }
        catch (Exception fault) when (fault is IOException or HttpRequestException or WebSocketException or System.Net.Sockets.SocketException)
        {
            log.LogWarning(fault, "The demo's broadcasts stopped; restart the demo to see them again");
        }
    }

    private Task MakeReplaysAsync(CancellationToken stopping)
    {
        var (tom, wei, aisha) = (world.Friends[0], world.Friends[1], world.Friends[2]);
        (string, string)[] walk = [(tom, "我来了 👋"), (wei, "Just in time!"), (aisha, "Thank you, that was lovely")];
        var first = MakeReplayAsync(world.Host, "上周的河边散步 · Last week by the river", River, loops: 2, walk, stopping);
        (string, string)[] repair = [(world.Stranger, "It ticks!"), (aisha, "终于！"), (tom, "Four screws were left over")];
        return Task.WhenAll(first, MakeReplayAsync(tom, "钟修好了 · The clock runs again", Clock, loops: 1, repair, stopping));
    }

    /// <summary>A broadcast for the friends of its host, sent faster than it plays, and ended. The last comment comes at its end.</summary>
    private async Task MakeReplayAsync(
        string host, string title, string sample, int loops, (string Who, string Text)[] comments, CancellationToken stopping)
    {
        var (id, publisher) = await AnnounceAsync(host, title, new { kind = "friends" }, sample, stopping);
        var publishing = publisher.RunAsync(loops, speed: 2, stopping);
        await WaitUntilLiveAsync(host, id, stopping);
        foreach (var (who, text) in comments[..^1])
        {
            await CommentAsync(id, who, text, stopping);
        }

        await publishing;
        await CommentAsync(id, comments[^1].Who, comments[^1].Text, stopping);
        await _people.PostAsync(host, $"/api/broadcasts/{id}/end", new { }, stopping);
    }

    /// <summary>For the host's circle, of which two of the friends are.</summary>
    private Task HostIsLiveAsync(CancellationToken stopping)
    {
        var (lin, tom, wei) = (world.Host, world.Friends[0], world.Friends[1]);
        return BroadcastAsync(
            lin,
            "周日在水边 · Sunday at the weir",
            new { kind = "circles", circles = new[] { world.Circle.ToString("N") } },
            River,
            [world.Conversation],
            [
                (wei, "好漂亮！"), (tom, "The light on the water 😍"), (wei, "Is that the old weir?"), (lin, "是的，就在桥边"), (wei, "看，小鸭子 🦆"),
                (lin, "There are three of them"), (tom, "Hello from the train!"), (wei, "声音也很清楚"), (wei, "今天水位高吗？"),
                (lin, "Higher than last week"), (wei, "下次一起去吧"), (tom, "Count me in"), (wei, "👏👏👏"),
            ],
            stopping);
    }

    /// <summary>For the first friend's friends, who are all of the others: everybody has somebody live to watch.</summary>
    private Task FriendIsLiveAsync(CancellationToken stopping)
    {
        var (lin, tom, wei, aisha, max) = (world.Host, world.Friends[0], world.Friends[1], world.Friends[2], world.Stranger);
        return BroadcastAsync(
            tom,
            "摆钟 · The pendulum clock",
            new { kind = "friends" },
            Clock,
            [world.Group, world.Club],
            [
                (max, "How long does the pendulum swing?"), (tom, "Two seconds, there and back"), (aisha, "Like the clock of my grandmother"),
                (wei, "数到一百了"), (max, "I could watch this all day"), (lin, "好安静"), (aisha, "Does it ever stop?"), (tom, "不会 · Not today"), (wei, "👏👏👏"),
            ],
            stopping);
    }

    /// <param name="cards">Conversations in which the host says that they are live. All members may watch: a card is nothing to anybody else.</param>
    /// <param name="comments">What is said, again and again.</param>
    private async Task BroadcastAsync(
        string host, string title, object audience, string sample, Guid[] cards, (string Who, string Text)[] comments, CancellationToken stopping)
    {
        var (id, publisher) = await AnnounceAsync(host, title, audience, sample, stopping);
        var publishing = PublishForeverAsync(publisher, stopping);
        await WaitUntilLiveAsync(host, id, stopping);
        foreach (var conversation in cards)
        {
            var message = new { clientId = "demo-card", text = "我开播了，来看看 · Live now, come along", card = new { kind = "broadcast", id } };
            await _people.PostAsync(host, $"/api/conversations/{conversation:N}/messages", message, stopping);
        }

        for (var count = 0; !publishing.IsCompleted; count++)
        {
            var (who, text) = comments[count % comments.Length];
            await CommentAsync(id, who, text, stopping);
            await Task.WhenAny(publishing, Task.Delay(count < QuickComments ? BetweenQuick : BetweenComments, stopping));
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

    private async Task<(string Id, SamplePublisher Publisher)> AnnounceAsync(string host, string title, object audience, string sample, CancellationToken stopping)
    {
        var broadcast = await _people.PostAsync(host, "/api/broadcasts", new { title, audience }, stopping);
        var rtmp = broadcast.GetProperty("rtmp");
        var publisher = new SamplePublisher(new Uri(rtmp.GetProperty("url").GetString()!), rtmp.GetProperty("streamKey").GetString()!, sample, TimeProvider.System);
        return (broadcast.GetProperty("id").GetString()!, publisher);
    }

    private async Task WaitUntilLiveAsync(string host, string id, CancellationToken stopping)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        limit.CancelAfter(TimeSpan.FromSeconds(20));
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        while (await timer.WaitForNextTickAsync(limit.Token))
        {
            var broadcast = await _people[host].GetFromJsonAsync<JsonElement>($"/api/broadcasts/{id}", limit.Token);
            if (broadcast.GetProperty("state").GetString() == "live")
            {
                return;
            }
        }
    }

    private async Task CommentAsync(string id, string handle, string text, CancellationToken stopping)
    {
        var ticket = await _people.PostAsync(handle, $"/api/broadcasts/{id}/tickets", new { }, stopping);
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
}
