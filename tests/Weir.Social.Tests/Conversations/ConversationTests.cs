using System.Net;
using System.Text.Json;
using Weir.Social.Conversations;

namespace Weir.Social.Tests;

public sealed class ConversationsOnSqlite(SqliteServer shared) : ConversationTests(shared);

public sealed class ConversationsOnPostgres(PostgresServer shared) : ConversationTests(shared);

public abstract class ConversationTests(SharedServer shared)
{
    private readonly Server _server = shared.Server;

    [Fact]
    public async Task Two_people_have_one_conversation_even_when_both_begin_it_at_once()
    {
        var (anna, ben) = await FriendsAsync();
        var answers = await Task.WhenAll(Enumerable.Range(0, 10).Select(i => i % 2 == 0 ? anna.TalkAsync(ben) : ben.TalkAsync(anna)));
        Assert.Single(answers.Distinct());
        Assert.Equal(answers[0], await anna.TalkAsync(ben));
        var group = (await anna.PostAsync("/api/conversations", new { members = new[] { ben.Handle }, name = "Us" })).Is(HttpStatusCode.Created).Text("id");
        Assert.NotEqual(answers[0], group);
    }

    [Fact]
    public async Task The_same_client_id_is_one_message_however_often_it_is_sent_at_once()
    {
        var (anna, ben) = await FriendsAsync();
        var id = await anna.TalkAsync(ben);
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => anna.SayAsync(id, "Hello", "one")));
        Assert.All(answers, answer => answer.Is(HttpStatusCode.Created));
        Assert.Single(answers.Select(answer => answer.Body).Distinct());
        Assert.Equal(answers[0].Body, (await anna.SayAsync(id, "Something else", "one")).Is(HttpStatusCode.Created).Body);
        Assert.Equal(2, (await ben.SayAsync(id, "Mine", "one")).Is(HttpStatusCode.Created)["seq"].GetInt64());
        Assert.Equal(["Hello", "Mine"], (await ben.GetAsync($"/api/conversations/{id}/messages")).Json.EnumerateArray().Select(m => m.GetProperty("text").GetString()!));
    }

    [Fact]
    public async Task Eight_writers_get_numbers_without_gaps_and_a_reader_catches_up_by_pages()
    {
        const int writers = 8, each = 200;
        var owner = await _server.PersonAsync("Owner");
        var others = await Task.WhenAll(Enumerable.Range(0, writers - 1).Select(_ => _server.PersonAsync("Writer")));
        foreach (var other in others)
        {
            await owner.BefriendAsync(other);
        }

        var id = (await owner.PostAsync("/api/conversations", new { members = others.Select(o => o.Handle), name = "Many" })).Is(HttpStatusCode.Created).Text("id");
        var acknowledged = (await Task.WhenAll(others.Append(owner).Select(async writer =>
        {
            var mine = new List<(long Seq, string Text)>();
            for (var i = 0; i < each; i++)
            {
                var text = $"{writer.Handle} {i}";
                mine.Add(((await writer.SayAsync(id, text)).Is(HttpStatusCode.Created)["seq"].GetInt64(), text));
            }

            Assert.Equal(mine.Select(m => m.Seq).Order(), mine.Select(m => m.Seq));
            return mine;
        }))).SelectMany(m => m).OrderBy(m => m.Seq).ToList();
        Assert.Equal(Enumerable.Range(1, writers * each).Select(i => (long)i), acknowledged.Select(m => m.Seq));
        Assert.Equal(acknowledged, await others[0].CatchUpAsync(id, 0, 137));
        Assert.Equal(acknowledged.Skip(1500), await owner.CatchUpAsync(id, 1500, 200));
        var back = (await owner.GetAsync($"/api/conversations/{id}/messages?before=1001&limit=3")).Json.EnumerateArray().Select(m => m.GetProperty("seq").GetInt64());
        Assert.Equal([998, 999, 1000], back);
    }

    [Fact]
    public async Task Only_friends_are_asked_and_former_friends_cannot_write_but_keep_what_was_said()
    {
        var (anna, ben) = await FriendsAsync();
        var stranger = await _server.PersonAsync("Stranger");
        foreach (var handle in new[] { stranger.Handle, "nobody_at_all" })
        {
            Assert.Equal("not-a-friend", (await anna.PostAsync("/api/conversations", new { members = new[] { handle } })).Is(HttpStatusCode.BadRequest).Code);
        }

        Assert.Equal("members-count", (await anna.PostAsync("/api/conversations", new { members = new[] { anna.Handle } })).Is(HttpStatusCode.BadRequest).Code);
        var id = await anna.TalkAsync(ben);
        var first = (await anna.SayAsync(id, "Hello", "first")).Is(HttpStatusCode.Created);
        await ben.DeleteAsync($"/api/friends/{anna.Handle}");
        var unfriended = (await anna.SayAsync(id, "Still there?")).Is(HttpStatusCode.Forbidden);
        Assert.Equal("not-friends", unfriended.Code);
        Assert.False((await anna.GetAsync($"/api/conversations/{id}"))["mayWrite"].GetBoolean());
        await ben.BefriendAsync(anna);
        (await anna.SayAsync(id, "There you are")).Is(HttpStatusCode.Created);
        await ben.PutAsync($"/api/blocks/{anna.Handle}");
        Assert.Equal(unfriended.Body, (await anna.SayAsync(id, "And now?")).Is(HttpStatusCode.Forbidden).Body);
        Assert.Equal(unfriended.Body, (await ben.SayAsync(id, "I cannot either")).Is(HttpStatusCode.Forbidden).Body);
        Assert.Equal(first.Body, (await anna.SayAsync(id, "Hello", "first")).Is(HttpStatusCode.Created).Body);
        Assert.Equal(2, (await anna.CatchUpAsync(id, 0, 10)).Count);
        Assert.Equal(id, await anna.TalkAsync(ben));
    }

    [Fact]
    public async Task Bad_texts_and_client_ids_are_refused_by_their_field()
    {
        var (anna, ben) = await FriendsAsync();
        var id = await anna.TalkAsync(ben);
        foreach (var text in new[] { null, "", " \n ", "\0", "\u200d", new string('x', 4001) })
        {
            Assert.Equal("text-shape", (await anna.SayAsync(id, text)).Is(HttpStatusCode.BadRequest).Code);
        }

        foreach (var clientId in new[] { "", "é", new string('x', 101), "a\nb" })
        {
            Assert.Equal("client-id-shape", (await anna.SayAsync(id, "Hello", clientId)).Is(HttpStatusCode.BadRequest).Code);
        }

        foreach (var text in new[] { new string('x', 4000), string.Concat(Enumerable.Repeat("🎈", 4000)), "two\nlines", "<script>alert(1)</script>", "👩‍👩‍👧 سلام", "a\tb", "caf\uFFFD" })
        {
            var seq = (await anna.SayAsync(id, $"  {text} ")).Is(HttpStatusCode.Created)["seq"].GetInt64();
            Assert.Equal([(seq, text)], await ben.CatchUpAsync(id, seq - 1, 1));
        }

        Assert.Equal("reply-unknown", (await anna.PostAsync($"/api/conversations/{id}/messages", new { clientId = "r", text = "x", replyTo = Guid.NewGuid().ToString("N") })).Is(HttpStatusCode.BadRequest).Code);
    }

    [Fact]
    public async Task A_reply_quotes_a_mention_names_a_member_and_a_recall_leaves_a_notice()
    {
        var (anna, ben) = await FriendsAsync();
        var id = await anna.TalkAsync(ben);
        var first = (await anna.SayAsync(id, "A secret")).Is(HttpStatusCode.Created).Text("id");
        (await ben.PostAsync($"/api/conversations/{id}/messages", new { clientId = "r", text = "What?", replyTo = first, mentions = new[] { anna.Id, Guid.NewGuid().ToString("N") } })).Is(HttpStatusCode.Created);
        var reply = (await anna.GetAsync($"/api/conversations/{id}/messages?after=1")).Json[0];
        Assert.Equal("A secret", reply.GetProperty("replyTo").GetProperty("text").GetString());
        Assert.Equal(anna.Handle, reply.GetProperty("replyTo").GetProperty("sender").GetProperty("handle").GetString());
        Assert.Equal([anna.Id], reply.GetProperty("mentions").EnumerateArray().Select(m => m.GetString()!));
        Assert.Equal("not-yours", (await ben.PostAsync($"/api/conversations/{id}/messages/{first}/recall")).Is(HttpStatusCode.Forbidden).Code);
        (await anna.PostAsync($"/api/conversations/{id}/messages/{first}/recall")).Is(HttpStatusCode.NoContent);
        (await anna.PostAsync($"/api/conversations/{id}/messages/{first}/recall")).Is(HttpStatusCode.NoContent);
        var all = (await ben.GetAsync($"/api/conversations/{id}/messages")).Json;
        Assert.DoesNotContain("A secret", all.GetRawText());
        Assert.Equal(1, all[0].GetProperty("seq").GetInt64());
        Assert.Equal(JsonValueKind.String, all[0].GetProperty("recalledAt").ValueKind);
    }

    [Fact]
    public async Task The_list_is_newest_first_with_pins_unread_and_pages()
    {
        var (anna, ben) = await FriendsAsync();
        var ids = new List<string>();
        for (var i = 0; i < 5; i++)
        {
            ids.Add((await anna.PostAsync("/api/conversations", new { members = new[] { ben.Handle }, name = $"Group {i}" })).Is(HttpStatusCode.Created).Text("id"));
        }

        foreach (var id in ids)
        {
            await anna.SayAsync(id, "one");
            await anna.SayAsync(id, "two");
            await ben.SayAsync(id, "mine");
        }

        (await ben.PutAsync($"/api/conversations/{ids[0]}/pin")).Is(HttpStatusCode.NoContent);
        (await ben.PutAsync($"/api/conversations/{ids[1]}/mute")).Is(HttpStatusCode.NoContent);
        (await ben.PutAsync($"/api/conversations/{ids[2]}/read", new { seq = 1 })).Is(HttpStatusCode.NoContent);
        (await ben.PutAsync($"/api/conversations/{ids[3]}/read", new { seq = 1_000_000 })).Is(HttpStatusCode.NoContent);
        (await ben.PutAsync($"/api/conversations/{ids[3]}/read", new { seq = 1 })).Is(HttpStatusCode.NoContent);
        var first = await ben.GetAsync("/api/conversations?limit=2");
        var second = await ben.GetAsync($"/api/conversations?limit=2&before={first.Text("next")}");
        var entries = first["conversations"].EnumerateArray().Concat(second["conversations"].EnumerateArray()).ToList();
        Assert.Equal([ids[0], ids[4], ids[3], ids[2], ids[1]], entries.Select(e => e.GetProperty("id").GetString()!));
        Assert.Equal([2, 2, 0, 1, 2], entries.Select(e => e.GetProperty("unread").GetInt32()));
        Assert.Equal(JsonValueKind.Null, second["next"].ValueKind);
        Assert.Equal((true, false, true, "mine"), (
            entries[0].GetProperty("pinned").GetBoolean(),
            entries[0].GetProperty("muted").GetBoolean(),
            entries[4].GetProperty("muted").GetBoolean(),
            entries[0].GetProperty("lastMessage").GetProperty("text").GetString()!));
        Assert.Equal(anna.Handle, entries[0].GetProperty("people")[0].GetProperty("handle").GetString());
        Assert.Equal("cursor-shape", (await ben.GetAsync("/api/conversations?before=x")).Is(HttpStatusCode.BadRequest).Code);
    }

    [Fact]
    public async Task A_group_is_led_by_its_owner_and_administrators_and_left_in_silence()
    {
        var (anna, ben) = await FriendsAsync();
        var (cleo, dora) = (await _server.PersonAsync("Cleo"), await _server.PersonAsync("Dora"));
        await anna.BefriendAsync(cleo);
        await ben.BefriendAsync(dora);
        var id = (await anna.PostAsync("/api/conversations", new { members = new[] { ben.Handle, cleo.Handle } })).Is(HttpStatusCode.Created).Text("id");
        await anna.SayAsync(id, "Before Dora");
        (await ben.PutAsync($"/api/conversations/{id}/members/{dora.Handle}")).Is(HttpStatusCode.Forbidden);
        (await ben.PutAsync($"/api/conversations/{id}/administrators/{ben.Handle}")).Is(HttpStatusCode.Forbidden);
        (await anna.PutAsync($"/api/conversations/{id}/administrators/{ben.Handle}")).Is(HttpStatusCode.NoContent);
        (await ben.PutAsync($"/api/conversations/{id}/members/{dora.Handle}")).Is(HttpStatusCode.NoContent);
        (await ben.PatchAsync($"/api/conversations/{id}", new { name = "Renamed" })).Is(HttpStatusCode.NoContent);
        // What was said before is not hers; that she was added, and the new name, are.
        Assert.Equal(5, (await dora.SayAsync(id, "Hello")).Is(HttpStatusCode.Created)["seq"].GetInt64());
        Assert.Equal([(3L, ""), (4L, ""), (5L, "Hello")], await dora.CatchUpAsync(id, 0, 10));
        Assert.Equal("not-above", (await ben.DeleteAsync($"/api/conversations/{id}/members/{anna.Handle}")).Is(HttpStatusCode.Forbidden).Code);
        (await ben.DeleteAsync($"/api/conversations/{id}/members/{cleo.Handle}")).Is(HttpStatusCode.NoContent);
        (await cleo.SayAsync(id, "Still?")).Is(HttpStatusCode.NotFound);
        (await cleo.GetAsync($"/api/conversations/{id}")).Is(HttpStatusCode.NotFound);
        (await anna.PostAsync($"/api/conversations/{id}/leave")).Is(HttpStatusCode.NoContent);
        (await anna.SayAsync(id, "Gone")).Is(HttpStatusCode.NotFound);
        var group = (await ben.GetAsync($"/api/conversations/{id}")).Is(HttpStatusCode.OK);
        Assert.Equal(("Renamed", "owner", 2, 6L), (group.Text("name"), group.Text("role"), group["members"].GetArrayLength(), group["lastSeq"].GetInt64()));
        var two = await anna.TalkAsync(ben);
        Assert.Equal("not-a-group", (await anna.PostAsync($"/api/conversations/{two}/leave")).Is(HttpStatusCode.Conflict).Code);
        (await ben.DeleteAsync("/api/me", new { password = Someone.Password })).Is(HttpStatusCode.NoContent);
        Assert.Equal("owner", (await dora.GetAsync($"/api/conversations/{id}")).Text("role"));
    }

    private async Task<(Someone, Someone)> FriendsAsync()
    {
        var (anna, ben) = (await _server.PersonAsync("Anna"), await _server.PersonAsync("Ben"));
        await anna.BefriendAsync(ben);
        return (anna, ben);
    }
}
