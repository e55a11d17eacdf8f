using System.Net;
using Microsoft.EntityFrameworkCore;
using Weir.Social.Tests.Articles;
using Weir.Social.Tests.Moments;

namespace Weir.Social.Tests;

/// <summary>What people took back is not left in the file.</summary>
public sealed class SecureDeleteTests
{
    [Fact]
    public async Task What_is_deleted_is_gone_from_the_pages_of_the_database_too()
    {
        await using var server = await Server.StartAsync();
        var anna = await server.PersonAsync("Anna", admin: true);
        var ben = await server.PersonAsync("Ben");
        await anna.BefriendAsync(ben);
        var talk = await anna.TalkAsync(ben);
        const string said = "a secret of ours, ";
        // Long enough for pages of its own, which are free afterwards.
        var id = (await anna.SayAsync(talk, string.Concat(Enumerable.Repeat(said, 220)))).Is(HttpStatusCode.Created).Text("id");
        // Somebody who reads may keep the log from being taken over whole.
        await Patience.HoldsAsync(async () => await CheckpointAsync(server) && Holds(server, said));
        (await anna.PostAsync($"/api/conversations/{talk}/messages/{id}/recall")).Is(HttpStatusCode.NoContent);
        await Patience.HoldsAsync(async () => await CheckpointAsync(server) && !Holds(server, said));
    }

    [Fact]
    public async Task Nothing_of_any_kind_of_thing_stays_when_it_is_deleted()
    {
        await using var server = await Server.StartAsync();
        var anna = await server.PersonAsync("Anna", admin: true);
        var ben = await server.PersonAsync("Ben");
        await anna.BefriendAsync(ben);
        var paper = await Publishing.OpenAsync(server, anna);
        var marks = new List<string>();
        var talk = await anna.TalkAsync(ben);
        var message = (await anna.SayAsync(talk, Mark("message"))).Is(HttpStatusCode.Created).Text("id");
        var group = (await anna.PostAsync("/api/conversations", new { members = new[] { ben.Handle }, name = Mark("group") }))
            .Is(HttpStatusCode.Created).Text("id");
        var circle = (await anna.PostAsync("/api/circles", new { name = Mark("circle"), members = new[] { ben.Handle } }))
            .Is(HttpStatusCode.Created).Text("id");
        object shown = new { kind = "friends", except = new { accounts = new[] { Mark("thekeptout") } } };
        var moment = await anna.PostMomentAsync(Mark("moment"), shown);
        var another = await anna.PostMomentAsync("Another");
        var comment = await ben.CommentAsync(another, Mark("comment"));
        await ben.CommentAsync(moment, Mark("underthemoment"));
        var broadcast = await anna.BroadcastAsync(shown, Mark("broadcast"));
        var (article, _) = await paper.PublishAsync(Mark("title"), Mark("text"), Mark("summary"));
        (await paper.SaveAsync(article, 2, Mark("drafttitle"), Mark("drafttext"), Mark("draftsummary"))).Is(HttpStatusCode.OK);
        (await ben.PatchAsync("/api/me", new { name = Mark("name"), about = Mark("about") })).Is(HttpStatusCode.OK);
        var others = await ben.BroadcastAsync(new { kind = "friends" }, Mark("broadcastofsomebodygone"));
        await Patience.HoldsAsync(async () => await CheckpointAsync(server) && marks.TrueForAll(mark => Holds(server, mark)));

        (await anna.PostAsync($"/api/conversations/{talk}/messages/{message}/recall")).Is(HttpStatusCode.NoContent);
        (await anna.PatchAsync($"/api/conversations/{group}", new { name = "Us" })).Is(HttpStatusCode.NoContent);
        (await anna.DeleteAsync($"/api/circles/{circle}")).Is(HttpStatusCode.NoContent);
        (await ben.DeleteAsync($"/api/moments/{another}/comments/{comment}")).Is(HttpStatusCode.NoContent);
        (await anna.DeleteAsync($"/api/moments/{moment}")).Is(HttpStatusCode.NoContent);
        (await anna.DeleteAsync($"/api/broadcasts/{broadcast}")).Is(HttpStatusCode.NoContent);
        (await paper.Owner.DeleteAsync($"/api/articles/{article}")).Is(HttpStatusCode.NoContent);
        (await ben.DeleteAsync("/api/me", new { password = Someone.Password })).Is(HttpStatusCode.NoContent);
        await Patience.HoldsAsync(() => CheckpointAsync(server));
        Assert.All(marks, mark => Assert.False(Holds(server, mark), mark));
        (await anna.GetAsync($"/api/broadcasts/{others}")).Is(HttpStatusCode.NotFound);

        string Mark(string what)
        {
            // Letters only, which the slug of a title keeps.
            marks.Add($"mark{what}");
            return marks[^1];
        }
    }

    private static Task<bool> CheckpointAsync(Server server) => server.ReadAsync(async db =>
        await db.Database.SqlQueryRaw<int>("PRAGMA wal_checkpoint(TRUNCATE)").ToListAsync() is [0]);

    private static bool Holds(Server server, string text)
    {
        using var file = new FileStream(server.Options.DatabaseFile, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        var bytes = new byte[file.Length];
        file.ReadExactly(bytes);
        return bytes.AsSpan().IndexOf(System.Text.Encoding.UTF8.GetBytes(text)) >= 0;
    }
}
