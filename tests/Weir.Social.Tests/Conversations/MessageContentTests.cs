using System.Net;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Weir.Contracts.Planes;
using Weir.Social.Data;
using Weir.Social.Files;

namespace Weir.Social.Tests;

public sealed class MessageContentsOnSqlite(SqliteServer shared) : MessageContentTests(shared);

public sealed class MessageContentsOnPostgres(PostgresServer shared) : MessageContentTests(shared);

public abstract class MessageContentTests(SharedServer shared)
{
    private readonly Server _server = shared.Server;

    [Fact]
    public async Task Pictures_go_with_or_without_text_and_a_recall_gives_them_back()
    {
        var (anna, ben, id) = await TalkAsync();
        var (one, two) = (await UploadedAsync(anna, FileKind.Picture), await UploadedAsync(anna, FileKind.Picture));
        var sent = (await SendAsync(anna, id, new { clientId = "p", pictures = new[] { two, one } })).Is(HttpStatusCode.Created);
        Assert.Equal(sent.Body, (await SendAsync(anna, id, new { clientId = "p", pictures = new[] { two, one } })).Is(HttpStatusCode.Created).Body);
        (await SendAsync(anna, id, new { clientId = "t", text = "Look", pictures = new[] { one } })).Is(HttpStatusCode.Created);
        (await SendAsync(ben, id, new { clientId = "r", text = "Nice", replyTo = sent.Text("id") })).Is(HttpStatusCode.Created);
        var all = (await ben.GetAsync($"/api/conversations/{id}/messages")).Json;
        Assert.Equal([two, one], all[0].GetProperty("pictures").EnumerateArray().Select(p => p.GetProperty("id").GetString()!));
        Assert.Equal((640, 480, "#102030"), (
            all[0].GetProperty("pictures")[0].GetProperty("width").GetInt32(),
            all[0].GetProperty("pictures")[0].GetProperty("height").GetInt32(),
            all[0].GetProperty("pictures")[0].GetProperty("color").GetString()!));
        Assert.Equal(("", "Look"), (all[0].GetProperty("text").GetString(), all[1].GetProperty("text").GetString()));
        Assert.Equal("picture", all[2].GetProperty("replyTo").GetProperty("kind").GetString());
        Assert.Equal((null, null), (await ExpiryAsync(one), await ExpiryAsync(two)));

        (await anna.PostAsync($"/api/conversations/{id}/messages/{sent.Text("id")}/recall")).Is(HttpStatusCode.NoContent);
        all = (await ben.GetAsync($"/api/conversations/{id}/messages")).Json;
        Assert.Equal(0, all[0].GetProperty("pictures").GetArrayLength());
        Assert.Equal(JsonValueKind.Null, all[2].GetProperty("replyTo").GetProperty("kind").ValueKind);
        Assert.Null(await ExpiryAsync(one));
        Assert.NotNull(await ExpiryAsync(two));
        Assert.Equal(sent.Body, (await SendAsync(anna, id, new { clientId = "p", pictures = new[] { two, one } })).Is(HttpStatusCode.Created).Body);
    }

    [Fact]
    public async Task A_file_is_sent_by_who_uploaded_it_only_and_as_what_it_is()
    {
        var (anna, ben, id) = await TalkAsync();
        var (file, picture, bens) = (await UploadedAsync(anna, FileKind.File), await UploadedAsync(anna, FileKind.Picture), await UploadedAsync(ben, FileKind.File));
        (await SendAsync(anna, id, new { clientId = "f", file })).Is(HttpStatusCode.Created);
        var shown = (await ben.GetAsync($"/api/conversations/{id}/messages")).Json[0].GetProperty("file");
        Assert.Equal(("notes.txt", 42L, "text/plain"), (shown.GetProperty("name").GetString()!, shown.GetProperty("size").GetInt64(), shown.GetProperty("type").GetString()!));
        foreach (var wrong in new object[]
        {
            new { clientId = "1", file = bens }, new { clientId = "1", file = picture }, new { clientId = "1", pictures = new[] { file } },
            new { clientId = "1", file = Guid.NewGuid().ToString("N") }, new { clientId = "1", file = "../../weir.db" },
        })
        {
            Assert.Equal("file-unknown", (await SendAsync(anna, id, wrong)).Is(HttpStatusCode.BadRequest).Code);
        }

        foreach (var wrong in new object[]
        {
            new { clientId = "1", pictures = new[] { picture, picture } }, new { clientId = "1", pictures = Enumerable.Range(0, 10).Select(_ => Guid.NewGuid().ToString("N")) },
            new { clientId = "1", pictures = new[] { "x" } },
        })
        {
            Assert.Equal("pictures-shape", (await SendAsync(anna, id, wrong)).Is(HttpStatusCode.BadRequest).Code);
        }

        Assert.Equal("content-one", (await SendAsync(anna, id, new { clientId = "1", pictures = new[] { picture }, file })).Is(HttpStatusCode.BadRequest).Code);
        Assert.Equal("text-shape", (await SendAsync(anna, id, new { clientId = "1", text = new string('x', 4001), file })).Is(HttpStatusCode.BadRequest).Code);
        Assert.Single((await ben.GetAsync($"/api/conversations/{id}/messages")).Json.EnumerateArray());
    }

