using System.Net;
using System.Net.Http.Json;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using System.Threading.Channels;
using Microsoft.AspNetCore.SignalR.Client;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Weir.Hosting.Tls;

namespace Weir.Social.Tests;

public sealed class RealtimeOnSqlite(SqliteServer shared) : RealtimeTests(shared)
{
    [Fact]
    public async Task People_who_listen_do_not_keep_a_server_from_stopping()
    {
        await using var server = await Server.StartAsync();
        var anna = await server.PersonAsync("Anna");
        await using var connection = await Listener.OpenAsync(server, anna);
        // Without a time after which all that is still open is closed by force.
        server.Plane.App.Services.GetRequiredService<IOptions<HostOptions>>().Value.ShutdownTimeout = Timeout.InfiniteTimeSpan;
        await server.Plane.StopAsync().WaitAsync(Patience.Limit);
        await connection.Closed.WaitAsync(Patience.Limit);
    }

    /// <summary>Over TLS browsers open WebSockets by HTTP/2 (RFC 8441), as a CONNECT and not as a GET.</summary>
    [Fact]
    public async Task By_HTTP_2_a_page_of_this_site_listens_and_one_of_another_does_not()
    {
        var certificates = Directory.CreateTempSubdirectory("weir-tls-").FullName;
        await using var server = await Server.StartAsync(options: chosen => chosen with { Tls = SelfSigned.Ensure(certificates, [], TimeProvider.System) });
        using var handler = new SocketsHttpHandler { SslOptions = { RemoteCertificateValidationCallback = (_, _, _, _) => true } };
        using var http = new HttpClient(handler) { BaseAddress = new Uri($"https://localhost:{server.Plane.HttpPort}") };
        using var made = await http.PostAsJsonAsync("/api/setup", new { code = Server.SetupCode, handle = "anna", name = "Anna", password = Someone.Password });
        made.EnsureSuccessStatusCode();

        using var own = await OpenAsync(http.BaseAddress.GetLeftPart(UriPartial.Authority));
        await own.SendAsync(Encoding.UTF8.GetBytes("{\"protocol\":\"json\",\"version\":1}\u001e"), WebSocketMessageType.Text, true, default);
        var answer = new byte[100];
        var length = (await own.ReceiveAsync(answer, default)).Count;
        Assert.Equal("{}\u001e", Encoding.UTF8.GetString(answer, 0, length));

        var refusal = await Assert.ThrowsAsync<WebSocketException>(() => OpenAsync("https://example.org"));
        Assert.Contains("403", refusal.Message);
        Directory.Delete(certificates, recursive: true);

        async Task<ClientWebSocket> OpenAsync(string origin)
        {
            var socket = new ClientWebSocket();
            socket.Options.HttpVersion = HttpVersion.Version20;
            socket.Options.HttpVersionPolicy = HttpVersionPolicy.RequestVersionExact;
            socket.Options.SetRequestHeader("Origin", origin);
            await socket.ConnectAsync(new Uri($"wss://localhost:{server.Plane.HttpPort}/api/hub"), http, default);
            return socket;
        }
    }

    [Fact]
    public async Task The_description_of_the_calls_has_the_conversations()
    {
        var paths = (await shared.Server.Anybody.GetAsync("/openapi/v1.json")).Is(HttpStatusCode.OK)["paths"];
        Assert.True(paths.GetProperty("/api/conversations/{id}/messages").TryGetProperty("post", out _));
        Assert.True(paths.TryGetProperty("/api/conversations/{id}/mute", out _));
    }
}

public sealed class RealtimeOnPostgres(PostgresServer shared) : RealtimeTests(shared);

public abstract class RealtimeTests(SharedServer shared)
{
    private readonly Server _server = shared.Server;

    [Fact]
    public async Task What_is_said_recalled_read_and_changed_reaches_those_it_concerns_in_order()
    {
        var (anna, ben, stranger) = (await _server.PersonAsync("Anna"), await _server.PersonAsync("Ben"), await _server.PersonAsync("Stranger"));
        await anna.BefriendAsync(ben);
        await using var atBen = await Listener.OpenAsync(_server, ben);
        await using var atBenToo = await Listener.OpenAsync(_server, ben);
        await using var atAnna = await Listener.OpenAsync(_server, anna);
        await using var atStranger = await Listener.OpenAsync(_server, stranger);
        var id = await anna.TalkAsync(ben);
        Assert.Equal(("conversation", id), (await atBen.NextAsync()).Of("id"));
        await Task.WhenAll(Enumerable.Range(0, 50).Select(i => anna.SayAsync(id, $"Text {i}")));
        for (var seq = 1; seq <= 50; seq++)
        {
            var (name, body) = await atBen.NextAsync();
            Assert.Equal(("message", seq, id), (name, body.GetProperty("seq").GetInt32(), body.GetProperty("conversation").GetString()));
            Assert.Equal(anna.Handle, body.GetProperty("sender").GetProperty("handle").GetString());
        }

        var sent = (await anna.SayAsync(id, "Wrong window", "w")).Text("id");
        Assert.Equal(("message", sent), (await atBen.NextAsync()).Of("id"));
        (await anna.PostAsync($"/api/conversations/{id}/messages/{sent}/recall")).Is(HttpStatusCode.NoContent);
        Assert.Equal(("recalled", sent), (await atBen.NextAsync()).Of("id"));

        (await ben.PutAsync($"/api/conversations/{id}/read", new { seq = 51 })).Is(HttpStatusCode.NoContent);
        Assert.Equal(("read", id), (await atBen.NextAsync()).Of("conversation"));
        await atBenToo.UntilAsync("read");

        // Anna hears her own messages, and nothing of Ben's reading; the stranger hears nothing at all.
        await ben.SayAsync(id, "The end");
        Assert.DoesNotContain("read", await atAnna.UntilAsync("message", body => body.GetProperty("text").GetString() == "The end"));
        await anna.BefriendAsync(stranger);
        await anna.TalkAsync(stranger);
        Assert.Equal("conversation", (await atStranger.NextAsync()).Name);
    }

