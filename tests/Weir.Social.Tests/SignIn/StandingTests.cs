using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;

namespace Weir.Social.Tests.SignIn;

public sealed class StandingOnSqlite(SqliteServer shared) : StandingTests(shared);

public sealed class StandingOnPostgres(PostgresServer shared) : StandingTests(shared);

/// <summary>A request whose head came while it was allowed, and whose body ends when it is not any more, does nothing.</summary>
public abstract class StandingTests(SharedServer shared)
{
    private readonly Server _server = shared.Server;

    [Theory]
    [InlineData("suspended")]
    [InlineData("signed out")]
    [InlineData("deleted")]
    public async Task What_is_held_back_until_the_session_has_ended_is_refused(string how)
    {
        var (anna, ben) = (await _server.PersonAsync("Anna"), await _server.PersonAsync("Ben"));
        await anna.BefriendAsync(ben);
        var talk = await anna.TalkAsync(ben);
        var prepared = await anna.BroadcastAsync(new { kind = "friends" }, "As it was");
        List<HeldRequest> held =
        [
            new(HttpMethod.Post, $"/api/conversations/{talk}/messages", new { clientId = "held", text = "hello" }),
            new(HttpMethod.Post, "/api/moments", new { text = "hello", audience = new { kind = "friends" } }),
            new(HttpMethod.Post, "/api/broadcasts", new { title = "hello", audience = new { kind = "friends" } }),
            new(HttpMethod.Post, "/api/circles", new { name = "hello", members = Array.Empty<string>() }),
            new(HttpMethod.Patch, "/api/me", new { name = "Somebody else" }),
            new(HttpMethod.Post, "/api/files?as=file&name=held", new { }, "application/octet-stream"),
            // It answers people without an account too, whom it tells that it is not there; so it does of who is gone.
            new(HttpMethod.Patch, $"/api/broadcasts/{prepared}", new { title = "hello" }),
        ];
        using var http = Patiently();
        var answers = held.ConvertAll(request => request.SendAsync(http, _server.Http.BaseAddress!, anna.Token!));
        await Task.WhenAll(held.Select(request => request.Begun)).WaitAsync(Patience.Limit);

        var ended = how switch
        {
            "suspended" => await shared.Admin.PutAsync($"/api/admin/accounts/{anna.Handle}/suspension"),
            "signed out" => await anna.DeleteAsync("/api/sessions/current"),
            _ => await anna.DeleteAsync("/api/me", new { password = Someone.Password }),
        };
        Assert.True(ended.Message.IsSuccessStatusCode, ended.Body);
        held.ForEach(request => request.Finish());
        foreach (var answer in await Task.WhenAll(answers))
        {
            Assert.True(
                answer.StatusCode == HttpStatusCode.Unauthorized
                || (answer.StatusCode == HttpStatusCode.NotFound && answer.RequestMessage!.Method == HttpMethod.Patch && how != "signed out"),
                $"{answer.RequestMessage?.RequestUri}: {answer.StatusCode}");
        }

        Assert.DoesNotContain("hello", (await ben.GetAsync($"/api/conversations/{talk}/messages")).Is(HttpStatusCode.OK).Body);
        var id = Guid.ParseExact(anna.Id, "N");
        Assert.Equal((0, 0, 0, 0), await _server.ReadAsync(async db => (
            await db.Moments.CountAsync(m => m.OwnerId == id),
            await db.Broadcasts.CountAsync(b => b.OwnerId == id && b.Title == "hello"),
            await db.Circles.CountAsync(c => c.OwnerId == id),
            await db.Files.CountAsync(f => f.OwnerId == id))));
        Assert.NotEqual("Somebody else", await _server.ReadAsync(db => db.Accounts.Where(a => a.Id == id).Select(a => a.Name).SingleAsync()));
    }

    [Fact]
    public async Task An_administrators_deed_is_refused_when_they_are_one_no_longer_and_others_changes_refuse_nothing()
    {
        var (anna, ben) = (await _server.PersonAsync("Anna"), await _server.PersonAsync("Ben"));
        (await shared.Admin.PutAsync($"/api/admin/accounts/{anna.Handle}/administrator")).Is(HttpStatusCode.NoContent);
        var deed = new HeldRequest(HttpMethod.Put, "/api/admin/live", new { enabled = false });
        var own = new HeldRequest(HttpMethod.Patch, "/api/me", new { name = "Anna B" });
        var others = new HeldRequest(HttpMethod.Patch, "/api/me", new { name = "Ben B" });
        using var http = Patiently();
        var answers = new[] { deed.SendAsync(http, _server.Http.BaseAddress!, anna.Token!), own.SendAsync(http, _server.Http.BaseAddress!, anna.Token!), others.SendAsync(http, _server.Http.BaseAddress!, ben.Token!) };
        await Task.WhenAll(deed.Begun, own.Begun, others.Begun).WaitAsync(Patience.Limit);
        (await shared.Admin.DeleteAsync($"/api/admin/accounts/{anna.Handle}/administrator")).Is(HttpStatusCode.NoContent);
        new[] { deed, own, others }.ToList().ForEach(request => request.Finish());
        Assert.Equal([HttpStatusCode.Forbidden, HttpStatusCode.OK, HttpStatusCode.OK], (await Task.WhenAll(answers)).Select(answer => answer.StatusCode));
        Assert.True(await _server.ReadAsync(db => db.LiveSettings.Select(s => s.Enabled).SingleAsync()));
    }

    private static HttpClient Patiently() => new(new SocketsHttpHandler { UseCookies = false, Expect100ContinueTimeout = Patience.Limit }) { Timeout = Patience.Limit };

    /// <summary>Its head says that a body follows when it is asked for, and the server asks for it after it has looked who this is.</summary>
    private sealed class HeldRequest(HttpMethod method, string path, object body, string type = "application/json") : HttpContent
    {
        private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _finish = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly byte[] _json = Encoding.UTF8.GetBytes(JsonSerializer.Serialize(body));

        public Task Begun => _begun.Task;

        public void Finish() => _finish.SetResult();

        public async Task<HttpResponseMessage> SendAsync(HttpClient http, Uri server, string token)
        {
            Headers.ContentType = new MediaTypeHeaderValue(type);
            using var request = new HttpRequestMessage(method, new Uri(server, path)) { Content = this };
            request.Headers.Authorization = new("Bearer", token);
            request.Headers.ExpectContinue = true;
            return await http.SendAsync(request, TestContext.Current.CancellationToken);
        }

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            _begun.SetResult();
            await _finish.Task;
            await stream.WriteAsync(_json);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = _json.Length;
            return true;
        }
    }
}
