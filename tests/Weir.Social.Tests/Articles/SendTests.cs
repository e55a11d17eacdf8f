using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace Weir.Social.Tests.Articles;

public sealed class SendsOnSqlite : SendTests
{
    protected override Task<Server> StartAsync(TimeProvider clock) => Server.StartAsync(configure: b => b.Services.AddSingleton(clock));
}

public sealed class SendsOnPostgres(PostgresServer shared) : SendTests
{
    protected override Task<Server> StartAsync(TimeProvider clock) => Server.StartAsync(shared.Cluster, b => b.Services.AddSingleton(clock));
}

/// <summary>Articles to the followers, and how often they are read.</summary>
public abstract class SendTests : IAsyncLifetime
{
    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2026, 3, 30, 10, 0, 0, TimeSpan.Zero));
    private Server _server = null!;
    private Someone _admin = null!;

    protected abstract Task<Server> StartAsync(TimeProvider clock);

    public async ValueTask InitializeAsync()
    {
        _server = await StartAsync(_clock);
        _admin = await _server.PersonAsync("Admin", admin: true);
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task A_subscription_account_sends_once_a_day()
    {
        var paper = await Publishing.OpenAsync(_server, _admin);
        var first = (await paper.PublishAsync()).Id;
        var second = (await paper.PublishAsync("Second")).Id;
        Assert.Equal(1, (await paper.Owner.GetAsync($"/api/official/{paper.Handle}/sending"))["left"].GetInt32());
        (await SendAsync(paper, first)).Is(HttpStatusCode.Created);
        Assert.Equal("send-limit", (await SendAsync(paper, second)).Is(HttpStatusCode.Conflict).Code);
        var allowance = await paper.Owner.GetAsync($"/api/official/{paper.Handle}/sending");
        Assert.Equal((0, new DateTimeOffset(2026, 3, 31, 0, 0, 0, TimeSpan.Zero)), (allowance["left"].GetInt32(), allowance["nextAt"].GetDateTimeOffset()));
        _clock.Advance(TimeSpan.FromHours(14));
        Assert.Equal("already-sent", (await SendAsync(paper, first)).Is(HttpStatusCode.BadRequest).Code);
        (await SendAsync(paper, second)).Is(HttpStatusCode.Created);
    }

    [Fact]
    public async Task A_service_account_sends_four_times_a_month()
    {
        var paper = await Publishing.OpenAsync(_server, _admin, kind: "service");
        for (var n = 0; n < 4; n++)
        {
            (await SendAsync(paper, (await paper.PublishAsync($"Number {n}")).Id)).Is(HttpStatusCode.Created);
        }

        var fifth = (await paper.PublishAsync("Number five")).Id;
        Assert.Equal("send-limit", (await SendAsync(paper, fifth)).Is(HttpStatusCode.Conflict).Code);
        _clock.Advance(TimeSpan.FromDays(1));
        Assert.Equal("send-limit", (await SendAsync(paper, fifth)).Is(HttpStatusCode.Conflict).Code);
        _clock.Advance(TimeSpan.FromDays(1));
        (await SendAsync(paper, fifth)).Is(HttpStatusCode.Created);
    }

    [Fact]
    public async Task Two_who_send_at_once_send_once()
    {
        var paper = await Publishing.OpenAsync(_server, _admin);
        var ids = new List<string>();
        for (var n = 0; n < 4; n++)
        {
            ids.Add((await paper.PublishAsync($"Number {n}")).Id);
        }

        var answers = await Task.WhenAll(ids.Select(id => SendAsync(paper, id)));
        Assert.Single(answers, a => a.Status == HttpStatusCode.Created);
        Assert.All(answers.Where(a => a.Status != HttpStatusCode.Created), a => Assert.Equal("send-limit", a.Is(HttpStatusCode.Conflict).Code));
    }

    [Fact]
    public async Task What_is_sent_lies_in_the_followers_inbox_with_a_dot_until_it_was_seen()
    {
        var paper = await Publishing.OpenAsync(_server, _admin);
        var reader = await paper.FollowerAsync();
        var other = await _server.PersonAsync("Other");
        var ids = new List<string>();
        for (var n = 1; n <= 9; n++)
        {
            ids.Add((await paper.PublishAsync($"Number {n}")).Id);
        }

        _clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal("send-size", (await SendAsync(paper, [.. ids])).Is(HttpStatusCode.BadRequest).Code);
        Assert.Equal("send-size", (await SendAsync(paper)).Is(HttpStatusCode.BadRequest).Code);
        Assert.Equal("send-size", (await SendAsync(paper, ids[0], ids[0])).Is(HttpStatusCode.BadRequest).Code);
        Assert.Equal("article-unknown", (await SendAsync(paper, await paper.DraftAsync())).Is(HttpStatusCode.BadRequest).Code);
        (await reader.PostAsync($"/api/official/{paper.Handle}/sends", new { articles = ids.Take(1) })).Is(HttpStatusCode.Forbidden);
        var sent = (await SendAsync(paper, [.. ids.Take(8).Reverse()])).Is(HttpStatusCode.Created);

        var inbox = (await reader.GetAsync("/api/articles/inbox")).Is(HttpStatusCode.OK);
        var entry = inbox["accounts"][0];
        Assert.Equal((1, true), (inbox["unread"].GetInt32(), entry.GetProperty("unread").GetBoolean()));
        Assert.Equal(ids.Take(8).Reverse(), entry.GetProperty("last").GetProperty("articles").EnumerateArray().Select(a => a.GetProperty("id").GetString()!));
        Assert.Equal(0, (await other.GetAsync("/api/articles/inbox"))["accounts"].GetArrayLength());

        (await reader.PutAsync($"/api/official/{paper.Handle}/seen", new { until = sent.Text("sentAt") })).Is(HttpStatusCode.NoContent);
        Assert.Equal(0, (await reader.GetAsync("/api/articles/inbox"))["unread"].GetInt32());
        (await paper.Owner.PostAsync($"/api/articles/{ids[7]}/unpublish")).Is(HttpStatusCode.NoContent);
        Assert.Equal(7, (await reader.GetAsync("/api/articles/inbox"))["accounts"][0].GetProperty("last").GetProperty("articles").GetArrayLength());

        _clock.Advance(TimeSpan.FromDays(1));
        (await reader.PutAsync($"/api/official/{paper.Handle}/mute")).Is(HttpStatusCode.NoContent);
        (await SendAsync(paper, ids[8])).Is(HttpStatusCode.Created);
        Assert.Equal(0, (await reader.GetAsync("/api/articles/inbox"))["unread"].GetInt32());
        Assert.Equal(2, (await reader.GetAsync($"/api/official/{paper.Handle}/sends")).Json.GetArrayLength());
    }

    [Fact]
    public async Task A_reader_counts_once_a_day_and_nothing_says_who()
    {
        var paper = await Publishing.OpenAsync(_server, _admin);
        var (id, url) = await paper.PublishAsync();
        var reader = await _server.PersonAsync("Reader");
        await ReadAsync(url, "Browser 1");
        await ReadAsync(url, "Browser 1");
        Assert.Equal(1, await ReadsAsync(paper, id));
        await ReadAsync(url, "Browser 2");
        await ReadAsync(url, "SomeBot/1.0");
        await ReadAsync(url, "");
        Assert.Equal(2, await ReadsAsync(paper, id));

        // By two browsers and in the app: one person who is signed in.
        await ReadAsync(url, "Browser 3", reader.Token);
        await ReadAsync(url, "Browser 4", reader.Token);
        await reader.SendAsync(HttpMethod.Get, $"/api/articles/{id}", null, r => r.Headers.TryAddWithoutValidation("User-Agent", "Browser 5"));
        Assert.Equal(3, await ReadsAsync(paper, id));

        for (var n = 0; n < 30; n++)
        {
            await ReadAsync(url, $"Invented {n}");
        }

        Assert.Equal(1 + Social.Articles.ReadCounter.MaxPerAddress, await ReadsAsync(paper, id));
        _clock.Advance(TimeSpan.FromDays(1));
        await ReadAsync(url, "Browser 1");
        var numbers = (await paper.Owner.GetAsync($"/api/articles/{id}/numbers")).Is(HttpStatusCode.OK);
        Assert.Equal(("2026-03-31", 1L), (numbers["days"][0].GetProperty("date").GetString(), numbers["days"][0].GetProperty("reads").GetInt64()));
        Assert.Equal(2, numbers["days"].GetArrayLength());
        Assert.Equal(System.Text.Json.JsonValueKind.Null, (await reader.GetAsync($"/api/articles/{id}"))["card"].GetProperty("reads").ValueKind);
        (await paper.Owner.PatchAsync($"/api/official/{paper.Handle}", new { showsReads = true })).Is(HttpStatusCode.OK);
        Assert.NotEqual(0, (await reader.GetAsync($"/api/articles/{id}"))["card"].GetProperty("reads").GetInt64());
    }

    private static Task<Answer> SendAsync(Publishing paper, params string[] articles) => paper.Owner.PostAsync($"/api/official/{paper.Handle}/sends", new { articles });

    private async Task ReadAsync(string url, string browser, string? cookie = null) => (await _server.Anybody.SendAsync(HttpMethod.Get, url, null, request =>
    {
        request.Headers.TryAddWithoutValidation("User-Agent", browser);
        if (cookie is not null)
        {
            request.Headers.Add("Cookie", $"weir={cookie}");
        }
    })).Is(HttpStatusCode.OK);

    private static async Task<long> ReadsAsync(Publishing paper, string id) =>
        (await paper.Owner.GetAsync($"/api/articles/{id}/numbers")).Is(HttpStatusCode.OK)["reads"].GetInt64();
}