    [Fact]
    public async Task Who_reads_a_picture_or_a_file_in_a_message_passes_it_on_until_it_is_recalled()
    {
        var (anna, ben, id) = await TalkAsync();
        var (cleo, outsider) = (await _server.PersonAsync("Cleo"), await _server.PersonAsync("Outsider"));
        await ben.BefriendAsync(cleo);
        await outsider.BefriendAsync(cleo);
        var (bens, cleos) = (await ben.TalkAsync(cleo), await outsider.TalkAsync(cleo));
        var (picture, file) = (await UploadedAsync(anna, FileKind.Picture), await UploadedAsync(anna, FileKind.File));
        Assert.Equal("file-unknown", (await SendAsync(ben, bens, new { clientId = "0", pictures = new[] { picture } })).Is(HttpStatusCode.BadRequest).Code);
        var sent = (await SendAsync(anna, id, new { clientId = "p", pictures = new[] { picture } })).Is(HttpStatusCode.Created).Text("id");
        await SendAsync(anna, id, new { clientId = "f", file });
        Assert.Equal("file-unknown", (await SendAsync(outsider, cleos, new { clientId = "1", pictures = new[] { picture } })).Is(HttpStatusCode.BadRequest).Code);
        Assert.Equal("file-unknown", (await SendAsync(ben, bens, new { clientId = "1", file = picture })).Is(HttpStatusCode.BadRequest).Code);
        (await SendAsync(ben, bens, new { clientId = "p", pictures = new[] { picture } })).Is(HttpStatusCode.Created);
        (await SendAsync(ben, bens, new { clientId = "f", file })).Is(HttpStatusCode.Created);
        // And from there.
        (await SendAsync(cleo, cleos, new { clientId = "f", file })).Is(HttpStatusCode.Created);
        var shown = (await outsider.GetAsync($"/api/conversations/{cleos}/messages")).Json[0].GetProperty("file");
        Assert.Equal((file, "notes.txt"), (shown.GetProperty("id").GetString(), shown.GetProperty("name").GetString()));

        // Recalled, it is nobody's to pass on who does not have it otherwise; what was passed on before stays.
        (await anna.PostAsync($"/api/conversations/{id}/messages/{sent}/recall")).Is(HttpStatusCode.NoContent);
        Assert.Null(await ExpiryAsync(picture));
        (await SendAsync(cleo, cleos, new { clientId = "p", pictures = new[] { picture } })).Is(HttpStatusCode.Created);
        var gone = await UploadedAsync(anna, FileKind.Picture);
        var recalled = (await SendAsync(anna, id, new { clientId = "g", pictures = new[] { gone } })).Is(HttpStatusCode.Created).Text("id");
        (await anna.PostAsync($"/api/conversations/{id}/messages/{recalled}/recall")).Is(HttpStatusCode.NoContent);
        Assert.Equal("file-unknown", (await SendAsync(ben, bens, new { clientId = "g", pictures = new[] { gone } })).Is(HttpStatusCode.BadRequest).Code);
    }

    [Fact]
    public async Task A_broadcast_is_passed_on_by_those_who_may_watch_it()
    {
        var (anna, ben, id) = await TalkAsync();
        var mine = await anna.BroadcastAsync(new { kind = "onlyMe" });
        (await SendAsync(anna, id, new { clientId = "c", card = new { kind = "broadcast", id = mine } })).Is(HttpStatusCode.Created);
        var card = (await ben.GetAsync($"/api/conversations/{id}/messages")).Json[0].GetProperty("card");
        Assert.Equal(("broadcast", mine), (card.GetProperty("kind").GetString()!, card.GetProperty("id").GetString()!));
        await ben.SeesAsync(mine, false);
        foreach (var wrong in new object[] { new { kind = "broadcast", id = mine }, new { kind = "broadcast", id = "x" }, new { kind = "article", id = mine } })
        {
            Assert.Equal("card-unknown", (await SendAsync(ben, id, new { clientId = "1", card = wrong })).Is(HttpStatusCode.BadRequest).Code);
        }

        (await anna.DeleteAsync($"/api/broadcasts/{mine}")).Is(HttpStatusCode.NoContent);
        (await SendAsync(anna, id, new { clientId = "c", card = new { kind = "broadcast", id = mine } })).Is(HttpStatusCode.Created);
    }

