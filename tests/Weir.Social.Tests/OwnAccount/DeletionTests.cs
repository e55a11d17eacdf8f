using System.Net;
using Microsoft.EntityFrameworkCore;
using Weir.Social.Accounts;
using Weir.Social.Tests.Articles;
using Weir.Social.Tests.Moments;

namespace Weir.Social.Tests.OwnAccount;

public sealed class DeletionOnSqlite(SqliteServer shared) : DeletionTests(shared);

public sealed class DeletionOnPostgres(PostgresServer shared) : DeletionTests(shared);

public abstract class DeletionTests(SharedServer shared)
{
    private readonly Server _server = shared.Server;

    [Fact]
    public async Task What_was_said_stays_with_those_it_was_said_to_under_no_name()
    {
        var (anna, ben, cleo) = (await _server.PersonAsync("Anna"), await _server.PersonAsync("Ben"), await _server.PersonAsync("Cleo"));
        await anna.BefriendAsync(ben);
        await anna.BefriendAsync(cleo);
        var avatar = (await anna.UploadAsync(TestPictures.Png(), "me.png", "avatar")).Is(HttpStatusCode.Created).Text("id");
        (await anna.PutAsync("/api/me/avatar", new { file = avatar })).Is(HttpStatusCode.OK);
        var conversation = await anna.TalkAsync(ben);
        var group = (await anna.PostAsync("/api/conversations", new { members = new[] { ben.Handle, cleo.Handle }, name = "Group" })).Is(HttpStatusCode.Created).Text("id");
        await anna.SayAsync(conversation, "to Ben");
        await anna.SayAsync(group, "to all");
        var picture = (await anna.UploadAsync(TestPictures.Png(), "p.png", "picture")).Is(HttpStatusCode.Created).Text("id");
        (await anna.PostAsync($"/api/conversations/{conversation}/messages", new { clientId = "p", pictures = new[] { picture } })).Is(HttpStatusCode.Created);

        (await anna.DeleteAsync("/api/me", new { })).Is(HttpStatusCode.BadRequest);
        (await anna.DeleteAsync("/api/me", new { password = Someone.Password })).Is(HttpStatusCode.NoContent);

        var read = (await ben.GetAsync($"/api/conversations/{conversation}/messages")).Is(HttpStatusCode.OK).Json;
        Assert.Equal("to Ben", read[0].GetProperty("text").GetString());
        Assert.Equal(Account.DeletedName, read[0].GetProperty("sender").GetProperty("name").GetString());
        Assert.Equal(System.Text.Json.JsonValueKind.Null, read[0].GetProperty("sender").GetProperty("avatar").ValueKind);
        // Neither do those who knew the handle read it anywhere, nor may anybody have it now.
        foreach (var path in new[] { $"/{conversation}/messages", $"/{conversation}", $"/{group}/messages", "" })
        {
            Assert.DoesNotContain(anna.Handle, (await ben.GetAsync($"/api/conversations{path}")).Is(HttpStatusCode.OK).Body);
        }

        var invitation = (await ben.PostAsync("/api/invitations")).Is(HttpStatusCode.Created).Text("code");
        var again = new { invitation, handle = anna.Handle, name = "Anna", password = Someone.Password };
        Assert.Equal("handle-taken", (await _server.Anybody.PostAsync("/api/accounts", again)).Is(HttpStatusCode.BadRequest).Code);
        (await ben.GetAsync($"/api/files/{picture}")).Is(HttpStatusCode.OK);
        (await ben.GetAsync($"/api/files/{avatar}")).Is(HttpStatusCode.NotFound);
        Assert.Equal("not-friends", (await ben.SayAsync(conversation, "are you there?")).Is(HttpStatusCode.Forbidden).Code);
        var after = (await ben.GetAsync($"/api/conversations/{group}")).Is(HttpStatusCode.OK);
        Assert.DoesNotContain(anna.Handle, after["members"].GetRawText());
        Assert.Contains(after["members"].EnumerateArray(), m => m.GetProperty("role").GetString() == "owner");
        Assert.Equal("to all", (await cleo.CatchUpAsync(group, 0, 50)).First(m => m.Text is not null).Text);
    }

