using System.Net;
using Weir.Social.Conversations;

namespace Weir.Social.Tests;

public sealed class EndedInvitationsOnSqlite(SqliteServer shared) : EndedInvitationTests(shared);

public sealed class EndedInvitationsOnPostgres(PostgresServer shared) : EndedInvitationTests(shared);

/// <summary>Who invited somebody into a group, and is no friend of theirs any more.</summary>
public abstract class EndedInvitationTests(SharedServer shared)
{
    private readonly Server _server = shared.Server;

    [Theory]
    [InlineData("the owner unfriends")]
    [InlineData("the invited unfriends")]
    [InlineData("the owner blocks and unblocks")]
    [InlineData("the invited blocks and unblocks")]
    public async Task An_invitation_into_a_large_group_ends_with_the_friendship_for_good(string end)
    {
        var (owner, invited) = (await _server.PersonAsync("Owner"), await _server.PersonAsync("Invited"));
        await owner.BefriendAsync(invited);
        var made = await owner.PostAsync("/api/conversations", new { members = new[] { invited.Handle }, name = "Many" });
        var id = made.Is(HttpStatusCode.Created).Text("id");
        (await invited.PostAsync($"/api/conversations/{id}/leave")).Is(HttpStatusCode.NoContent);
        await _server.CrowdAsync(id, Conversation.AsksFrom);
        await InviteAsync();
        Assert.Single((await invited.GetAsync("/api/group-invitations")).Json.EnumerateArray());
        Assert.Equal(1, await NoticesAsync());
        await using var device = await Listener.OpenAsync(_server, invited, "asked", "notification");

        await EndAsync();
        await GoneAsync();
        await device.UntilAsync("asked", body => body.GetProperty("conversation").GetString() == id);

        await AgainAsync();
        await GoneAsync();
        Assert.Empty((await owner.GetAsync($"/api/conversations/{id}"))["asked"].EnumerateArray());

        // Invited again, they hear of it again and may come.
        await InviteAsync();
        await device.UntilAsync("notification", body => body.GetProperty("kind").GetString() == "groupRequest");
        Assert.Equal(1, await NoticesAsync());
        (await invited.PostAsync($"/api/group-invitations/{id}/accept")).Is(HttpStatusCode.OK);

        async Task InviteAsync() => (await owner.PutAsync($"/api/conversations/{id}/members/{invited.Handle}")).Is(HttpStatusCode.Accepted);

        async Task GoneAsync()
        {
            Assert.Empty((await invited.GetAsync("/api/group-invitations")).Json.EnumerateArray());
            Assert.Equal(0, await NoticesAsync());
            (await invited.PostAsync($"/api/group-invitations/{id}/accept")).Is(HttpStatusCode.NotFound);
            (await invited.DeleteAsync($"/api/group-invitations/{id}")).Is(HttpStatusCode.NotFound);
        }

        async Task<int> NoticesAsync() => (await invited.GetAsync("/api/notifications"))["items"].EnumerateArray()
            .Count(n => n.GetProperty("kind").GetString() == "groupRequest");

        async Task EndAsync()
        {
            var (who, whom) = end.StartsWith("the owner", StringComparison.Ordinal) ? (owner, invited) : (invited, owner);
            if (end.EndsWith("unfriends", StringComparison.Ordinal))
            {
                (await who.DeleteAsync($"/api/friends/{whom.Handle}")).Is(HttpStatusCode.NoContent);
                return;
            }

            (await who.PutAsync($"/api/blocks/{whom.Handle}")).Is(HttpStatusCode.NoContent);
            (await who.DeleteAsync($"/api/blocks/{whom.Handle}")).Is(HttpStatusCode.NoContent);
        }

        async Task AgainAsync()
        {
            if (end.EndsWith("unfriends", StringComparison.Ordinal))
            {
                await owner.BefriendAsync(invited);
            }
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_link_is_unknown_to_somebody_with_a_block_between_them_and_who_made_it(bool makerBlocks)
    {
        var (owner, member) = (await _server.PersonAsync("Owner"), await _server.PersonAsync("Member"));
        var other = await _server.PersonAsync("Other");
        await owner.BefriendAsync(member);
        var made = await owner.PostAsync("/api/conversations", new { members = new[] { member.Handle }, name = "Us" });
        var id = made.Is(HttpStatusCode.Created).Text("id");
        var code = (await owner.PostAsync($"/api/conversations/{id}/links")).Is(HttpStatusCode.Created).Text("code");
        var (who, whom) = makerBlocks ? (owner, other) : (other, owner);
        (await other.GetAsync($"/api/group-links/{code}")).Is(HttpStatusCode.OK);
        (await who.PutAsync($"/api/blocks/{whom.Handle}")).Is(HttpStatusCode.NoContent);

        var unknown = await other.GetAsync("/api/group-links/unknown");
        Assert.Equal(unknown.Body, (await other.GetAsync($"/api/group-links/{code}")).Is(HttpStatusCode.NotFound).Body);
        var none = await other.PostAsync("/api/group-links/unknown/join");
        Assert.Equal(none.Body, (await other.PostAsync($"/api/group-links/{code}/join")).Is(HttpStatusCode.NotFound).Body);
        (await other.GetAsync($"/api/conversations/{id}")).Is(HttpStatusCode.NotFound);

        (await who.DeleteAsync($"/api/blocks/{whom.Handle}")).Is(HttpStatusCode.NoContent);
        (await other.PostAsync($"/api/group-links/{code}/join")).Is(HttpStatusCode.OK);
    }
}
