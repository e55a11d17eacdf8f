using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;

namespace Weir.Social.Tests.Articles;

public sealed class ArticlesOnSqlite(SqliteServer shared) : ArticleTests(shared);

public sealed class ArticlesOnPostgres(PostgresServer shared) : ArticleTests(shared);

public abstract class ArticleTests(SharedServer shared)
{
    private readonly Server _server = shared.Server;

    [Fact]
    public async Task A_draft_is_its_editors_alone()
    {
        var paper = await Publishing.OpenAsync(_server, shared.Admin);
        var editor = await paper.EditorAsync();
        var reader = await paper.FollowerAsync();
        var id = await paper.DraftAsync();
        (await editor.GetAsync($"/api/articles/{id}/draft")).Is(HttpStatusCode.OK);
        var none = Guid.NewGuid().ToString("N");
        var calls = new Func<Someone, string, Task<Answer>>[]
        {
            (who, which) => who.GetAsync($"/api/articles/{which}"),
            (who, which) => who.GetAsync($"/api/articles/{which}/draft"),
            (who, which) => who.PutAsync($"/api/articles/{which}/draft", new { version = 2, title = "x", markdown = "x" }),
            (who, which) => who.PostAsync($"/api/articles/{which}/publish", new { version = 2 }),
            (who, which) => who.PostAsync($"/api/articles/{which}/unpublish"),
            (who, which) => who.DeleteAsync($"/api/articles/{which}"),
            (who, which) => who.PutAsync($"/api/articles/{which}/like"),
            (who, which) => who.GetAsync($"/api/articles/{which}/numbers"),
            (who, which) => who.GetAsync($"/a/{paper.Handle}/{which}"),
        };
        foreach (var call in calls)
        {
            var missing = (await call(reader, none)).Is(HttpStatusCode.NotFound);
            foreach (var which in new[] { id, "nonsense" })
            {
                Assert.Equal(missing.Body, (await call(reader, which)).Is(HttpStatusCode.NotFound).Body);
            }
        }
    }

    [Fact]
    public async Task A_deleted_article_keeps_no_text_and_its_link_is_free_again()
    {
        var paper = await Publishing.OpenAsync(_server, shared.Admin);
        var reader = await paper.FollowerAsync();
        var (id, url) = await paper.PublishAsync("A first look", "The text.", "In short");
        (await reader.PutAsync($"/api/articles/{id}/like")).Is(HttpStatusCode.NoContent);
        (await paper.SaveAsync(id, 2, "A second look", "Another", "Shorter")).Is(HttpStatusCode.OK);
        (await paper.Owner.DeleteAsync($"/api/articles/{id}")).Is(HttpStatusCode.NoContent);
        var left = await _server.ReadAsync(db => db.Articles.AsNoTracking().SingleAsync(a => a.Id == Guid.Parse(id)));
        Assert.All([left.Title, left.Summary, left.Markdown, left.DraftTitle, left.DraftSummary, left.DraftMarkdown], Assert.Empty);
        Assert.Null(left.Slug);
        Assert.Equal(0, await _server.ReadAsync(db => db.ArticleLikes.CountAsync(l => l.ArticleId == left.Id)));
        (await reader.GetAsync(url)).Is(HttpStatusCode.NotFound);
        Assert.Equal(url, (await paper.PublishAsync("A first look")).Url);
    }

    [Fact]
    public async Task Saving_over_anothers_work_is_refused_and_nothing_is_lost()
    {
        var paper = await Publishing.OpenAsync(_server, shared.Admin);
        var editor = await paper.EditorAsync();
        var id = await paper.DraftAsync("First", "one");
        var saved = (await paper.SaveAsync(id, 2, "Second", "two", by: editor)).Is(HttpStatusCode.OK);
        Assert.Equal(3, saved["version"].GetInt64());
        Assert.Equal("changed-since", (await paper.SaveAsync(id, 2, "Third", "three")).Is(HttpStatusCode.Conflict).Code);
        Assert.Equal("changed-since", (await paper.Owner.PostAsync($"/api/articles/{id}/publish", new { version = 2 })).Is(HttpStatusCode.Conflict).Code);
        var draft = (await paper.Owner.GetAsync($"/api/articles/{id}/draft")).Is(HttpStatusCode.OK);
        Assert.Equal(("Second", "two", editor.Handle), (draft.Text("title"), draft.Text("markdown"), draft["savedBy"].GetProperty("handle").GetString()));
    }

