using System.Net;
using System.Text.Json;
using Weir.Social.Data;

namespace Weir.Social.Tests;

public sealed class NewcomersOnSqlite(SqliteServer shared) : NewcomerTests(shared);

public sealed class NewcomersOnPostgres(PostgresServer shared) : NewcomerTests(shared);

/// <summary>Whoever comes into a group reads it from then on. What was said before they do not read in an answer to it either.</summary>
public abstract class NewcomerTests(SharedServer shared)
{
    private const string Old = "What was said before";
    private readonly Server _server = shared.Server;

    [Fact]
    public async Task An_answer_to_something_older_quotes_it_to_those_who_were_there_alone()
    {
        var (anna, ben, newcomer, group, old) = await GroupAsync();
        await using var atBen = await Listener.OpenAsync(_server, ben, "message");
        await using var atNewcomer = await Listener.OpenAsync(_server, newcomer, "message");
        var answer = await ReplyAsync(anna, group, old);
        answer.Is(HttpStatusCode.Created);

        Assert.Contains(Old, (await atBen.NextAsync()).Body.GetRawText(), StringComparison.Ordinal);
        var heard = (await atNewcomer.NextAsync()).Body;
        Assert.Equal((answer.Text("id"), JsonValueKind.Null),
            (heard.GetProperty("id").GetString(), heard.GetProperty("replyTo").ValueKind));
        foreach (var path in new[] { $"/api/conversations/{group}/messages",
            $"/api/conversations/{group}/messages?before=1000", "/api/conversations" })
        {
            Assert.DoesNotContain(Old, (await newcomer.GetAsync(path)).Is(HttpStatusCode.OK).Body, StringComparison.Ordinal);
            Assert.Contains(Old, (await ben.GetAsync(path)).Is(HttpStatusCode.OK).Body, StringComparison.Ordinal);
        }

        // What was said since is quoted to everybody.
        (await ReplyAsync(ben, group, answer.Text("id"))).Is(HttpStatusCode.Created);
        Assert.Equal(answer.Text("id"), (await atNewcomer.NextAsync()).Body.GetProperty("replyTo").GetProperty("id").GetString());
    }

    [Fact]
    public async Task A_newcomer_cannot_answer_what_was_said_before()
    {
        var (_, ben, newcomer, group, old) = await GroupAsync();
        Assert.Equal("reply-unknown", (await ReplyAsync(newcomer, group, old)).Is(HttpStatusCode.BadRequest).Code);
        Assert.Equal("reply-unknown", (await ReplyAsync(newcomer, group, Guid.NewGuid().ToString("N"))).Is(HttpStatusCode.BadRequest).Code);
        (await ReplyAsync(ben, group, old)).Is(HttpStatusCode.Created);
    }

    [Fact]
    public async Task An_id_does_not_follow_from_what_others_know()
    {
        var (anna, ben) = (await _server.PersonAsync("Anna"), await _server.PersonAsync("Ben"));
        await anna.BefriendAsync(ben);
        var talk = await anna.TalkAsync(ben);
        var said = (await anna.SayAsync(talk, "Hello", "1")).Is(HttpStatusCode.Created);
        Assert.NotEqual(RepeatableIds.Former(Guid.Parse(talk), Guid.Parse(anna.Id), "1").ToString("N"), said.Text("id"));
        // The same again is the same message all the same.
        Assert.Equal(said.Text("id"), (await anna.SayAsync(talk, "Hello", "1")).Is(HttpStatusCode.Created).Text("id"));
    }

    [Fact]
    public async Task What_was_sent_before_ids_were_keyed_and_is_sent_again_is_the_same_message()
    {
        var (anna, ben) = (await _server.PersonAsync("Anna"), await _server.PersonAsync("Ben"));
        await anna.BefriendAsync(ben);
        var talk = await anna.TalkAsync(ben);
        var former = RepeatableIds.Former(Guid.Parse(talk), Guid.Parse(anna.Id), "1");
        await _server.ReadAsync(async db =>
        {
            var conversation = await db.Conversations.FindAsync(Guid.Parse(talk));
            conversation!.LastSeq = 1;
            db.Messages.Add(new Social.Conversations.Message
            {
                ConversationId = conversation.Id, Seq = 1, Id = former,
                    SenderId = Guid.Parse(anna.Id), ClientId = "1", Text = "Hello", SentAt = TimeProvider.System.Now(),
            });
            return await db.SaveChangesAsync();
        });
        Assert.Equal(former.ToString("N"), (await anna.SayAsync(talk, "Hello", "1")).Is(HttpStatusCode.Created).Text("id"));
    }

    private static Task<Answer> ReplyAsync(Someone one, string group, string to) =>
        one.PostAsync($"/api/conversations/{group}/messages",
            new { clientId = Guid.NewGuid().ToString(), text = "An answer", replyTo = to });

    private async Task<(Someone Anna, Someone Ben, Someone Newcomer, string Group, string Old)> GroupAsync()
    {
        var (anna, ben, newcomer) = (await _server.PersonAsync("Anna"), await _server.PersonAsync("Ben"),
            await _server.PersonAsync("Newcomer"));
        await anna.BefriendAsync(ben);
        await anna.BefriendAsync(newcomer);
        var group = (await anna.PostAsync("/api/conversations",
            new { members = new[] { ben.Handle }, name = "Us" })).Is(HttpStatusCode.Created).Text("id");
        var old = (await ben.SayAsync(group, Old, "1")).Is(HttpStatusCode.Created).Text("id");
        (await anna.PutAsync($"/api/conversations/{group}/members/{newcomer.Handle}")).Is(HttpStatusCode.NoContent);
        return (anna, ben, newcomer, group, old);
    }
}
