using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Weir.Social.Throttling;

namespace Weir.Social.Tests;

public sealed class LongAnswersOnSqlite : LongAnswerTests
{
    protected override Task<Server> StartAsync(Action<WebApplicationBuilder> configure) => Server.StartAsync(configure: configure);
}

public sealed class LongAnswersOnPostgres(PostgresServer shared) : LongAnswerTests
{
    protected override Task<Server> StartAsync(Action<WebApplicationBuilder> configure) => Server.StartAsync(shared.Cluster, configure);
}

/// <summary>What is read counts for what it costs: a long answer is several calls.</summary>
public abstract class LongAnswerTests : IAsyncLifetime
{
    private const int Burst = 100;

    private readonly FakeTimeProvider _clock = new(DateTimeOffset.UtcNow);
    private Server _server = null!;
    private Someone _anna = null!;
    private Someone _ben = null!;
    private string _talk = "";

    protected abstract Task<Server> StartAsync(Action<WebApplicationBuilder> configure);

    public async ValueTask InitializeAsync()
    {
        _server = await StartAsync(b => b.Services
            .AddSingleton<TimeProvider>(_clock).AddSingleton(new CallRates { Calls = new(Burst, TimeSpan.FromSeconds(1)) }));
        (_anna, _ben) = (await _server.PersonAsync("Anna"), await _server.PersonAsync("Ben"));
        await _anna.BefriendAsync(_ben);
        _talk = await _anna.TalkAsync(_ben);
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task A_long_answer_counts_as_several_calls_of_whoever_asked()
    {
        var length = await SayMuchAsync();
        var cost = 1 + (length / CallRates.AnswerBytes);
        Assert.InRange(cost, 30, 50);
        var read = 0;
        Answer answer;
        while ((answer = await ReadAsync(_ben)).Status == HttpStatusCode.OK)
        {
            Assert.InRange(++read, 1, (Burst / cost) + 1);
        }

        // As long as it takes until the account owes nothing, not only the time of one call.
        var owed = (cost * read) - Burst + 1;
        Assert.Equal(TimeSpan.FromSeconds(owed), answer.Is(HttpStatusCode.TooManyRequests).Message.Headers.RetryAfter!.Delta);
        (await ReadAsync(_anna)).Is(HttpStatusCode.OK);
        (await _ben.SayAsync(_talk, "goes on")).Is(HttpStatusCode.Created);
        _clock.Advance(TimeSpan.FromSeconds(owed));
        (await ReadAsync(_ben)).Is(HttpStatusCode.OK);
        (await _ben.GetAsync("/api/me")).Is(HttpStatusCode.TooManyRequests);
    }

    [Fact]
    public async Task However_many_were_asked_for_at_once_they_are_paid_for_and_no_longer_than_the_most_that_is_owed()
    {
        await SayMuchAsync();
        await Task.WhenAll(Enumerable.Range(0, Burst).Select(_ => ReadAsync(_ben)));
        // Those that were under way; the others were turned away.
        var cost = CallsUnderWay.OfAccount * 30;
        _clock.Advance(TimeSpan.FromSeconds(cost - Burst));
        (await _ben.GetAsync("/api/me")).Is(HttpStatusCode.TooManyRequests);
        _clock.Advance(TimeSpan.FromSeconds((CallRates.MostOwed * Burst) - cost + Burst));
        (await _ben.GetAsync("/api/me")).Is(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Ordinary_answers_and_files_count_as_one_call()
    {
        for (var i = 0; i < 50; i++)
        {
            var said = await _anna.SayAsync(_talk, $"A message of some words, like those that people write all day, the {i}th of them.");
            said.Is(HttpStatusCode.Created);
        }

        var file = (await _ben.UploadAsync(new byte[1 << 20], "x", "file")).Is(HttpStatusCode.Created).Text("id");
        _clock.Advance(TimeSpan.FromDays(1));
        for (var i = 0; i < Burst; i++)
        {
            var path = i % 10 == 0 ? $"/api/files/{file}" : $"/api/conversations/{_talk}/messages?limit=50";
            (await _ben.GetAsync(path)).Is(HttpStatusCode.OK);
        }

        var refused = (await _ben.GetAsync("/api/me")).Is(HttpStatusCode.TooManyRequests);
        Assert.Equal(TimeSpan.FromSeconds(1), refused.Message.Headers.RetryAfter!.Delta);
    }

    private Task<Answer> ReadAsync(Someone who) => who.GetAsync($"/api/conversations/{_talk}/messages?after=0&limit=200");

    /// <summary>As much as one page of a conversation may have; how many bytes that is.</summary>
    private async Task<int> SayMuchAsync()
    {
        var text = new string('中', 4000);
        for (var i = 0; i < 200; i++)
        {
            (await _anna.SayAsync(_talk, text)).Is(HttpStatusCode.Created);
        }

        var length = System.Text.Encoding.UTF8.GetByteCount((await ReadAsync(_anna)).Is(HttpStatusCode.OK).Body);
        _clock.Advance(TimeSpan.FromDays(1));
        return length;
    }
}