    [Fact]
    public async Task Everything_else_that_was_theirs_is_gone()
    {
        var (anna, ben) = (await _server.PersonAsync("Anna"), await _server.PersonAsync("Ben"));
        await anna.BefriendAsync(ben);
        await anna.CircleAsync(ben);
        var broadcast = await anna.BroadcastAsync(new { kind = "friends" });
        (await ben.TicketAsync(broadcast)).Is(HttpStatusCode.Created);
        var watched = await ben.BroadcastAsync(new { kind = "friends" });
        (await anna.TicketAsync(watched)).Is(HttpStatusCode.Created);
        var publishing = await Publishing.OpenAsync(_server, shared.Admin);
        var (article, _) = await publishing.PublishAsync();
        (await anna.PutAsync($"/api/official/{publishing.Handle}/follow")).Is(HttpStatusCode.NoContent);
        (await anna.PutAsync($"/api/articles/{article}/like")).Is(HttpStatusCode.NoContent);
        (await anna.PutAsync($"/api/friends/{ben.Handle}/star")).Is(HttpStatusCode.NoContent);
        (await anna.PostAsync("/api/invitations")).Is(HttpStatusCode.Created);
        (await shared.Admin.PostAsync($"/api/admin/accounts/{anna.Handle}/password-reset")).Is(HttpStatusCode.Created);
        (await anna.PostAsync("/api/me/export")).Is(HttpStatusCode.Created);
        var picture = (await anna.UploadAsync(TestPictures.Png(), "m.png", "picture")).Is(HttpStatusCode.Created).Text("id");
        var mine = (await anna.PostAsync("/api/moments", new { text = "Hello", audience = new { kind = "friends" }, pictures = new[] { picture } })).Is(HttpStatusCode.Created).Text("id");
        await ben.LikeAsync(mine);
        await ben.CommentAsync(mine, "Hello Anna");
        var theirs = await ben.PostMomentAsync("A walk");
        await anna.LikeAsync(theirs);
        var asking = await anna.CommentAsync(theirs, "Where?");
        var answer = await ben.CommentAsync(theirs, "Here", asking);
        (await anna.PutAsync($"/api/moment-hiding/mine-from/{ben.Handle}")).Is(HttpStatusCode.NoContent);
        (await ben.PutAsync($"/api/moment-hiding/theirs/{anna.Handle}")).Is(HttpStatusCode.NoContent);
        using var device = new Authenticator($"http://127.0.0.1:{_server.Plane.HttpPort}", "127.0.0.1");
        var asked = await anna.PostAsync("/api/me/passkeys/challenge", new { password = Someone.Password });
        (await anna.PostAsync("/api/me/passkeys", new { id = asked.Text("id"), credential = device.Register(asked["options"]), name = "x" })).Is(HttpStatusCode.Created);
        var id = Guid.Parse(anna.Id);

        (await anna.DeleteAsync("/api/me", new { password = Someone.Password })).Is(HttpStatusCode.NoContent);

        await ben.SeesAsync(broadcast, false);
        var left = await _server.ReadAsync(async db => new Dictionary<string, int>
        {
            ["sessions"] = await db.Sessions.CountAsync(s => s.AccountId == id),
            ["push"] = await db.PushSubscriptions.CountAsync(p => !db.Sessions.Any(s => s.Id == p.SessionId)),
            ["friendships"] = await db.Friendships.CountAsync(f => f.OwnerId == id || f.FriendId == id),
            ["circles"] = await db.Circles.CountAsync(c => c.OwnerId == id) + await db.CircleMembers.CountAsync(m => m.AccountId == id),
            ["passkeys"] = await db.Passkeys.CountAsync(p => p.AccountId == id),
            ["resets"] = await db.PasswordResets.CountAsync(r => r.AccountId == id),
            ["exports"] = await db.Exports.CountAsync(e => e.AccountId == id),
            ["notices"] = await db.Notifications.CountAsync(n => n.AccountId == id || n.ActorId == id),
            ["stars"] = await db.Stars.CountAsync(s => s.OwnerId == id || s.TargetId == id),
            ["follows"] = await db.Followers.CountAsync(f => f.AccountId == id),
            ["likes"] = await db.ArticleLikes.CountAsync(l => l.AccountId == id),
            ["moments"] = await db.Moments.CountAsync(m => m.OwnerId == id && (m.DeletedAt == null || m.Text != "" || m.Content != null)),
            ["moment pictures"] = await db.FileUses.CountAsync(u => u.FileId == Guid.Parse(picture)),
            ["audiences"] = await db.AudienceCircles.CountAsync(c => c.PostId == Guid.Parse(mine)) + await db.AudienceExceptions.CountAsync(e => e.PostId == Guid.Parse(mine)),
            ["moment likes"] = await db.MomentLikes.CountAsync(l => l.AuthorId == id || l.MomentId == Guid.Parse(mine)),
            ["moment comments"] = await db.MomentComments.CountAsync(c => c.AuthorId == id || c.MomentId == Guid.Parse(mine)),
            ["moment hidings"] = await db.MomentHidings.CountAsync(h => h.OwnerId == id || h.OtherId == id),
            ["invitations"] = await db.Invitations.CountAsync(i => i.FromId == id && i.UsedById == null),
            ["admissions"] = await db.Admissions.CountAsync(a => a.AccountId == id),
            ["broadcasts"] = await db.Broadcasts.CountAsync(b => b.OwnerId == id && b.DeletedAt == null),
        });
        Assert.All(left, table => Assert.True(table.Value == 0, $"{table.Key}: {table.Value}"));
        var remaining = (await ben.MomentAsync(theirs)).GetProperty("comments").EnumerateArray().Single();
        Assert.Equal((answer, System.Text.Json.JsonValueKind.Null), (remaining.Id(), remaining.GetProperty("replyTo").ValueKind));
        Assert.Equal(0, (await ben.GetAsync($"/api/articles/{article}")).Is(HttpStatusCode.OK)["card"].GetProperty("likes").GetInt32());
        var row = await _server.ReadAsync(db => db.Accounts.AsNoTracking().SingleAsync(a => a.Id == id));
        Assert.Equal((Account.DeletedName, "", null, null), (row.Name, row.About, row.PasswordHash, row.AvatarId));
    }
}
