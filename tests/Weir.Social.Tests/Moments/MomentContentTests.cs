using System.Net;
using System.Text.Json;
using Weir.Social.Tests.Articles;

namespace Weir.Social.Tests.Moments;

public sealed class MomentContentsOnSqlite(SqliteServer shared) : MomentContentTests(shared);

public sealed class MomentContentsOnPostgres(PostgresServer shared) : MomentContentTests(shared);

/// <summary>What a moment shows beside its text: pictures, or a card whose thing is asked by each who sees it.</summary>
public abstract class MomentContentTests(SharedServer shared)
{
    private readonly Server _server = shared.Server;

    [Fact]
    public async Task Nine_pictures_are_shown_in_their_order_and_ten_or_one_twice_are_refused()
    {
        var (anna, ben) = await FriendsAsync();
        var pictures = new List<string>();
        for (var i = 0; i < 10; i++)
        {
            pictures.Add((await anna.UploadAsync(TestPictures.Jpeg(10 + i, 10), $"{i}.jpg", "picture")).Is(HttpStatusCode.Created).Text("id"));
        }

        foreach (var wrong in new[] { pictures, [pictures[0], pictures[1], pictures[0]], [pictures[0], "../../weir.db"] })
        {
            var refused = (await PostAsync(anna, new { text = "x", audience = Friends, pictures = wrong })).Is(HttpStatusCode.BadRequest);
            Assert.Equal("pictures-shape", refused["codes"].GetProperty("pictures")[0].GetString());
        }

        Assert.Empty(await anna.FeedAsync());
        var nine = pictures.Skip(1).Reverse().ToList();
        var id = (await PostAsync(anna, new { text = "", audience = Friends, pictures = nine })).Is(HttpStatusCode.Created).Text("id");
        foreach (var moment in new[] { await ben.MomentAsync(id), (await ben.FeedAsync())[0] })
        {
            Assert.Equal(nine, moment.GetProperty("pictures").EnumerateArray().Select(p => p.Id()));
            Assert.Equal(Enumerable.Range(11, 9).Reverse(), moment.GetProperty("pictures").EnumerateArray().Select(p => p.GetProperty("width").GetInt32()));
        }

        (await ben.GetAsync($"/api/files/{nine[8]}")).Is(HttpStatusCode.OK);
        (await ben.GetAsync($"/api/files/{pictures[0]}")).Is(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task An_article_is_shared_while_it_is_to_be_read_and_its_card_stays_without_it()
    {
        var (anna, ben) = await FriendsAsync();
        var paper = await Publishing.OpenAsync(_server, shared.Admin);
        var (article, draft) = ((await paper.PublishAsync()).Id, await paper.DraftAsync());
        Assert.Equal("card-unknown", await RefusedAsync(anna, "article", draft));
        var id = (await ShareAsync(anna, "article", article)).Is(HttpStatusCode.Created).Text("id");
        await ReadableAsync(true);

        (await paper.Owner.PostAsync($"/api/articles/{article}/unpublish")).Is(HttpStatusCode.NoContent);
        await ReadableAsync(false);
        (await paper.Owner.PostAsync($"/api/articles/{article}/publish", new { version = 2 })).Is(HttpStatusCode.OK);
        await ReadableAsync(true);
        (await shared.Admin.PutAsync($"/api/admin/official/accounts/{paper.Handle}/closing")).Is(HttpStatusCode.NoContent);
        await ReadableAsync(false);

        async Task ReadableAsync(bool readable)
        {
            Assert.Equal(("article", article), CardOf(await ben.MomentAsync(id)));
            (await ben.GetAsync($"/api/articles/{article}")).Is(readable ? HttpStatusCode.OK : HttpStatusCode.NotFound);
            if (!readable)
            {
                Assert.Equal("card-unknown", await RefusedAsync(anna, "article", article));
            }
        }
    }

    [Fact]
    public async Task An_ended_broadcast_is_shared_by_those_who_may_see_it_and_shown_to_nobody_else()
    {
        var (anna, ben) = await FriendsAsync();
        var cleo = await _server.PersonAsync("Cleo");
        await ben.BefriendAsync(cleo);
        var broadcast = await anna.BroadcastAsync(new { kind = "friends" });
        (await anna.PostAsync($"/api/broadcasts/{broadcast}/end")).Is(HttpStatusCode.NoContent);
        var id = (await ShareAsync(ben, "broadcast", broadcast)).Is(HttpStatusCode.Created).Text("id");
        Assert.Equal("ended", (await anna.GetAsync($"/api/broadcasts/{broadcast}")).Is(HttpStatusCode.OK).Text("state"));
        Assert.Equal(("broadcast", broadcast), CardOf(await anna.MomentAsync(id)));

        // Cleo is Ben's friend and not Anna's: she sees that he shared something, and nothing of it; nor can she share it.
        Assert.Equal(("broadcast", broadcast), CardOf(await cleo.MomentAsync(id)));
        await cleo.SeesAsync(broadcast, false);
        (await cleo.TicketAsync(broadcast)).Is(HttpStatusCode.NotFound);
        Assert.Equal("card-unknown", await RefusedAsync(cleo, "broadcast", broadcast));
        (await anna.PatchAsync($"/api/broadcasts/{broadcast}", new { audience = new { kind = "onlyMe" } })).Is(HttpStatusCode.OK);
        await ben.SeesAsync(broadcast, false);
        Assert.Equal("card-unknown", await RefusedAsync(ben, "broadcast", broadcast));
        Assert.Equal(("broadcast", broadcast), CardOf(await ben.MomentAsync(id)));

        // One person's moment is not shown to another's friends by way of a card.
        Assert.Equal("card-unknown", await RefusedAsync(ben, "moment", id));
        (await anna.DeleteAsync($"/api/broadcasts/{broadcast}")).Is(HttpStatusCode.NoContent);
        Assert.Equal("card-unknown", await RefusedAsync(anna, "broadcast", broadcast));
    }

    private static object Friends => new { kind = "friends" };

    private static Task<Answer> PostAsync(Someone who, object body) => who.PostAsync("/api/moments", body);

    private static Task<Answer> ShareAsync(Someone who, string kind, string id) => PostAsync(who, new { text = "", audience = Friends, card = new { kind, id } });

    private static async Task<string> RefusedAsync(Someone who, string kind, string id) =>
        (await ShareAsync(who, kind, id)).Is(HttpStatusCode.BadRequest)["codes"].GetProperty("card")[0].GetString()!;

    /// <summary>No more than what it points to: nothing of the thing is in the moment.</summary>
    private static (string Kind, string Id) CardOf(JsonElement moment)
    {
        var card = moment.GetProperty("card");
        Assert.Equal(["kind", "id"], card.EnumerateObject().Select(member => member.Name));
        return (card.GetProperty("kind").GetString()!, card.Id());
    }

    private async Task<(Someone Anna, Someone Ben)> FriendsAsync()
    {
        var (anna, ben) = (await _server.PersonAsync("Anna"), await _server.PersonAsync("Ben"));
        await anna.BefriendAsync(ben);
        return (anna, ben);
    }
}
