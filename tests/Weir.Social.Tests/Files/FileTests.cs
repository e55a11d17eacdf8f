using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Weir.Social.Files;

namespace Weir.Social.Tests;

public sealed class FilesOnSqlite(SqliteServer shared) : FileTests(shared)
{
    protected override Task<Server> StartAsync(Action<Microsoft.AspNetCore.Builder.WebApplicationBuilder> configure) => Server.StartAsync(configure: configure);
}

public sealed class FilesOnPostgres(PostgresServer shared) : FileTests(shared)
{
    protected override Task<Server> StartAsync(Action<Microsoft.AspNetCore.Builder.WebApplicationBuilder> configure) => Server.StartAsync(shared.Cluster, configure);
}

public abstract class FileTests(SharedServer shared)
{
    private readonly Server _server = shared.Server;

    protected abstract Task<Server> StartAsync(Action<Microsoft.AspNetCore.Builder.WebApplicationBuilder> configure);

    [Fact]
    public async Task A_file_comes_back_byte_by_byte_and_is_only_ever_saved()
    {
        var (anna, ben, conversation) = await TalkAsync();
        var bytes = Encoding.UTF8.GetBytes("<html><script>alert(1)</script>");
        var file = (await anna.UploadAsync(bytes, "Ünder/../page „x“.html", "file")).Is(HttpStatusCode.Created);
        Assert.Equal(("page „x“.html", "text/html", bytes.Length), (file.Text("name"), file.Text("type"), file["size"].GetInt32()));
        (await ben.GetAsync($"/api/files/{file.Text("id")}")).Is(HttpStatusCode.NotFound);
        (await anna.PostAsync($"/api/conversations/{conversation}/messages", new { clientId = "f", file = file.Text("id") })).Is(HttpStatusCode.Created);

        var got = await ben.BytesAsync($"/api/files/{file.Text("id")}");
        Assert.Equal(bytes, got.Bytes);
        var headers = got.Message.Content.Headers;
        Assert.Equal(("application/octet-stream", "attachment", "page „x“.html"), (headers.ContentType!.ToString(), headers.ContentDisposition!.DispositionType, headers.ContentDisposition.FileNameStar));
        Assert.Equal(
            ("nosniff", "default-src 'none'; frame-ancestors 'none'; sandbox"),
            (Header(got.Message, "X-Content-Type-Options"), Header(got.Message, "Content-Security-Policy")));
        Assert.True(got.Message.Headers.CacheControl!.Private);

        var part = await ben.BytesAsync($"/api/files/{file.Text("id")}", request => request.Headers.Range = new RangeHeaderValue(6, 13));
        Assert.Equal((HttpStatusCode.PartialContent, "<script>"), (part.Message.StatusCode, Encoding.UTF8.GetString(part.Bytes)));
    }

