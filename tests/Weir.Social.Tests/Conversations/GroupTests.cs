using System.Net;
using System.Text.Json;
using Weir.Social.Conversations;

namespace Weir.Social.Tests;

public sealed class GroupsOnSqlite(SqliteServer shared) : GroupTests(shared);

public sealed class GroupsOnPostgres(PostgresServer shared) : GroupTests(shared);

public abstract class GroupTests(SharedServer shared)
{
    private readonly Server _server = shared.Server;

    [Fact]
    public async Task What_happens_to_a_group_is_said_in_it_and_counts_as_unread_to_nobody()
    {
        var (anna, ben, cleo, dora) = await FourAsync();
        var id = await GroupAsync(anna, ben, cleo);
        (await anna.PutAsync($"/api/conversations/{id}/members/{dora.Handle}")).Is(HttpStatusCode.NoContent);
        (await anna.PatchAsync($"/api/conversations/{id}", new { name = "<b>Us</b>" })).Is(HttpStatusCode.NoContent);
        (await anna.PatchAsync($"/api/conversations/{id}", new { name = "<b>Us</b>" })).Is(HttpStatusCode.NoContent);
        (await anna.PutAsync($"/api/conversations/{id}/administrators/{ben.Handle}")).Is(HttpStatusCode.NoContent);
        (await ben.DeleteAsync($"/api/conversations/{id}/members/{cleo.Handle}")).Is(HttpStatusCode.NoContent);
        (await anna.PutAsync($"/api/conversations/{id}/owner/{ben.Handle}")).Is(HttpStatusCode.NoContent);
        (await dora.PostAsync($"/api/conversations/{id}/leave")).Is(HttpStatusCode.NoContent);
        (await anna.SayAsync(id, "Done")).Is(HttpStatusCode.Created);

        var said = (await ben.GetAsync($"/api/conversations/{id}/messages")).Json.EnumerateArray()
            .Where(m => m.GetProperty("notice").ValueKind == JsonValueKind.Object)
            .Select(m => (
                m.GetProperty("sender").GetProperty("handle").GetString(),
                m.GetProperty("notice").GetProperty("kind").GetString(),
                string.Join(' ', m.GetProperty("notice").GetProperty("people").EnumerateArray().Select(p => p.GetProperty("handle").GetString())),
                m.GetProperty("notice").GetProperty("name").GetString()));
        Assert.Equal(
            [
                (anna.Handle, "added", dora.Handle, null), (anna.Handle, "renamed", "", "<b>Us</b>"), (anna.Handle, "administrator", ben.Handle, null),
                (ben.Handle, "removed", cleo.Handle, null), (anna.Handle, "owner", ben.Handle, null),
            ],
            said);
        Assert.Equal(1, (await EntryAsync(ben, id)).GetProperty("unread").GetInt32());
        var group = await anna.GetAsync($"/api/conversations/{id}");
        Assert.Equal(("administrator", 2), (group.Text("role"), group["members"].GetArrayLength()));
        (await anna.PutAsync($"/api/conversations/{id}/owner/{anna.Handle}")).Is(HttpStatusCode.Forbidden);
        (await ben.PutAsync($"/api/conversations/{id}/owner/{cleo.Handle}")).Is(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Who_is_named_in_a_group_finds_how_often_and_where_even_when_muted()
    {
        var (anna, ben, cleo, _) = await FourAsync();
        var id = await GroupAsync(anna, ben, cleo);
        (await ben.PutAsync($"/api/conversations/{id}/mute")).Is(HttpStatusCode.NoContent);
        await anna.SayAsync(id, "Nobody");
        await NameAsync(anna, id, ben);
        await NameAsync(cleo, id, anna);
        await NameAsync(cleo, id, ben);
        Assert.Equal((4, 2, (long?)2), await SeenAsync(ben));
        (await ben.PutAsync($"/api/conversations/{id}/read", new { seq = 2 })).Is(HttpStatusCode.NoContent);
        Assert.Equal((2, 1, (long?)4), await SeenAsync(ben));
        (await ben.PutAsync($"/api/conversations/{id}/read", new { seq = 4 })).Is(HttpStatusCode.NoContent);
        Assert.Equal((0, 0, null), await SeenAsync(ben));
        Assert.Equal((2, 1, (long?)3), await SeenAsync(anna));

        async Task<(int, int, long?)> SeenAsync(Someone who)
        {
            var entry = await EntryAsync(who, id);
            var first = entry.GetProperty("mentionSeq");
            return (entry.GetProperty("unread").GetInt32(), entry.GetProperty("mentions").GetInt32(), first.ValueKind == JsonValueKind.Null ? null : first.GetInt64());
        }

        static async Task NameAsync(Someone who, string id, Someone whom) =>
            (await who.PostAsync($"/api/conversations/{id}/messages", new { clientId = Guid.NewGuid().ToString(), text = "You", mentions = new[] { whom.Id } })).Is(HttpStatusCode.Created);
    }

    [Fact]
    public async Task A_link_shows_and_opens_the_group_until_it_is_revoked()
    {
        var (anna, ben, cleo, dora) = await FourAsync();
        var stranger = await _server.PersonAsync("Stranger");
        var id = await GroupAsync(anna, ben, cleo);
        await anna.SayAsync(id, "Before");
        (await ben.PostAsync($"/api/conversations/{id}/links")).Is(HttpStatusCode.Forbidden);
        (await ben.GetAsync($"/api/conversations/{id}/links")).Is(HttpStatusCode.Forbidden);
        foreach (var days in new[] { 0, -1, 31 })
        {
            Assert.Equal("days-range", (await anna.PostAsync($"/api/conversations/{id}/links", new { days })).Is(HttpStatusCode.BadRequest).Code);
        }

        var made = (await anna.PostAsync($"/api/conversations/{id}/links")).Is(HttpStatusCode.Created);
        var code = made.Text("code");
        Assert.Equal(TimeSpan.FromDays(7), made["expiresAt"].GetDateTimeOffset() - made["createdAt"].GetDateTimeOffset());
        (await _server.Anybody.GetAsync($"/api/group-links/{code}")).Is(HttpStatusCode.Unauthorized);
        (await _server.Anybody.PostAsync($"/api/group-links/{code}/join")).Is(HttpStatusCode.Unauthorized);
        var shown = (await stranger.GetAsync($"/api/group-links/{code}")).Is(HttpStatusCode.OK);
        Assert.Equal(("Us", 3, JsonValueKind.Null), (shown.Text("name"), shown["members"].GetInt32(), shown["conversation"].ValueKind));
        Assert.Equal(["conversation", "expiresAt", "members", "name"], shown.Json.EnumerateObject().Select(p => p.Name).Order());

        Assert.Equal(id, (await stranger.PostAsync($"/api/group-links/{code}/join")).Is(HttpStatusCode.OK).Text("id"));
        Assert.Equal(id, (await stranger.PostAsync($"/api/group-links/{code}/join")).Is(HttpStatusCode.OK).Text("id"));
        Assert.Equal(id, (await stranger.GetAsync($"/api/group-links/{code}")).Text("conversation"));
        Assert.Equal(3, (await stranger.SayAsync(id, "Hello")).Is(HttpStatusCode.Created)["seq"].GetInt64());
        var read = (await stranger.GetAsync($"/api/conversations/{id}/messages")).Json.EnumerateArray().ToList();
        Assert.Equal(("joined", "Hello"), (read[0].GetProperty("notice").GetProperty("kind").GetString(), read[1].GetProperty("text").GetString()));
        var listed = (await anna.GetAsync($"/api/conversations/{id}/links")).Json.EnumerateArray().Single();
        Assert.Equal((code, 1, anna.Handle), (listed.GetProperty("code").GetString(), listed.GetProperty("joined").GetInt32(), listed.GetProperty("by").GetProperty("handle").GetString()));

        // Who was removed does not come back by a link, but by being asked in.
        (await anna.DeleteAsync($"/api/conversations/{id}/members/{stranger.Handle}")).Is(HttpStatusCode.NoContent);
        var none = (await stranger.GetAsync("/api/group-links/nothing")).Is(HttpStatusCode.NotFound);
        Assert.Equal(none.Body, (await stranger.GetAsync($"/api/group-links/{code}")).Is(HttpStatusCode.NotFound).Body);
        Assert.Equal(none.Body, (await stranger.PostAsync($"/api/group-links/{code}/join")).Is(HttpStatusCode.NotFound).Body);
        await anna.BefriendAsync(stranger);
        (await anna.PutAsync($"/api/conversations/{id}/members/{stranger.Handle}")).Is(HttpStatusCode.NoContent);
        (await stranger.PostAsync($"/api/conversations/{id}/leave")).Is(HttpStatusCode.NoContent);
        (await stranger.PostAsync($"/api/group-links/{code}/join")).Is(HttpStatusCode.OK);

        (await ben.DeleteAsync($"/api/conversations/{id}/links/{code}")).Is(HttpStatusCode.Forbidden);
        (await dora.DeleteAsync($"/api/conversations/{id}/links/{code}")).Is(HttpStatusCode.NotFound);
        (await anna.DeleteAsync($"/api/conversations/{id}/links/{code}")).Is(HttpStatusCode.NoContent);
        (await anna.DeleteAsync($"/api/conversations/{id}/links/{code}")).Is(HttpStatusCode.NotFound);
        Assert.Equal(none.Body, (await dora.GetAsync($"/api/group-links/{code}")).Is(HttpStatusCode.NotFound).Body);
        Assert.Equal(none.Body, (await dora.PostAsync($"/api/group-links/{code}/join")).Is(HttpStatusCode.NotFound).Body);

        // What an administrator handed out ends with the office.
        (await anna.PutAsync($"/api/conversations/{id}/administrators/{ben.Handle}")).Is(HttpStatusCode.NoContent);
        var bens = (await ben.PostAsync($"/api/conversations/{id}/links", new { days = 1 })).Is(HttpStatusCode.Created).Text("code");
        (await dora.GetAsync($"/api/group-links/{bens}")).Is(HttpStatusCode.OK);
        (await anna.DeleteAsync($"/api/conversations/{id}/administrators/{ben.Handle}")).Is(HttpStatusCode.NoContent);
        (await dora.GetAsync($"/api/group-links/{bens}")).Is(HttpStatusCode.NotFound);
        for (var i = 0; i < GroupLink.MaxOpen; i++)
        {
            (await anna.PostAsync($"/api/conversations/{id}/links")).Is(HttpStatusCode.Created);
        }

        Assert.Equal("too-many-links", (await anna.PostAsync($"/api/conversations/{id}/links")).Is(HttpStatusCode.Conflict).Code);
    }

    [Fact]
    public async Task Above_forty_members_whoever_is_wanted_decides()
    {
        var owner = await _server.PersonAsync("Owner");
        var people = await Task.WhenAll(Enumerable.Range(0, Conversation.AsksFrom + 4).Select(_ => _server.PersonAsync("Member")));
        await _server.BefriendAllAsync(owner, people);
        var (wanted, last, blocked, declines) = (people[^2], people[^1], people[^3], people[^4]);
        var made = (await owner.PostAsync("/api/conversations", new { members = people[..^1].Select(p => p.Handle), name = "Many" })).Is(HttpStatusCode.Created);
        var id = made.Text("id");
        Assert.Equal(4, made["asked"].GetInt32());
        var details = await owner.GetAsync($"/api/conversations/{id}");
        Assert.Equal((Conversation.AsksFrom, 4), (details["members"].GetArrayLength(), details["asked"].GetArrayLength()));
        Assert.Equal(0, (await people[0].GetAsync($"/api/conversations/{id}"))["asked"].GetArrayLength());
        (await wanted.GetAsync($"/api/conversations/{id}")).Is(HttpStatusCode.NotFound);
        (await wanted.SayAsync(id, "Am I in?")).Is(HttpStatusCode.NotFound);

        var invitation = (await wanted.GetAsync("/api/group-invitations")).Json.EnumerateArray().Single();
        Assert.Equal((id, "Many", Conversation.AsksFrom, owner.Handle), (
            invitation.GetProperty("conversation").GetString(), invitation.GetProperty("name").GetString(), invitation.GetProperty("members").GetInt32(), invitation.GetProperty("by").GetProperty("handle").GetString()));
        var notice = (await wanted.GetAsync("/api/notifications"))["items"].EnumerateArray().Single(n => n.GetProperty("kind").GetString() == "groupRequest");
        Assert.Equal(("groupInvitation", id, "Many"), (
            notice.GetProperty("place").GetProperty("kind").GetString(), notice.GetProperty("place").GetProperty("id").GetString(), notice.GetProperty("place").GetProperty("name").GetString()));
        Assert.Equal(id, (await wanted.PostAsync($"/api/group-invitations/{id}/accept")).Is(HttpStatusCode.OK).Text("id"));
        (await wanted.PostAsync($"/api/group-invitations/{id}/accept")).Is(HttpStatusCode.NotFound);
        (await wanted.SayAsync(id, "I am")).Is(HttpStatusCode.Created);
        Assert.DoesNotContain((await wanted.GetAsync("/api/notifications"))["items"].EnumerateArray(), n => n.GetProperty("kind").GetString() == "groupRequest");

        (await declines.DeleteAsync($"/api/group-invitations/{id}")).Is(HttpStatusCode.NoContent);
        (await declines.DeleteAsync($"/api/group-invitations/{id}")).Is(HttpStatusCode.NotFound);
        (await declines.PostAsync($"/api/group-invitations/{id}/accept")).Is(HttpStatusCode.NotFound);
        // What an administrator asked is good while they are one; whoever asks again answers for it from then on.
        await people[0].BefriendAsync(last);
        (await owner.PutAsync($"/api/conversations/{id}/administrators/{people[0].Handle}")).Is(HttpStatusCode.NoContent);
        (await people[0].PutAsync($"/api/conversations/{id}/members/{last.Handle}")).Is(HttpStatusCode.Accepted);
        Assert.Single((await last.GetAsync("/api/group-invitations")).Json.EnumerateArray());
        (await owner.DeleteAsync($"/api/conversations/{id}/administrators/{people[0].Handle}")).Is(HttpStatusCode.NoContent);
        Assert.Empty((await last.GetAsync("/api/group-invitations")).Json.EnumerateArray());
        (await last.PostAsync($"/api/group-invitations/{id}/accept")).Is(HttpStatusCode.NotFound);
        (await owner.PutAsync($"/api/conversations/{id}/members/{last.Handle}")).Is(HttpStatusCode.Accepted);
        (await owner.PutAsync($"/api/conversations/{id}/members/{last.Handle}")).Is(HttpStatusCode.Accepted);
        Assert.Single((await last.GetAsync("/api/group-invitations")).Json.EnumerateArray());
        (await last.GetAsync($"/api/conversations/{id}")).Is(HttpStatusCode.NotFound);
        // Taken back, blocked and never asked are one.
        (await owner.DeleteAsync($"/api/conversations/{id}/members/{last.Handle}")).Is(HttpStatusCode.NoContent);
        (await blocked.PutAsync($"/api/blocks/{owner.Handle}")).Is(HttpStatusCode.NoContent);
        foreach (var nobody in new[] { last, blocked, await _server.PersonAsync("Outsider") })
        {
            Assert.Empty((await nobody.GetAsync("/api/group-invitations")).Json.EnumerateArray());
            (await nobody.PostAsync($"/api/group-invitations/{id}/accept")).Is(HttpStatusCode.NotFound);
        }

        Assert.Equal(Conversation.AsksFrom + 1, (await owner.GetAsync($"/api/conversations/{id}"))["members"].GetArrayLength());
    }

    [Fact]
    public async Task Five_hundred_is_the_most_whichever_way_one_comes()
    {
        var owner = await _server.PersonAsync("Owner");
        var (last, friend, stranger) = (await _server.PersonAsync("Last"), await _server.PersonAsync("Friend"), await _server.PersonAsync("Stranger"));
        await owner.BefriendAsync(last);
        await owner.BefriendAsync(friend);
        Assert.Equal("members-count", (await owner.PostAsync("/api/conversations", new { members = Enumerable.Range(0, 500).Select(i => $"somebody_{i}") })).Is(HttpStatusCode.BadRequest).Code);
        var id = (await owner.PostAsync("/api/conversations", new { members = new[] { last.Handle }, name = "All" })).Is(HttpStatusCode.Created).Text("id");
        await _server.CrowdAsync(id, Conversation.MaxMembers - 3);
        var code = (await owner.PostAsync($"/api/conversations/{id}/links")).Is(HttpStatusCode.Created).Text("code");
        (await owner.PutAsync($"/api/conversations/{id}/members/{friend.Handle}")).Is(HttpStatusCode.Accepted);
        (await stranger.PostAsync($"/api/group-links/{code}/join")).Is(HttpStatusCode.OK);
        Assert.Equal("group-full", (await friend.PostAsync($"/api/group-invitations/{id}/accept")).Is(HttpStatusCode.Conflict).Code);
        Assert.Equal("group-full", (await (await _server.PersonAsync("Late")).PostAsync($"/api/group-links/{code}/join")).Is(HttpStatusCode.Conflict).Code);
        Assert.Equal("group-full", (await owner.PutAsync($"/api/conversations/{id}/members/{friend.Handle}")).Is(HttpStatusCode.Conflict).Code);
        (await last.SayAsync(id, "Hello all")).Is(HttpStatusCode.Created);
        Assert.Equal(Conversation.MaxMembers, (await owner.GetAsync($"/api/conversations/{id}"))["members"].GetArrayLength());
        // A seat is free again, and the one who was asked still may take it.
        (await stranger.PostAsync($"/api/conversations/{id}/leave")).Is(HttpStatusCode.NoContent);
        (await friend.PostAsync($"/api/group-invitations/{id}/accept")).Is(HttpStatusCode.OK);
    }

    private async Task<(Someone Anna, Someone Ben, Someone Cleo, Someone Dora)> FourAsync()
    {
        var (anna, ben, cleo, dora) = (await _server.PersonAsync("Anna"), await _server.PersonAsync("Ben"), await _server.PersonAsync("Cleo"), await _server.PersonAsync("Dora"));
        foreach (var friend in new[] { ben, cleo, dora })
        {
            await anna.BefriendAsync(friend);
        }

        return (anna, ben, cleo, dora);
    }

    private static async Task<string> GroupAsync(Someone owner, params Someone[] others) =>
        (await owner.PostAsync("/api/conversations", new { members = others.Select(o => o.Handle), name = "Us" })).Is(HttpStatusCode.Created).Text("id");

    private static async Task<JsonElement> EntryAsync(Someone who, string id) =>
        (await who.GetAsync("/api/conversations"))["conversations"].EnumerateArray().Single(e => e.GetProperty("id").GetString() == id);
}
