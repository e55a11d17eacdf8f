using System.Net;
using System.Net.WebSockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Npgsql;
using Weir.Social.Conversations;
using Weir.Social.Data;
using Weir.Social.Throttling;

namespace Weir.Social.Tests;

public sealed class ConversationLimitsOnSqlite : ConversationLimitTests
{
    protected override Task<Server> StartAsync(Action<WebApplicationBuilder> configure) => Server.StartAsync(configure: configure);

    protected override Task<IDisposable> HoldAsync(Server server) => server.Plane.App.Services.GetRequiredService<WriteGate>().EnterAsync(default);
}

public sealed class ConversationLimitsOnPostgres(PostgresServer shared) : ConversationLimitTests
{
    protected override Task<Server> StartAsync(Action<WebApplicationBuilder> configure) => Server.StartAsync(shared.Cluster, configure);

    protected override async Task<IDisposable> HoldAsync(Server server)
    {
        var connection = new NpgsqlConnection(server.Options.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand("BEGIN; LOCK TABLE \"Messages\" IN EXCLUSIVE MODE", connection);
        await command.ExecuteNonQueryAsync();
        return connection;
    }
}

public abstract class ConversationLimitTests
{
    protected abstract Task<Server> StartAsync(Action<WebApplicationBuilder> configure);

    /// <summary>No message is written until it is let go.</summary>
    protected abstract Task<IDisposable> HoldAsync(Server server);

    [Fact]
    public async Task A_message_that_finds_the_queue_full_is_refused_at_once_and_the_others_are_written()
    {
        await using var server = await StartAsync(new ConversationLimits { MaxBatch = 1, MaxWaiting = 4 });
        var (anna, id) = await TalkAsync(server);
        List<Answer> answers = [];
        List<Task<Answer>> rest;
        using (await HoldAsync(server))
        {
            // Nothing can be written now. One may be in the writer's hands, four wait.
            rest = [.. Enumerable.Range(0, 20).Select(_ => anna.SayAsync(id, "Hello"))];
            while (answers.Count < 15)
            {
                var answer = await Task.WhenAny(rest);
                rest.Remove(answer);
                answers.Add(await answer);
            }
        }

        Assert.All(answers, answer => Assert.Equal(("busy", TimeSpan.FromSeconds(1)), (answer.Is(HttpStatusCode.ServiceUnavailable).Code, answer.Message.Headers.RetryAfter!.Delta)));
        var written = (await Task.WhenAll(rest)).Count(answer => answer.Status == HttpStatusCode.Created);
        Assert.InRange(written, 4, 5);
        Assert.Equal(written, (await anna.CatchUpAsync(id, 0, 100)).Count);
    }

    [Fact]
    public async Task Who_writes_too_fast_is_told_when_to_go_on()
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var server = await StartAsync(new ConversationLimits { SendBurst = 3, SendRefill = TimeSpan.FromSeconds(10) }, clock);
        var (anna, id) = await TalkAsync(server);
        for (var i = 0; i < 3; i++)
        {
            (await anna.SayAsync(id, "Hello")).Is(HttpStatusCode.Created);
        }

        var refused = (await anna.SayAsync(id, "Hello")).Is(HttpStatusCode.TooManyRequests);
        clock.Advance(refused.Message.Headers.RetryAfter!.Delta!.Value);
        (await anna.SayAsync(id, "Hello")).Is(HttpStatusCode.Created);
    }