    [Fact]
    public async Task A_picture_is_shown_to_those_who_see_the_message_until_it_is_recalled()
    {
        var (anna, ben, conversation) = await TalkAsync();
        var stranger = await _server.PersonAsync("Stranger");
        var picture = (await anna.UploadAsync(TestPictures.WithMetadata(TestPictures.Jpeg()), "evil.html", "picture")).Is(HttpStatusCode.Created);
        Assert.Equal(("evil.jpg", "image/jpeg", 300, 400), (picture.Text("name"), picture.Text("type"), picture["width"].GetInt32(), picture["height"].GetInt32()));
        var path = $"/api/files/{picture.Text("id")}";
        var message = (await anna.PostAsync($"/api/conversations/{conversation}/messages", new { clientId = "p", pictures = new[] { picture.Text("id") } })).Is(HttpStatusCode.Created).Text("id");
        foreach (var address in new[] { path, path + "?size=thumb" })
        {
            var got = await ben.BytesAsync(address);
            Assert.Equal(("image/jpeg", "inline", HttpStatusCode.OK), (got.Message.Content.Headers.ContentType!.ToString(), got.Message.Content.Headers.ContentDisposition!.DispositionType, got.Message.StatusCode));
            Assert.DoesNotContain("SECRET", Encoding.Latin1.GetString(got.Bytes), StringComparison.Ordinal);
            Assert.Equal("max-age=31536000, private, immutable", Header(got.Message, "Cache-Control"));
        }

        var none = await stranger.GetAsync($"/api/files/{Guid.NewGuid():N}");
        foreach (var outsider in new[] { await stranger.GetAsync(path), await _server.Anybody.GetAsync(path), await stranger.GetAsync("/api/files/..%2F..%2Fweir.db") })
        {
            Assert.Equal(none.Body, outsider.Is(HttpStatusCode.NotFound).Body);
        }

        // Who comes later does not see what was sent before.
        await anna.BefriendAsync(stranger);
        var group = (await anna.PostAsync("/api/conversations", new { members = new[] { ben.Handle }, name = "Group" })).Is(HttpStatusCode.Created).Text("id");
        var second = (await anna.UploadAsync(TestPictures.Jpeg(), "x", "picture")).Is(HttpStatusCode.Created).Text("id");
        (await anna.PostAsync($"/api/conversations/{group}/messages", new { clientId = "p", pictures = new[] { second } })).Is(HttpStatusCode.Created);
        (await anna.PutAsync($"/api/conversations/{group}/members/{stranger.Handle}")).Is(HttpStatusCode.NoContent);
        (await stranger.GetAsync($"/api/files/{second}")).Is(HttpStatusCode.NotFound);
        Assert.Equal(HttpStatusCode.OK, (await ben.BytesAsync($"/api/files/{second}")).Message.StatusCode);

        (await anna.PostAsync($"/api/conversations/{conversation}/messages/{message}/recall")).Is(HttpStatusCode.NoContent);
        (await ben.GetAsync(path)).Is(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task An_avatar_is_seen_by_everybody_signed_in_and_replaced_or_taken_off()
    {
        var (anna, ben, conversation) = await TalkAsync();
        var stranger = await _server.PersonAsync("Stranger");
        var first = (await anna.UploadAsync(TestPictures.Jpeg(2000, 1000), "me.jpg", "avatar")).Is(HttpStatusCode.Created);
        Assert.Equal((512, 512), (first["width"].GetInt32(), first["height"].GetInt32()));
        (await stranger.GetAsync($"/api/files/{first.Text("id")}")).Is(HttpStatusCode.NotFound);
        Assert.Equal(first.Text("id"), (await anna.PutAsync("/api/me/avatar", new { file = first.Text("id") })).Is(HttpStatusCode.OK).Text("avatar"));
        (await anna.PutAsync("/api/me/avatar", new { file = first.Text("id") })).Is(HttpStatusCode.OK);
        Assert.Equal(HttpStatusCode.OK, (await stranger.BytesAsync($"/api/files/{first.Text("id")}?size=thumb")).Message.StatusCode);
        (await _server.Anybody.GetAsync($"/api/files/{first.Text("id")}")).Is(HttpStatusCode.NotFound);
        (await anna.SayAsync(conversation, "Look at me")).Is(HttpStatusCode.Created);
        Assert.Equal(first.Text("id"), (await ben.GetAsync($"/api/conversations/{conversation}/messages")).Json[0].GetProperty("sender").GetProperty("avatar").GetString());

        var picture = (await anna.UploadAsync(TestPictures.Jpeg(), "x", "picture")).Is(HttpStatusCode.Created).Text("id");
        foreach (var wrong in new[] { picture, Guid.NewGuid().ToString("N"), "x", null })
        {
            Assert.Equal("file-unknown", (await anna.PutAsync("/api/me/avatar", new { file = wrong })).Is(HttpStatusCode.BadRequest).Code);
        }

        Assert.Equal("file-unknown", (await ben.PutAsync("/api/me/avatar", new { file = first.Text("id") })).Is(HttpStatusCode.BadRequest).Code);
        Assert.Equal(first.Text("id"), (await anna.GetAsync("/api/me")).Text("avatar"));
        var second = (await anna.UploadAsync(TestPictures.Jpeg(), "me.jpg", "avatar")).Is(HttpStatusCode.Created).Text("id");
        (await anna.PutAsync("/api/me/avatar", new { file = second })).Is(HttpStatusCode.OK);
        (await stranger.GetAsync($"/api/files/{first.Text("id")}")).Is(HttpStatusCode.NotFound);
        (await anna.DeleteAsync("/api/me/avatar")).Is(HttpStatusCode.NoContent);
        (await stranger.GetAsync($"/api/files/{second}")).Is(HttpStatusCode.NotFound);
        Assert.Equal(System.Text.Json.JsonValueKind.Null, (await anna.GetAsync("/api/me"))["avatar"].ValueKind);
    }

    [Fact]
    public async Task Bad_uploads_say_which_field_and_leave_nothing_behind()
    {
        var anna = await _server.PersonAsync("Anna");
        var before = Count();
        using var huge = NetVips.Image.Black(12_000, 12_000);
        (byte[] Bytes, string Query, HttpStatusCode Status, string Code)[] cases =
        [
            ([], "as=file", HttpStatusCode.BadRequest, "empty"),
            ([1], "as=picture", HttpStatusCode.BadRequest, "not-a-picture"),
            ([1], "as=movie", HttpStatusCode.BadRequest, "as-shape"),
            ([1], "as=1", HttpStatusCode.BadRequest, "as-shape"),
            ([1], "", HttpStatusCode.BadRequest, "as-shape"),
            ([1], "as=file&name=%EF%BF%BD.txt", HttpStatusCode.BadRequest, "file-name-shape"),
            ([1], "as=avatar&crop=1,2", HttpStatusCode.BadRequest, "crop-shape"),
            ([1], "as=avatar&crop=1,2,0", HttpStatusCode.BadRequest, "crop-shape"),
            ([1], "as=avatar&crop=-1,2,99999999999", HttpStatusCode.BadRequest, "crop-shape"),
            (Encoding.UTF8.GetBytes("<svg xmlns='http://www.w3.org/2000/svg'/>"), "as=picture&name=x.jpg", HttpStatusCode.BadRequest, "not-a-picture"),
            (TestPictures.Jpeg()[..300], "as=picture", HttpStatusCode.BadRequest, "picture-broken"),
            ([0, 0, 0, 24, .. "ftypheic"u8, 0, 0, 0, 0, .. "mif1heic"u8, .. new byte[100]], "as=picture", HttpStatusCode.BadRequest, "picture-heic"),
            ([0, 0, 0, 24, .. "ftypavif"u8, 0, 0, 0, 0, .. "mif1avif"u8, .. new byte[100]], "as=picture", HttpStatusCode.BadRequest, "picture-broken"),
            (huge.PngsaveBuffer(compression: 9), "as=picture", HttpStatusCode.BadRequest, "picture-too-large"),
        ];
        foreach (var (bytes, query, status, code) in cases)
        {
            var answer = await anna.SendBytesAsync("/api/files?" + query, bytes);
            Assert.True(answer.Status == status && answer.Body.Contains($"\"code\":\"{code}\"", StringComparison.Ordinal), $"{query}: {answer.Body}");
            if (status == HttpStatusCode.BadRequest)
            {
                Assert.NotEmpty(answer["codes"].EnumerateObject());
            }
        }

        Assert.Equal("file-too-large", (await anna.SendBytesAsync("/api/files?as=picture", new byte[(20 << 20) + 1])).Is(HttpStatusCode.RequestEntityTooLarge).Code);
        (await _server.Anybody.SendBytesAsync("/api/files?as=file", [1])).Is(HttpStatusCode.Unauthorized);
        Assert.Equal(before, Count());
        Assert.Equal(0, await _server.ReadAsync(db => db.Files.CountAsync(f => f.OwnerId == Guid.Parse(anna.Id))));

        int Count() => Directory.Exists(Incoming(_server)) ? Directory.GetFiles(Incoming(_server)).Length : 0;
    }

    [Fact]
    public async Task Too_much_is_refused_whether_or_not_its_length_was_told()
    {
        await using var server = await StartAsync(b => b.Services.AddSingleton(new FileLimits { MaxFile = 1 << 20, PerPerson = 3 << 20, Burst = 8 }));
        var anna = await server.PersonAsync("Anna", admin: true);
        var chunked = await anna.SendBytesAsync("/api/files?as=file", new byte[(1 << 20) + 1], chunked: true);
        Assert.Equal("file-too-large", chunked.Is(HttpStatusCode.RequestEntityTooLarge).Code);
        for (var i = 0; i < 3; i++)
        {
            (await anna.UploadAsync(new byte[(1 << 20) - 10], "x", "file")).Is(HttpStatusCode.Created);
        }

        Assert.Equal("quota", (await anna.UploadAsync(new byte[1000], "x", "file")).Is(HttpStatusCode.Conflict).Code);
        Assert.Equal("quota", (await anna.SendBytesAsync("/api/files?as=file", new byte[1000], chunked: true)).Is(HttpStatusCode.Conflict).Code);
        Assert.Equal(3, Directory.GetFiles(server.Options.FilesDirectory, "*", SearchOption.AllDirectories).Length);
        (await anna.UploadAsync(new byte[20], "x", "file")).Is(HttpStatusCode.Created);
        (await anna.UploadAsync(new byte[2], "x", "file")).Is(HttpStatusCode.Created);
        var throttled = (await anna.UploadAsync(new byte[2], "x", "file")).Is(HttpStatusCode.TooManyRequests);
        Assert.NotNull(throttled.Message.Headers.RetryAfter);
    }

    [Fact]
    public async Task What_nobody_uses_is_deleted_and_what_is_used_stays()
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var server = await StartAsync(b => b.Services.AddSingleton<TimeProvider>(clock));
        var (anna, ben) = (await server.PersonAsync("Anna", admin: true), await server.PersonAsync("Ben"));
        await anna.BefriendAsync(ben);
        var conversation = await anna.TalkAsync(ben);
        var (unused, used, recalled) = (await UploadAsync(), await UploadAsync(), await UploadAsync());
        await SayAsync("a", used);
        var message = await SayAsync("b", recalled);
        await SayAsync("c", used);
        var orphan = Path.Combine(server.Options.FilesDirectory, "00", "00" + new string('a', 30));
        Directory.CreateDirectory(Path.GetDirectoryName(orphan)!);
        await File.WriteAllTextAsync(orphan, "left by a crash");
        var unfinished = Path.Combine(Incoming(server), "unfinished");
        await File.WriteAllTextAsync(unfinished, "left by a crash");

        await SweepAsync();
        Assert.Equal([true, true, true], Exist(unused, used, recalled));
        (await anna.PostAsync($"/api/conversations/{conversation}/messages/{message}/recall")).Is(HttpStatusCode.NoContent);
        clock.Advance(TimeSpan.FromSeconds(1));
        await SweepAsync();
        Assert.Equal([true, true, false], Exist(unused, used, recalled));
        (await anna.GetAsync($"/api/files/{recalled}")).Is(HttpStatusCode.NotFound);
        clock.Advance(TimeSpan.FromDays(1.1));
        for (var folder = 0; folder < 256; folder++)
        {
            await SweepAsync();
        }

        Assert.Equal([false, true, false], Exist(unused, used, recalled));
        Assert.False(File.Exists(orphan));
        Assert.False(File.Exists(unfinished));
        Assert.Equal("file-unknown", (await anna.PostAsync($"/api/conversations/{conversation}/messages", new { clientId = "d", file = unused })).Is(HttpStatusCode.BadRequest).Code);

        async Task<string> UploadAsync() => (await anna.UploadAsync([1, 2, 3], "x.bin", "file")).Is(HttpStatusCode.Created).Text("id");

        async Task<string> SayAsync(string clientId, string file) =>
            (await anna.PostAsync($"/api/conversations/{conversation}/messages", new { clientId, file })).Is(HttpStatusCode.Created).Text("id");

        Task SweepAsync() => server.Plane.App.Services.GetRequiredService<FileSweep>().SweepAsync(default);

        bool[] Exist(params string[] ids) => [.. ids.Select(id => File.Exists(Path.Combine(server.Options.FilesDirectory, id[..2], id)))];
    }

    private static string Incoming(Server server) => Path.Combine(server.Options.FilesDirectory, "incoming");

    private static string Header(HttpResponseMessage message, string name) => string.Join(", ", message.Headers.GetValues(name));

    private async Task<(Someone Anna, Someone Ben, string Conversation)> TalkAsync()
    {
        var (anna, ben) = (await _server.PersonAsync("Anna"), await _server.PersonAsync("Ben"));
        await anna.BefriendAsync(ben);
        return (anna, ben, await anna.TalkAsync(ben));
    }
}