    [Fact]
    public async Task Typing_is_seen_by_the_one_other_person_while_they_are_friends_and_by_nobody_else()
    {
        var (anna, ben, cleo) = (await _server.PersonAsync("Anna"), await _server.PersonAsync("Ben"), await _server.PersonAsync("Cleo"));
        await anna.BefriendAsync(ben);
        await anna.BefriendAsync(cleo);
        var two = await anna.TalkAsync(ben);
        var group = (await anna.PostAsync("/api/conversations", new { members = new[] { ben.Handle, cleo.Handle } })).Is(HttpStatusCode.Created).Text("id");
        await using var atAnna = await Listener.OpenAsync(_server, anna, "typing", "message");
        await using var atBen = await Listener.OpenAsync(_server, ben, "typing", "message");
        await using var atCleo = await Listener.OpenAsync(_server, cleo, "typing", "message");

        // To a group, into another's conversation, and nonsense: nobody hears anything, and the connection stays.
        await atAnna.SayAsync("Typing", group);
        await atCleo.SayAsync("Typing", two);
        await atCleo.SayAsync("Typing", "nonsense");
        await atAnna.SayAsync("Typing", two);
        var (name, body) = await atBen.NextAsync();
        Assert.Equal(("typing", two, anna.Id), (name, body.GetProperty("conversation").GetString(), body.GetProperty("account").GetString()));

        (await ben.DeleteAsync($"/api/friends/{anna.Handle}")).Is(HttpStatusCode.NoContent);
        await atAnna.SayAsync("Typing", two);
        await anna.SayAsync(group, "Marker");
        Assert.Equal("message", (await atBen.NextAsync()).Name);
        Assert.Equal("message", (await atCleo.NextAsync()).Name);
        Assert.Equal("message", (await atAnna.NextAsync()).Name);
    }

    [Fact]
    public async Task Whoever_has_the_conversation_open_hears_when_they_are_friends_again()
    {
        var (anna, ben) = (await _server.PersonAsync("Anna"), await _server.PersonAsync("Ben"));
        await anna.BefriendAsync(ben);
        var id = await anna.TalkAsync(ben);
        await using var atAnna = await Listener.OpenAsync(_server, anna);
        await using var atBen = await Listener.OpenAsync(_server, ben);
        (await ben.DeleteAsync($"/api/friends/{anna.Handle}")).Is(HttpStatusCode.NoContent);
        await ben.BefriendAsync(anna);
        // The first thing they hear: nobody was told of the deletion.
        Assert.Equal(("conversation", id), (await atAnna.NextAsync()).Of("id"));
        Assert.Equal(("conversation", id), (await atBen.NextAsync()).Of("id"));
    }

    [Fact]
    public async Task A_removed_member_hears_that_they_are_gone_and_nothing_more()
    {
        var (anna, ben, cleo) = (await _server.PersonAsync("Anna"), await _server.PersonAsync("Ben"), await _server.PersonAsync("Cleo"));
        await anna.BefriendAsync(ben);
        await anna.BefriendAsync(cleo);
        var id = (await anna.PostAsync("/api/conversations", new { members = new[] { ben.Handle, cleo.Handle } })).Is(HttpStatusCode.Created).Text("id");
        await using var atCleo = await Listener.OpenAsync(_server, cleo);
        await anna.SayAsync(id, "With Cleo");
        Assert.Equal("message", (await atCleo.NextAsync()).Name);
        await anna.DeleteAsync($"/api/conversations/{id}/members/{cleo.Handle}");
        Assert.True((await atCleo.NextAsync()).Body.GetProperty("gone").GetBoolean());
        await anna.SayAsync(id, "Without Cleo");
        var two = await anna.TalkAsync(cleo);
        await anna.SayAsync(two, "Just us");
        Assert.Equal(["conversation", "message"], [(await atCleo.NextAsync()).Name, (await atCleo.NextAsync()).Name]);
    }

