using System.Net;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Weir.Social.Tests.Moments;

namespace Weir.Social.Tests.Databases;

public sealed class HotReadsOnSqlite : HotReadTests
{
    protected override Task<Server> StartAsync(IInterceptor counter) =>
        Server.StartAsync(configure: b => b.Services.AddSingleton(counter));
}

public sealed class HotReadsOnPostgres(PostgresServer shared) : HotReadTests
{
    protected override Task<Server> StartAsync(IInterceptor counter) =>
        Server.StartAsync(shared.Cluster, b => b.Services.AddSingleton(counter));
}

/// <summary>
/// What every opened page reads takes a few commands, however much is shown, and the same texts however much is shown: each of them stays
/// translated and prepared.
/// </summary>
public abstract class HotReadTests : IAsyncLifetime
{
    private const int Shown = 20;
    private readonly CommandCounter _counter = new();
    private Server _server = null!;

    protected abstract Task<Server> StartAsync(IInterceptor counter);

    public async ValueTask InitializeAsync() => _server = await StartAsync(_counter);

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task The_feed_asks_for_the_page_its_audiences_likes_and_comments()
    {
        var (anna, ben, cleo, newcomer) = await PeopleAsync();
        await PostAsync(3, anna, ben, cleo);
        var few = await CommandsAsync(anna, "/api/moments");
        await PostAsync(Shown, anna, ben, cleo);
        Assert.Equal(Shown, (await anna.FeedAsync()).Count);

        var many = await CommandsAsync(anna, "/api/moments");
        Assert.Equal(4, many.Count);
        Assert.Equal(few, many);
        Assert.Equal(5, (await CommandsAsync(anna, $"/api/moments?before={(await anna.FeedAsync("?limit=2"))[^1].Id()}")).Count);
        Assert.Equal(few, await CommandsAsync(ben, "/api/moments?limit=7"));
        // The person, then the same.
        Assert.Equal(5, (await CommandsAsync(anna, $"/api/people/{anna.Handle}/moments")).Count);
        Assert.Single(await CommandsAsync(newcomer, "/api/moments"));
    }

    [Fact]
    public async Task Notices_ask_for_the_rows_the_people_and_once_for_each_kind()
    {
        var (anna, ben, cleo, newcomer) = await PeopleAsync();
        // What comes quietly, as all of this does by default, is not counted.
        await PostAsync(2, anna, ben, cleo);
        Assert.Single(await CommandsAsync(anna, "/api/notifications/unread"));
        (await anna.PutAsync("/api/notifications/settings", new { summaryAt = (int?)null })).Is(HttpStatusCode.OK);
        await PostAsync(1, anna, ben, cleo);
        var few = await CommandsAsync(anna, "/api/notifications/unread");
        await PostAsync(Shown, anna, ben, cleo);
        var unread = await anna.UnreadAsync();
        Assert.InRange(unread, Shown / 3 * 2, Shown * 2);
        var listed = await anna.NoticesAsync();
        Assert.Equal(unread, listed.Count(item => !item.GetProperty("read").GetBoolean() && !item.GetProperty("quiet").GetBoolean()));

        // Likes, and comments with answers to comments; in the list also those who took her request.
        var many = await CommandsAsync(anna, "/api/notifications/unread");
        Assert.Equal(4, many.Count);
        Assert.Equal(few.Order(), many.Order());
        Assert.Equal(5, (await CommandsAsync(anna, "/api/notifications")).Count);

        // Nothing but the rows for who has read it all, and for who has none.
        (await anna.PutAsync("/api/notifications/read", new { upTo = listed[0].Id() })).Is(HttpStatusCode.NoContent);
        Assert.Single(await CommandsAsync(anna, "/api/notifications/unread"));
        Assert.Equal(0, await anna.UnreadAsync());
        Assert.Single(await CommandsAsync(newcomer, "/api/notifications/unread"));
    }

    [Fact]
    public async Task Conversations_and_messages_ask_the_same_however_many_there_are()
    {
        var (anna, ben, cleo, newcomer) = await PeopleAsync();
        var two = await anna.TalkAsync(ben);
        (await ben.SayAsync(two, "Hello")).Is(HttpStatusCode.Created);
        var few = await CommandsAsync(anna, "/api/conversations");
        var fewMessages = await CommandsAsync(anna, $"/api/conversations/{two}/messages?before=100&limit=20");
        await cleo.SayAsync(await anna.TalkAsync(cleo), "Hello");
        for (var i = 0; i < Shown; i++)
        {
            (await (i % 2 == 0 ? anna : ben).SayAsync(two, $"Number {i}")).Is(HttpStatusCode.Created);
        }

        var many = await CommandsAsync(anna, "/api/conversations");
        Assert.Equal(3, many.Count);
        Assert.Equal(few, many);
        var manyMessages = await CommandsAsync(anna, $"/api/conversations/{two}/messages?before=100&limit=20");
        Assert.Equal(2, manyMessages.Count);
        Assert.Equal(fewMessages, manyMessages);

        // Whom a notice names, and where the unread messages of a group name the reader.
        var begun = await ben.PostAsync("/api/conversations", new { members = new[] { anna.Handle, cleo.Handle }, name = "Garden" });
        var group = begun.Is(HttpStatusCode.Created).Text("id");
        Assert.InRange((await CommandsAsync(anna, "/api/conversations")).Count, 3, 5);
        await cleo.SayAsync(group, "Good morning");
        Assert.InRange((await CommandsAsync(anna, "/api/conversations")).Count, 3, 5);
        Assert.InRange((await CommandsAsync(anna, $"/api/conversations/{group}/messages")).Count, 2, 3);
        Assert.InRange((await CommandsAsync(newcomer, "/api/conversations")).Count, 1, 3);
    }

    private async Task<(Someone Anna, Someone Ben, Someone Cleo, Someone Newcomer)> PeopleAsync()
    {
        var (anna, ben, cleo) = (await _server.PersonAsync("Anna"), await _server.PersonAsync("Ben"), await _server.PersonAsync("Cleo"));
        await anna.BefriendAsync(ben);
        await anna.BefriendAsync(cleo);
        await ben.BefriendAsync(cleo);
        return (anna, ben, cleo, await _server.PersonAsync("Newcomer"));
    }

    /// <summary>Moments of all three in turn, those of the first with audiences, a like, a comment and answers.</summary>
    private static async Task PostAsync(int moments, Someone anna, Someone ben, Someone cleo)
    {
        var circle = await anna.CircleAsync(ben, cleo);
        for (var i = 0; i < moments; i++)
        {
            object audience = i % 2 == 0
                ? new { kind = "circles", circles = new[] { circle } }
                : new { kind = "friends", except = new { accounts = new[] { "nobody_here" } } };
            var id = i % 3 == 0 ? await anna.PostMomentAsync($"{i}", audience) : await (i % 3 == 1 ? ben : cleo).PostMomentAsync($"{i}");
            if (i % 3 == 0)
            {
                await ben.LikeAsync(id);
                var asked = await cleo.CommentAsync(id, "Where?");
                await ben.CommentAsync(id, "Here", await anna.CommentAsync(id, "There", asked));
            }
        }
    }

    /// <summary>Of one answer, with everything looked up beforehand that is kept for a while.</summary>
    private async Task<IReadOnlyList<string>> CommandsAsync(Someone who, string path)
    {
        (await who.GetAsync(path)).Is(HttpStatusCode.OK);
        _counter.Reset();
        (await who.GetAsync(path)).Is(HttpStatusCode.OK);
        return _counter.TakeAnswering();
    }
}