    [Fact]
    public async Task Two_who_save_at_once_do_not_both_succeed()
    {
        var paper = await Publishing.OpenAsync(_server, shared.Admin);
        var id = await paper.DraftAsync();
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(n => paper.SaveAsync(id, 2, $"Title {n}", "x")));
        Assert.Single(answers, a => a.Status == HttpStatusCode.OK);
        Assert.All(answers.Where(a => a.Status != HttpStatusCode.OK), a => Assert.Equal("changed-since", a.Is(HttpStatusCode.Conflict).Code));
    }

    [Fact]
    public async Task Readers_see_what_was_published_until_it_is_published_again_and_then_that_it_was_edited()
    {
        var paper = await Publishing.OpenAsync(_server, shared.Admin);
        var reader = await paper.FollowerAsync();
        var (id, url) = await paper.PublishAsync("A first look", "The **first** text.");
        Assert.Equal($"/a/{paper.Handle}/a-first-look", url);
        var card = (await reader.GetAsync($"/api/articles/{id}")).Is(HttpStatusCode.OK);
        Assert.Equal(("A first look", JsonValueKind.Null), (card["card"].GetProperty("title").GetString(), card["card"].GetProperty("editedAt").ValueKind));
        Assert.Contains("<strong>first</strong>", card.Text("html"));

        (await paper.SaveAsync(id, 2, "Another title", "The second text.")).Is(HttpStatusCode.OK);
        Assert.Contains("first", (await reader.GetAsync($"/api/articles/{id}")).Text("html"));
        Assert.True((await paper.Owner.GetAsync($"/api/official/{paper.Handle}/work")).Json[0].GetProperty("hasChanges").GetBoolean());
        // The link stays when the title changes.
        Assert.Equal(url, (await paper.Owner.PostAsync($"/api/articles/{id}/publish", new { version = 3 })).Is(HttpStatusCode.OK).Text("url"));
        card = (await reader.GetAsync($"/api/articles/{id}")).Is(HttpStatusCode.OK);
        Assert.Equal(("Another title", JsonValueKind.String), (card["card"].GetProperty("title").GetString(), card["card"].GetProperty("editedAt").ValueKind));

        (await paper.Owner.PostAsync($"/api/articles/{id}/unpublish")).Is(HttpStatusCode.NoContent);
        (await reader.GetAsync($"/api/articles/{id}")).Is(HttpStatusCode.NotFound);
        (await paper.Owner.GetAsync($"/api/articles/{id}/draft")).Is(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Bad_input_is_refused_with_its_field_and_nothing_is_written()
    {
        var paper = await Publishing.OpenAsync(_server, shared.Admin);
        var id = await paper.DraftAsync("Good", "good");
        async Task RefusedAsync(string field, string code, object body)
        {
            var answer = (await paper.Owner.PutAsync($"/api/articles/{id}/draft", body)).Is(HttpStatusCode.BadRequest);
            Assert.Equal(code, answer["codes"].GetProperty(field)[0].GetString());
        }

        await RefusedAsync("markdown", "article-shape", new { version = 2, title = "t", markdown = new string('x', 100_001) });
        await RefusedAsync("markdown", "too-many-pictures", new { version = 2, title = "t", markdown = string.Concat(Enumerable.Range(0, 51).Select(_ => $"![](/api/files/{Guid.NewGuid():N})\n")) });
        await RefusedAsync("markdown", "picture-unknown", new { version = 2, title = "t", markdown = $"![](/api/files/{Guid.NewGuid():N})" });
        await RefusedAsync("cover", "picture-unknown", new { version = 2, title = "t", markdown = "x", cover = Guid.NewGuid().ToString("N") });
        await RefusedAsync("title", "title-shape", new { version = 2, title = new string('t', 101), markdown = "x" });
        await RefusedAsync("summary", "summary-shape", new { version = 2, title = "t", summary = new string('s', 201), markdown = "x" });

        (await paper.Owner.SendAsync(HttpMethod.Put, $"/api/articles/{id}/draft", null, request =>
        {
            request.Content = new ByteArrayContent([.. "{\"version\":2,\"title\":\"t\",\"markdown\":\""u8, 0xC3, 0x28, .. "\"}"u8]);
            request.Content.Headers.ContentType = new("application/json");
        })).Is(HttpStatusCode.BadRequest);
        (await paper.Owner.SendAsync(HttpMethod.Put, $"/api/articles/{id}/draft", null, request =>
            request.Content = new StringContent("{\"version\":2,\"title\":\"t\",\"markdown\":\"\\ud800\"}", Encoding.UTF8, "application/json"))).Is(HttpStatusCode.BadRequest);
        (await paper.Owner.SendAsync(HttpMethod.Put, $"/api/articles/{id}/draft", null, request =>
        {
            // Asks before it sends.
            request.Headers.ExpectContinue = true;
            request.Content = JsonContent.Create(new { version = 2, title = "t", markdown = new string('x', 2_000_000) });
        })).Is(HttpStatusCode.RequestEntityTooLarge);
        var draft = await paper.Owner.GetAsync($"/api/articles/{id}/draft");
        Assert.Equal(("Good", "good", 2L), (draft.Text("title"), draft.Text("markdown"), draft["version"].GetInt64()));

        (await paper.SaveAsync(id, 2, "", "text")).Is(HttpStatusCode.OK);
        Assert.Equal("title-shape", (await paper.Owner.PostAsync($"/api/articles/{id}/publish", new { version = 3 })).Is(HttpStatusCode.BadRequest).Code);
        (await paper.SaveAsync(id, 3, "Title", "  \n ")).Is(HttpStatusCode.OK);
        Assert.Equal("article-empty", (await paper.Owner.PostAsync($"/api/articles/{id}/publish", new { version = 4 })).Is(HttpStatusCode.BadRequest).Code);
        (await paper.SaveAsync(id, 4, "Title", new string('>', 5000) + " deep")).Is(HttpStatusCode.OK);
        Assert.Equal("article-shape", (await paper.Owner.PostAsync($"/api/articles/{id}/publish", new { version = 5 })).Is(HttpStatusCode.BadRequest).Code);
        // A picture that only the rendering finds.
        (await paper.SaveAsync(id, 5, "Title", $"![x](&#47;api/files/{Guid.NewGuid():N})")).Is(HttpStatusCode.OK);
        var hidden = await paper.Owner.PostAsync($"/api/articles/{id}/publish", new { version = 6 });
        Assert.Equal("picture-unknown", hidden.Is(HttpStatusCode.BadRequest).Code);
        Assert.Equal("article-shape", (await paper.Owner.PostAsync("/api/articles/preview", new { markdown = new string('>', 5000) + " deep" })).Is(HttpStatusCode.BadRequest).Code);
    }

    [Fact]
    public async Task Pictures_are_seen_by_those_who_see_the_article()
    {
        var paper = await Publishing.OpenAsync(_server, shared.Admin);
        var editor = await paper.EditorAsync();
        var reader = await paper.FollowerAsync();
        async Task<string> PictureAsync(Someone who) => (await who.UploadAsync(TestPictures.Jpeg(), "x.jpg", "picture")).Is(HttpStatusCode.Created).Text("id");
        var (cover, first, second) = (await PictureAsync(paper.Owner), await PictureAsync(paper.Owner), await PictureAsync(editor));
        var id = await paper.DraftAsync();
        async Task<Answer> SaveAsync(Someone who, long version, string? withCover, params string[] pictures) => await who.PutAsync(
            $"/api/articles/{id}/draft", new { version, title = "Pictures", markdown = "Words " + string.Join(' ', pictures.Select(p => $"![](/api/files/{p})")), cover = withCover });
        (await SaveAsync(paper.Owner, 2, cover, first)).Is(HttpStatusCode.OK);
        // Another editor keeps what is there and adds their own, nobody else's.
        Assert.Equal("picture-unknown", (await SaveAsync(editor, 3, cover, first, await PictureAsync(reader))).Is(HttpStatusCode.BadRequest).Code);
        (await SaveAsync(editor, 3, cover, first, second)).Is(HttpStatusCode.OK);
        async Task SeesAsync(Someone who, bool sees, params string[] files)
        {
            foreach (var file in files)
            {
                (await who.GetAsync($"/api/files/{file}")).Is(sees ? HttpStatusCode.OK : HttpStatusCode.NotFound);
            }
        }

        await SeesAsync(editor, true, cover, first);
        await SeesAsync(reader, false, cover, first, second);
        var url = (await editor.PostAsync($"/api/articles/{id}/publish", new { version = 4 })).Is(HttpStatusCode.OK).Text("url");
        await SeesAsync(_server.Anybody, true, cover, first, second);
        var page = (await _server.Anybody.GetAsync(url)).Is(HttpStatusCode.OK).Body;
        Assert.Contains($"<meta property=\"og:image\" content=\"{_server.Http.BaseAddress!.AbsoluteUri}api/files/{cover}\">", page);
        Assert.Matches($"<img src=\"/api/files/{first}\"[^>]* width=\"\\d+\" height=\"\\d+\"", page);

        // Taken out of the draft, it stays for readers until the next publication.
        (await SaveAsync(editor, 4, null, second)).Is(HttpStatusCode.OK);
        await SeesAsync(_server.Anybody, true, cover, first);
        // Put into the draft, it is not for readers before that.
        var third = await PictureAsync(editor);
        (await SaveAsync(editor, 5, third, second, first)).Is(HttpStatusCode.OK);
        await SeesAsync(editor, true, third);
        await SeesAsync(reader, false, third);
        await SeesAsync(_server.Anybody, false, third);
        (await SaveAsync(editor, 6, null, second, first)).Is(HttpStatusCode.OK);
        (await SaveAsync(editor, 7, null, second)).Is(HttpStatusCode.OK);
        (await editor.PostAsync($"/api/articles/{id}/publish", new { version = 8 })).Is(HttpStatusCode.OK);
        await SeesAsync(_server.Anybody, false, cover, first);
        await SeesAsync(_server.Anybody, true, second);
        (await paper.Owner.PatchAsync($"/api/official/{paper.Handle}", new { open = false })).Is(HttpStatusCode.OK);
        await SeesAsync(_server.Anybody, false, second);
        await SeesAsync(reader, true, second);
        (await paper.Owner.PostAsync($"/api/articles/{id}/unpublish")).Is(HttpStatusCode.NoContent);
        await SeesAsync(reader, false, second);
        await SeesAsync(editor, true, second);
        (await paper.Owner.DeleteAsync($"/api/articles/{id}")).Is(HttpStatusCode.NoContent);
        await _server.ReadAsync(db => Task.FromResult(Assert.Single(db.Files.Where(f => f.Id == Guid.Parse(second) && f.ExpiresAt != null))));
    }

    [Fact]
    public async Task The_longest_article_can_be_saved()
    {
        var paper = await Publishing.OpenAsync(_server, shared.Admin);
        var id = await paper.DraftAsync();
        (await paper.SaveAsync(id, 2, "Long", string.Concat(Enumerable.Repeat("漢字文章\n\n", 16_666)))).Is(HttpStatusCode.OK);
        (await paper.Owner.PostAsync($"/api/articles/{id}/publish", new { version = 3 })).Is(HttpStatusCode.OK);
        (await _server.Anybody.GetAsync($"/a/{paper.Handle}/long")).Is(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Likes_are_counted_once_a_person()
    {
        var paper = await Publishing.OpenAsync(_server, shared.Admin);
        var reader = await paper.FollowerAsync();
        var (id, _) = await paper.PublishAsync();
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => reader.PutAsync($"/api/articles/{id}/like")));
        var card = (await reader.GetAsync($"/api/articles/{id}"))["card"];
        Assert.Equal((1, true), (card.GetProperty("likes").GetInt32(), card.GetProperty("liked").GetBoolean()));
        (await reader.DeleteAsync($"/api/articles/{id}/like")).Is(HttpStatusCode.NoContent);
        (await reader.DeleteAsync($"/api/articles/{id}/like")).Is(HttpStatusCode.NoContent);
        Assert.Equal(0, (await reader.GetAsync($"/api/articles/{id}"))["card"].GetProperty("likes").GetInt32());
    }

    [Theory]
    [InlineData("Hello, World!", "hello-world")]
    [InlineData("  10 things -- that matter  ", "10-things-that-matter")]
    [InlineData("今天的新闻", null)]
    [InlineData("新闻 2026", null)]
    [InlineData("??", null)]
    [InlineData("0123456789abcdef0123456789abcdef", null)]
    public void A_slug_is_made_of_the_titles_words(string title, string? slug) => Assert.Equal(slug, Social.Articles.PublishArticle.SlugOf(title));
}
