using System.Net;
using System.Text.Json;
using Weir.Social.Tests.Articles;
using Weir.Social.Tests.Moments;

namespace Weir.Social.Tests.Search;

public sealed class SearchOnSqlite(SqliteServer shared) : SearchTests(shared);

public sealed class SearchOnPostgres(PostgresServer shared) : SearchTests(shared);

/// <summary>What people find, and what they must not.</summary>
public abstract class SearchTests(SharedServer shared)
{
    private readonly Server _server = shared.Server;
    private readonly string _rare = Guid.NewGuid().ToString("N")[..9];

    [Fact]
    public async Task A_message_is_found_at_once_by_those_who_may_read_it_and_only_until_it_is_recalled()
    {
        var (anna, ben, stranger) = (await _server.PersonAsync("Anna"), await _server.PersonAsync("Ben"), await _server.PersonAsync("Stranger"));
        await anna.BefriendAsync(ben);
        var talk = await anna.TalkAsync(ben);
        var said = (await anna.SayAsync(talk, $"明天去海边 {_rare}")).Is(HttpStatusCode.Created);
        foreach (var query in new[] { "海边", "海", _rare, _rare[..5], $"海边 {_rare.ToUpperInvariant()}" })
        {
            Assert.Equal([$"明天去海边 {_rare}"], (await ben.FindAsync("messages", $"{query} {_rare}")));
            Assert.Empty(await stranger.FindAsync("messages", $"{query} {_rare}"));
        }

        var hit = (await ben.SearchAsync($"海边 {_rare}")).Of("messages").Single();
        Assert.Equal(talk, hit.GetProperty("message").GetProperty("conversation").GetString());
        Assert.Equal(1, hit.GetProperty("message").GetProperty("seq").GetInt64());
        Assert.Equal(anna.Id, hit.GetProperty("message").GetProperty("sender").GetProperty("id").GetString());
        Assert.Equal("direct", hit.GetProperty("conversation").GetProperty("kind").GetString());
        Assert.Equal("[[3,5],[6,15]]", hit.GetProperty("snippet").GetProperty("marks").GetRawText());
        (await anna.PostAsync($"/api/conversations/{talk}/messages/{said.Text("id")}/recall")).Is(HttpStatusCode.NoContent);
        Assert.Empty(await ben.FindAsync("messages", $"海边 {_rare}"));
        Assert.Empty(await ben.FindAsync("messages", _rare, $"&conversation={talk}"));
    }