    [Fact]
    public async Task An_ended_session_is_disconnected_within_seconds_and_does_not_come_back()
    {
        var anna = await _server.PersonAsync("Anna");
        await using var connection = await Listener.OpenAsync(_server, anna);
        (await anna.DeleteAsync("/api/sessions/current")).Is(HttpStatusCode.NoContent);
        await connection.Closed.WaitAsync(Patience.Limit);
        await Assert.ThrowsAsync<HttpRequestException>(() => Listener.OpenAsync(_server, anna));
    }

    [Fact]
    public async Task A_device_that_is_signed_out_from_another_is_over_and_disconnected_and_this_one_goes_on()
    {
        var anna = await _server.PersonAsync("Anna");
        var phone = await Someone.OfAsync(_server, await _server.Anybody.PostAsync("/api/sessions", new { handle = anna.Handle, password = Someone.Password }));
        await using var atPhone = await Listener.OpenAsync(_server, phone);
        await using var here = await Listener.OpenAsync(_server, anna);
        (await phone.GetAsync("/api/me")).Is(HttpStatusCode.OK);
        var other = Assert.Single((await anna.GetAsync("/api/sessions")).Is(HttpStatusCode.OK).Json.EnumerateArray(), s => !s.GetProperty("current").GetBoolean()).GetProperty("id").GetString();
        (await anna.DeleteAsync($"/api/sessions/{other}")).Is(HttpStatusCode.NoContent);
        (await phone.GetAsync("/api/me")).Is(HttpStatusCode.Unauthorized);
        (await anna.GetAsync("/api/me")).Is(HttpStatusCode.OK);
        await atPhone.Closed.WaitAsync(Patience.Limit);
        await Assert.ThrowsAsync<HttpRequestException>(() => Listener.OpenAsync(_server, phone));
        Assert.False(here.Closed.IsCompleted);
        Assert.Single((await anna.GetAsync("/api/sessions")).Json.EnumerateArray());
        (await anna.DeleteAsync($"/api/sessions/{other}")).Is(HttpStatusCode.NotFound);
        var ben = await _server.PersonAsync("Ben");
        await anna.BefriendAsync(ben);
        await anna.TalkAsync(ben);
        Assert.Equal("conversation", (await here.NextAsync()).Name);
    }

    [Fact]
    public async Task Nobody_listens_without_a_session_or_from_a_page_of_another_site()
    {
        var anna = await _server.PersonAsync("Anna");
        (await _server.Anybody.PostAsync("/api/hub/negotiate?negotiateVersion=1")).Is(HttpStatusCode.Unauthorized);
        Assert.Equal("foreign-origin", (await anna.SendAsync(HttpMethod.Get, "/api/hub", null, r => r.Headers.Add("Origin", "https://example.org"))).Is(HttpStatusCode.Forbidden).Code);
        (await anna.SendAsync(HttpMethod.Post, "/api/hub/negotiate?negotiateVersion=1", null, r => r.Headers.Add("Origin", _server.Http.BaseAddress!.GetLeftPart(UriPartial.Authority)))).Is(HttpStatusCode.OK);
    }
}

internal static class Heard
{
    public static (string, string) Of(this (string Name, JsonElement Body) heard, string member) => (heard.Name, heard.Body.GetProperty(member).GetString()!);
}

/// <summary>A device that listens, as the web app's does.</summary>
internal sealed class Listener : IAsyncDisposable
{
    private readonly HubConnection _connection;
    private readonly Channel<(string Name, JsonElement Body)> _heard = Channel.CreateUnbounded<(string, JsonElement)>();
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private Listener(HubConnection connection, string[] names)
    {
        _connection = connection;
        foreach (var name in names)
        {
            connection.On<JsonElement>(name, body => _heard.Writer.TryWrite((name, body)));
        }

        connection.Closed += _ =>
        {
            _closed.TrySetResult();
            return Task.CompletedTask;
        };
    }

    public Task Closed => _closed.Task;

    /// <summary>Calls the hub and waits until it has run.</summary>
    public Task SayAsync(string method, string value) => _connection.InvokeAsync(method, value);

    /// <param name="names">The events it listens to; those of conversations when none is named.</param>
    public static async Task<Listener> OpenAsync(Server server, Someone who, params string[] names)
    {
        var listener = new Listener(new HubConnectionBuilder()
            .WithUrl(new Uri(server.Http.BaseAddress!, "/api/hub"), options => options.AccessTokenProvider = () => Task.FromResult(who.Token))
            .Build(), names.Length > 0 ? names : ["message", "recalled", "read", "conversation"]);
        await listener._connection.StartAsync();
        return listener;
    }

    public async Task<(string Name, JsonElement Body)> NextAsync() => await _heard.Reader.ReadAsync().AsTask().WaitAsync(Patience.Limit);

    /// <summary>The names of everything that came before.</summary>
    public async Task<List<string>> UntilAsync(string name, Func<JsonElement, bool>? which = null)
    {
        var before = new List<string>();
        while (true)
        {
            var next = await NextAsync();
            if (next.Name == name && which?.Invoke(next.Body) != false)
            {
                return before;
            }

            before.Add(next.Name);
        }
    }

    public ValueTask DisposeAsync() => _connection.DisposeAsync();
}