    /// <summary>The message names the broadcast; what it is at the moment is asked of the broadcast itself, by each for themselves.</summary>
    [Fact]
    public async Task A_card_shows_a_broadcast_live_and_then_ended_and_an_ended_one_is_passed_on_as_well()
    {
        await using var server = await Server.StartAsync((shared as PostgresServer)?.Cluster);
        var (anna, ben, cleo) = (await server.PersonAsync("Anna", admin: true), await server.PersonAsync("Ben"), await server.PersonAsync("Cleo"));
        await anna.BefriendAsync(ben);
        await ben.BefriendAsync(cleo);
        var (id, bens) = (await anna.TalkAsync(ben), await ben.TalkAsync(cleo));
        var broadcast = await anna.BroadcastAsync(new { kind = "friends" }, "Sunrise");
        var card = new { kind = "broadcast", id = broadcast };
        (await SendAsync(anna, id, new { clientId = "before", card })).Is(HttpStatusCode.Created);
        Assert.Equal("ready", await StateAsync());
        await using var node = await FakeNode.ReadyAsync(server);
        await node.ReportAsync(broadcast, 1, BroadcastPhase.Live);
        Assert.Equal("live", await StateAsync());
        await node.ReportAsync(broadcast, 2, BroadcastPhase.Ended);
        Assert.Equal("ended", await StateAsync());

        (await SendAsync(ben, id, new { clientId = "after", card })).Is(HttpStatusCode.Created);
        (await SendAsync(ben, bens, new { clientId = "after", card })).Is(HttpStatusCode.Created);
        Assert.Equal([broadcast, broadcast], (await ben.GetAsync($"/api/conversations/{id}/messages")).Json.EnumerateArray().Select(m => m.GetProperty("card").GetProperty("id").GetString()!));
        // Whoever it is not for gets a card with nothing behind it.
        Assert.Equal(broadcast, (await cleo.GetAsync($"/api/conversations/{bens}/messages")).Json[0].GetProperty("card").GetProperty("id").GetString());
        await cleo.SeesAsync(broadcast, false);
        Assert.Equal("card-unknown", (await SendAsync(cleo, bens, new { clientId = "1", card })).Is(HttpStatusCode.BadRequest).Code);

        async Task<string> StateAsync()
        {
            var shown = (await ben.GetAsync($"/api/conversations/{id}/messages")).Is(HttpStatusCode.OK).Json[0].GetProperty("card");
            Assert.Equal(["kind", "id"], shown.EnumerateObject().Select(member => member.Name));
            return (await ben.GetAsync($"/api/{shown.GetProperty("kind").GetString()}s/{shown.GetProperty("id").GetString()}")).Is(HttpStatusCode.OK).Text("state");
        }
    }

    private static Task<Answer> SendAsync(Someone one, string conversation, object body) => one.PostAsync($"/api/conversations/{conversation}/messages", body);

    private Task<DateTimeOffset?> ExpiryAsync(string file) => _server.ReadAsync(db => db.Files.Where(f => f.Id == Guid.Parse(file)).Select(f => f.ExpiresAt).SingleAsync());

    private async Task<string> UploadedAsync(Someone owner, FileKind kind)
    {
        await using var scope = _server.Plane.App.Services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<WeirDb>();
        var file = new StoredFile
        {
            Id = Guid.NewGuid(),
            OwnerId = Guid.Parse(owner.Id),
            Kind = kind,
            Name = "notes.txt",
            Type = kind == FileKind.File ? "text/plain" : "image/jpeg",
            Size = 42,
            Width = kind == FileKind.File ? null : 640,
            Height = kind == FileKind.File ? null : 480,
            Color = kind == FileKind.File ? null : "#102030",
            CreatedAt = TimeProvider.System.Now(),
            ExpiresAt = TimeProvider.System.Now().AddDays(1),
        };
        await scope.ServiceProvider.GetRequiredService<WriteScope>().RunAsync(() => Task.FromResult(db.Files.Add(file)), default);
        return file.Id.ToString("N");
    }

    private async Task<(Someone Anna, Someone Ben, string Conversation)> TalkAsync()
    {
        var (anna, ben) = (await _server.PersonAsync("Anna"), await _server.PersonAsync("Ben"));
        await anna.BefriendAsync(ben);
        return (anna, ben, await anna.TalkAsync(ben));
    }
}