    [Fact]
    public async Task Whoever_comes_later_or_leaves_finds_what_they_may_read()
    {
        var (anna, ben, late) = (await _server.PersonAsync("Anna"), await _server.PersonAsync("Ben"), await _server.PersonAsync("Late"));
        await anna.BefriendAsync(ben);
        await anna.BefriendAsync(late);
        var group = (await anna.PostAsync("/api/conversations", new { members = new[] { ben.Handle }, name = $"Klub {_rare}" })).Is(HttpStatusCode.Created).Text("id");
        (await anna.SayAsync(group, $"before {_rare}")).Is(HttpStatusCode.Created);
        (await anna.PutAsync($"/api/conversations/{group}/members/{late.Handle}")).Is(HttpStatusCode.NoContent);
        (await anna.SayAsync(group, $"after {_rare}")).Is(HttpStatusCode.Created);
        Assert.Equal([$"after {_rare}", $"before {_rare}"], await ben.FindAsync("messages", _rare));
        Assert.Equal([$"after {_rare}"], await late.FindAsync("messages", _rare));
        Assert.Equal([$"Klub {_rare}"], await late.FindAsync("conversations", $"klub {_rare}"));
        (await late.PostAsync($"/api/conversations/{group}/leave")).Is(HttpStatusCode.NoContent);
        Assert.Empty((await late.SearchAsync(_rare)).GetProperty("groups").EnumerateArray());
        (await late.GetAsync($"/api/search?q={_rare}&conversation={group}")).Is(HttpStatusCode.NotFound);
        (await late.GetAsync($"/api/search?q={_rare}&conversation={Guid.NewGuid():N}")).Is(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Pages_of_a_conversation_and_of_all_go_on_without_gaps()
    {
        var (anna, ben) = (await _server.PersonAsync("Anna"), await _server.PersonAsync("Ben"));
        await anna.BefriendAsync(ben);
        var talk = await anna.TalkAsync(ben);
        var group = (await anna.PostAsync("/api/conversations", new { members = new[] { ben.Handle }, name = "Club" })).Is(HttpStatusCode.Created).Text("id");
        for (var i = 0; i < 25; i++)
        {
            (await anna.SayAsync(i % 3 == 0 ? group : talk, i % 5 == 4 ? "nothing" : $"{_rare} {i}")).Is(HttpStatusCode.Created);
        }

        var due = Enumerable.Range(0, 25).Where(i => i % 5 != 4).Reverse().ToList();
        foreach (var (where, expected) in new[] { ("", due), ($"&conversation={talk}", due.FindAll(i => i % 3 != 0)) })
        {
            var found = new List<string>();
            string? next = null;
            do
            {
                var page = (await ben.SearchAsync(_rare, $"&kinds=messages&limit=3{where}{(next is null ? "" : $"&before={next}")}")).GetProperty("groups")[0];
                found.AddRange(page.GetProperty("hits").EnumerateArray().Select(h => h.GetProperty("snippet").GetProperty("text").GetString()!));
                Assert.False(page.GetProperty("partial").GetBoolean());
                next = page.GetProperty("next").GetString();
            }
            while (next is not null);
            Assert.Equal(expected.ConvertAll(i => $"{_rare} {i}"), found);
        }
    }

    [Fact]
    public async Task People_are_friends_and_those_one_talks_with()
    {
        var name = $"Zoë {_rare}";
        var (me, friend, member, stranger) = (
            await _server.PersonAsync("Me"), await _server.PersonAsync(name), await _server.PersonAsync(name), await _server.PersonAsync(name));
        await me.BefriendAsync(friend);
        await friend.BefriendAsync(member);
        await _server.Indexer().CatchUpAsync(default);
        Assert.Equal([(friend.Id, true)], await PeopleAsync());
        (await friend.PostAsync("/api/conversations", new { members = new[] { me.Handle, member.Handle }, name = "Club" })).Is(HttpStatusCode.Created);
        Assert.Equal([(friend.Id, true), (member.Id, false)], await PeopleAsync());
        (await friend.PatchAsync("/api/me", new { name = "Somebody else" })).Is(HttpStatusCode.OK);
        await _server.Indexer().CatchUpAsync(default);
        Assert.Equal([(member.Id, false)], await PeopleAsync());
        Assert.Equal([friend.Id], (await me.SearchAsync(friend.Handle, "&kinds=people")).Of("people").Select(h => h.GetProperty("person").GetProperty("id").GetString()));
        Assert.Empty((await stranger.SearchAsync($"zoe {_rare}")).Of("people"));

        async Task<List<(string?, bool)>> PeopleAsync() =>
            [.. (await me.SearchAsync($"zoe {_rare}")).Of("people").Select(h => h.GetProperty("person")).Select(p => (p.GetProperty("id").GetString(), p.GetProperty("friend").GetBoolean()))];
    }

    [Fact]
    public async Task Articles_and_their_accounts_are_found_while_they_can_be_read()
    {
        var paper = await Publishing.OpenAsync(_server, shared.Admin, new { name = $"The {_rare} Paper" }, open: false);
        var reader = await _server.PersonAsync("Reader");
        var (id, _) = await paper.PublishAsync("Markets", $"Some *words* about **fish{_rare}** and 天气预报.", "A summary");
        var draft = await paper.DraftAsync($"Secret {_rare}", "Not yet.");
        await _server.Indexer().CatchUpAsync(default);
        var hit = (await reader.SearchAsync($"天气 FISH{_rare}")).Of("articles").Single();
        Assert.Equal(id, hit.GetProperty("article").GetProperty("id").GetString());
        Assert.Contains($"words about fish{_rare}", hit.GetProperty("snippet").GetProperty("text").GetString(), StringComparison.Ordinal);
        Assert.Equal([$"The {_rare} Paper"], await reader.FindAsync("accounts", _rare));
        Assert.Empty((await paper.Owner.SearchAsync($"secret {_rare}")).Of("articles"));
        (await paper.Owner.PostAsync($"/api/articles/{id}/unpublish")).Is(HttpStatusCode.NoContent);
        Assert.Empty((await reader.SearchAsync($"fish{_rare}")).Of("articles"));
        (await paper.Owner.PostAsync($"/api/articles/{draft}/publish", new { version = 2 })).Is(HttpStatusCode.OK);
        await _server.Indexer().CatchUpAsync(default);
        Assert.Single((await reader.SearchAsync($"secret {_rare}")).Of("articles"));
        (await paper.Owner.DeleteAsync($"/api/official/{paper.Handle}")).Is(HttpStatusCode.NoContent);
        Assert.Empty((await reader.SearchAsync($"{_rare}")).GetProperty("groups").EnumerateArray());
    }

    [Fact]
    public async Task Broadcasts_are_found_by_those_whose_lists_show_them()
    {
        var (host, friend, other) = (await _server.PersonAsync("Host"), await _server.PersonAsync("Friend"), await _server.PersonAsync("Other"));
        (await shared.Admin.PutAsync("/api/admin/live", new { enabled = true, mode = "everyone" })).Is(HttpStatusCode.OK);
        await host.BefriendAsync(friend);
        await host.BefriendAsync(other);
        var circle = await host.CircleAsync(friend);
        var id = await host.BroadcastAsync(new { kind = "circles", circles = new[] { circle } }, $"晚间音乐会 {_rare}");
        await _server.Indexer().CatchUpAsync(default);
        Assert.Equal([$"晚间音乐会 {_rare}"], await host.FindAsync("broadcasts", $"音乐 {_rare}"));
        Assert.Empty(await friend.FindAsync("broadcasts", _rare));
        await _server.ReadAsync(async db =>
        {
            var broadcast = await Microsoft.EntityFrameworkCore.EntityFrameworkQueryableExtensions.SingleAsync(db.Broadcasts, b => b.Id == Guid.Parse(id));
            broadcast.State = Weir.Social.Broadcasts.BroadcastState.Live;
            return await db.SaveChangesAsync();
        });
        Assert.Equal([$"晚间音乐会 {_rare}"], await friend.FindAsync("broadcasts", _rare));
        Assert.Empty(await other.FindAsync("broadcasts", _rare));
        (await host.PatchAsync($"/api/broadcasts/{id}", new { title = "Another title" })).Is(HttpStatusCode.OK);
        Assert.Empty(await friend.FindAsync("broadcasts", _rare));
    }

    [Fact]
    public async Task Moments_are_found_by_those_who_see_them_until_they_are_deleted()
    {
        var (anna, ben, cleo) = (await _server.PersonAsync("Anna"), await _server.PersonAsync("Ben"), await _server.PersonAsync("Cleo"));
        await anna.BefriendAsync(ben);
        await anna.BefriendAsync(cleo);
        var circle = await anna.CircleAsync(ben);
        var id = await anna.PostMomentAsync($"周末去爬山 {_rare}", new { kind = "circles", circles = new[] { circle } });
        await _server.Indexer().CatchUpAsync(default);
        var hit = (await ben.SearchAsync($"爬山 {_rare}")).Of("moments").Single();
        Assert.Equal((id, anna.Handle, "[[3,5],[6,15]]"), (
            hit.GetProperty("moment").Id(), hit.GetProperty("moment").GetProperty("author").GetProperty("handle").GetString(), hit.GetProperty("snippet").GetProperty("marks").GetRawText()));
        Assert.Single(await anna.FindAsync("moments", _rare));
        Assert.Empty(await cleo.FindAsync("moments", _rare));
        (await anna.PatchAsync($"/api/moments/{id}", new { audience = new { kind = "friends", except = new { accounts = new[] { ben.Handle } } }, widen = true })).Is(HttpStatusCode.OK);
        Assert.Empty(await ben.FindAsync("moments", _rare));
        Assert.Single(await cleo.FindAsync("moments", _rare));
        (await cleo.PutAsync($"/api/moment-hiding/theirs/{anna.Handle}")).Is(HttpStatusCode.NoContent);
        Assert.Empty(await cleo.FindAsync("moments", _rare));
        (await anna.DeleteAsync($"/api/moments/{id}")).Is(HttpStatusCode.NoContent);
        Assert.Empty((await anna.SearchAsync(_rare)).GetProperty("groups").EnumerateArray());
    }

    [Theory]
    [InlineData("", "query-shape")]
    [InlineData("?q=", "query-shape")]
    [InlineData("?q=%20", "query-shape")]
    [InlineData("?q=a&kinds=secrets", "kinds-unknown")]
    [InlineData("?q=a&before=1", "before-one-kind")]
    [InlineData("?q=a&kinds=messages&before=1", "cursor-shape")]
    [InlineData("?q=a&kinds=messages&before=1-2-x", "cursor-shape")]
    [InlineData("?q=a&kinds=people&before=-1", "cursor-shape")]
    [InlineData("?q=a&kinds=articles&before=99999999999999999999", "cursor-shape")]
    public async Task A_question_of_the_wrong_shape_is_told_which_field(string query, string code)
    {
        var me = await _server.PersonAsync("Me");
        Assert.Equal(code, (await me.GetAsync($"/api/search{query}")).Is(HttpStatusCode.BadRequest).Code);
    }

    [Theory]
    [InlineData("!")]
    [InlineData("🙂")]
    [InlineData("\"' OR 1=1 -- NEAR(a*)")]
    [InlineData("a:b ^c {d} (e) -f +g 'h' \\i")]
    [InlineData("\u0000")]
    [InlineData("\uE0001")]
    public async Task Any_text_is_a_question(string query)
    {
        var me = await _server.PersonAsync("Me");
        Assert.Equal(JsonValueKind.Array, (await me.SearchAsync(query)).GetProperty("groups").ValueKind);
    }

    [Fact]
    public async Task Very_long_questions_are_answered_or_refused_and_many_are_slowed()
    {
        var me = await _server.PersonAsync("Me");
        await me.SearchAsync(string.Concat(Enumerable.Range(0, 200).Select(i => (char)('一' + i))));
        await me.SearchAsync(string.Join(' ', Enumerable.Range(0, 66).Select(i => $"{i:00}")));
        (await me.GetAsync($"/api/search?q={new string('x', 201)}")).Is(HttpStatusCode.BadRequest);
        (await _server.Anybody.GetAsync("/api/search?q=a")).Is(HttpStatusCode.Unauthorized);
        Answer last;
        var asked = 0;
        do
        {
            last = await me.GetAsync("/api/search?q=%21");
        }
        while (last.Status == HttpStatusCode.OK && ++asked < 1000);
        Assert.Equal("throttled", last.Is(HttpStatusCode.TooManyRequests).Code);
        Assert.NotNull(last.Message.Headers.RetryAfter);
    }

    [Fact]
    public async Task Files_are_found_by_their_names()
    {
        var (anna, ben) = (await _server.PersonAsync("Anna"), await _server.PersonAsync("Ben"));
        await anna.BefriendAsync(ben);
        var talk = await anna.TalkAsync(ben);
        var file = (await anna.UploadAsync([1, 2, 3], $"年度报告-{_rare}.pdf", "file")).Is(HttpStatusCode.Created).Text("id");
        (await anna.PostAsync($"/api/conversations/{talk}/messages", new { clientId = "f", file })).Is(HttpStatusCode.Created);
        var hit = (await ben.SearchAsync($"报告 {_rare}")).Of("messages").Single();
        Assert.Equal($"年度报告-{_rare}.pdf", hit.GetProperty("title").GetProperty("text").GetString());
        Assert.Equal("file", hit.GetProperty("message").GetProperty("kind").GetString());
    }
}