    [Fact]
    public async Task Whoever_changes_groups_over_and_over_is_told_when_to_go_on_and_can_leave_meanwhile()
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UtcNow);
        var limits = new ConversationLimits { ChangeBurst = 4, ChangeRefill = TimeSpan.FromSeconds(10) };
        await using var server = await StartAsync(limits, clock);
        var (anna, ben, id) = await GroupAsync(server);
        await anna.PatchAsync($"/api/conversations/{id}", new { name = "Two" });
        (await anna.PostAsync($"/api/conversations/{id}/links")).Is(HttpStatusCode.Created);
        (await anna.DeleteAsync($"/api/conversations/{id}/members/{ben.Handle}")).Is(HttpStatusCode.NoContent);
        (await anna.PutAsync($"/api/conversations/{id}/members/{ben.Handle}")).Is(HttpStatusCode.NoContent);
        var before = (await anna.CatchUpAsync(id, 0, 100)).Count;

        var refused = (await anna.PatchAsync($"/api/conversations/{id}", new { name = "Three" })).Is(HttpStatusCode.TooManyRequests);
        // The same for what is not theirs: the limit tells nothing.
        var nowhere = $"/api/conversations/{Guid.NewGuid():N}";
        (await anna.PatchAsync(nowhere, new { name = "Three" })).Is(HttpStatusCode.TooManyRequests);
        (await anna.DeleteAsync($"/api/conversations/{id}/members/{ben.Handle}")).Is(HttpStatusCode.TooManyRequests);
        Assert.Equal(before, (await anna.CatchUpAsync(id, 0, 100)).Count);
        clock.Advance(refused.Message.Headers.RetryAfter!.Delta!.Value);
        (await anna.PatchAsync($"/api/conversations/{id}", new { name = "Three" })).Is(HttpStatusCode.NoContent);
        (await anna.PostAsync($"/api/conversations/{id}/leave")).Is(HttpStatusCode.NoContent);
    }

    [Fact]
    public async Task Whoever_comes_into_a_group_and_leaves_it_over_and_over_is_told_when_to_go_on()
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UtcNow);
        var limits = new ConversationLimits { ChangeBurst = 2, ChangeRefill = TimeSpan.FromSeconds(10) };
        await using var server = await StartAsync(limits, clock);
        var (anna, ben, id) = await GroupAsync(server);
        var code = (await anna.PostAsync($"/api/conversations/{id}/links")).Is(HttpStatusCode.Created).Text("code");
        for (var i = 0; i < 2; i++)
        {
            (await ben.PostAsync($"/api/conversations/{id}/leave")).Is(HttpStatusCode.NoContent);
            (await ben.PostAsync($"/api/group-links/{code}/join")).Is(HttpStatusCode.OK);
        }

        (await ben.PostAsync($"/api/conversations/{id}/leave")).Is(HttpStatusCode.NoContent);
        (await ben.PostAsync($"/api/group-links/{code}/join")).Is(HttpStatusCode.TooManyRequests);
        clock.Advance(TimeSpan.FromSeconds(10));
        (await ben.PostAsync($"/api/group-links/{code}/join")).Is(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_group_that_many_change_over_and_over_takes_no_more_for_a_while_but_lets_them_be_put_out()
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UtcNow);
        var limits = new ConversationLimits { GroupChangeBurst = 3, GroupChangeRefill = TimeSpan.FromSeconds(10) };
        await using var server = await StartAsync(limits, clock);
        var (anna, ben, id) = await GroupAsync(server);
        (await anna.PutAsync($"/api/conversations/{id}/administrators/{ben.Handle}")).Is(HttpStatusCode.NoContent);
        (await ben.PatchAsync($"/api/conversations/{id}", new { name = "Two" })).Is(HttpStatusCode.NoContent);
        (await ben.PatchAsync($"/api/conversations/{id}", new { name = "Three" })).Is(HttpStatusCode.NoContent);
        (await ben.PatchAsync($"/api/conversations/{id}", new { name = "Four" })).Is(HttpStatusCode.TooManyRequests);
        (await anna.PatchAsync($"/api/conversations/{id}", new { name = "Four" })).Is(HttpStatusCode.TooManyRequests);
        // Whoever is not in it hears nothing of that.
        var cleo = await server.PersonAsync("Cleo");
        (await cleo.PatchAsync($"/api/conversations/{id}", new { name = "Four" })).Is(HttpStatusCode.NotFound);
        (await anna.DeleteAsync($"/api/conversations/{id}/administrators/{ben.Handle}")).Is(HttpStatusCode.NoContent);
        (await anna.DeleteAsync($"/api/conversations/{id}/members/{ben.Handle}")).Is(HttpStatusCode.NoContent);
        clock.Advance(TimeSpan.FromSeconds(10));
        (await anna.PatchAsync($"/api/conversations/{id}", new { name = "Four" })).Is(HttpStatusCode.NoContent);
    }

    [Fact]
    public async Task A_message_can_be_recalled_for_two_minutes()
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var server = await StartAsync(new ConversationLimits(), clock);
        var (anna, id) = await TalkAsync(server);
        var (early, late) = ((await anna.SayAsync(id, "Early")).Text("id"), (await anna.SayAsync(id, "Late")).Text("id"));
        clock.Advance(TimeSpan.FromMinutes(2));
        (await anna.PostAsync($"/api/conversations/{id}/messages/{early}/recall")).Is(HttpStatusCode.NoContent);
        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal("too-late", (await anna.PostAsync($"/api/conversations/{id}/messages/{late}/recall")).Is(HttpStatusCode.Conflict).Code);
    }

    [Fact]
    public async Task A_client_that_does_not_read_is_closed_and_slows_nobody()
    {
        // More is said than one account may write in an hour.
        await using var server = await StartAsync(b => b.Services.AddSingleton(new CallRates { WrittenBytes = new(1 << 30, TimeSpan.FromMilliseconds(1)) }));
        var (anna, id) = await TalkAsync(server);
        using var deaf = new ClientWebSocket();
        deaf.Options.SetRequestHeader("Authorization", $"Bearer {anna.Token}");
        await deaf.ConnectAsync(new Uri($"ws://127.0.0.1:{server.Plane.HttpPort}/api/hub"), default);
        await deaf.SendAsync(Encoding.UTF8.GetBytes("{\"protocol\":\"json\",\"version\":1}\u001e"), WebSocketMessageType.Text, true, default);
        // The answer to the handshake; nothing is read after it.
        await deaf.ReceiveAsync(new byte[64], default);

        var text = string.Concat(Enumerable.Repeat("🎈", 4000));
        var sent = 0;
        await Task.WhenAll(Enumerable.Range(0, 8).Select(async _ =>
        {
            while (Interlocked.Increment(ref sent) <= 800)
            {
                (await anna.SayAsync(id, text)).Is(HttpStatusCode.Created);
            }
        }));

        // What was on its way comes, and then the end, long before the 800th.
        var heard = 0;
        var buffer = new byte[64 * 1024];
        using var limit = new CancellationTokenSource(Patience.Limit);
        try
        {
            while (await deaf.ReceiveAsync(buffer, limit.Token) is { MessageType: not WebSocketMessageType.Close } part)
            {
                heard += part.EndOfMessage ? 1 : 0;
            }
        }
        catch (WebSocketException)
        {
            // Closed without ceremony.
        }

        Assert.InRange(heard, 1, 799);
    }

    private static async Task<(Someone Anna, Someone Ben, string Group)> GroupAsync(Server server)
    {
        var (anna, ben) = (await server.PersonAsync("Anna"), await server.PersonAsync("Ben"));
        await anna.BefriendAsync(ben);
        var made = await anna.PostAsync("/api/conversations", new { members = new[] { ben.Handle }, name = "One" });
        return (anna, ben, made.Is(HttpStatusCode.Created).Text("id"));
    }

    private Task<Server> StartAsync(ConversationLimits limits, TimeProvider? clock = null) => StartAsync(builder =>
    {
        builder.Services.AddSingleton(limits);
        if (clock is not null)
        {
            builder.Services.AddSingleton(clock);
        }
    });

    private static async Task<(Someone Anna, string Conversation)> TalkAsync(Server server)
    {
        var (anna, ben) = (await server.PersonAsync("Anna"), await server.PersonAsync("Ben"));
        await anna.BefriendAsync(ben);
        return (anna, await anna.TalkAsync(ben));
    }
}
