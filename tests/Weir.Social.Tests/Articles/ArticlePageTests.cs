using System.IO.Compression;
using System.Net;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Weir.Social.Data;

namespace Weir.Social.Tests.Articles;

public sealed class ArticlePagesOnSqlite : ArticlePageTests
{
    protected override Task<Server> StartAsync(IInterceptor counter) => Server.StartAsync(configure: b => b.Services.AddSingleton(counter));
}

public sealed class ArticlePagesOnPostgres(PostgresServer shared) : ArticlePageTests
{
    protected override Task<Server> StartAsync(IInterceptor counter) => Server.StartAsync(shared.Cluster, b => b.Services.AddSingleton(counter));
}

/// <summary>The permanent links: what they show, to whom, and that they open whatever else is busy.</summary>
public abstract class ArticlePageTests : IAsyncLifetime
{
    private readonly CommandCounter _counter = new();
    private Server _server = null!;
    private Someone _admin = null!;

    protected abstract Task<Server> StartAsync(IInterceptor counter);

    public async ValueTask InitializeAsync()
    {
        _server = await StartAsync(_counter);
        _admin = await _server.PersonAsync("Admin", admin: true);
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task An_open_article_is_plain_HTML_with_what_a_card_needs()
    {
        var paper = await Publishing.OpenAsync(_server, _admin);
        var (id, url) = await paper.PublishAsync("\"Quotes\" & <tags>", "Some **bold** words.\n\n<script>alert(1)</script>", "A summary <b>");
        var page = (await _server.Anybody.GetAsync(url)).Is(HttpStatusCode.OK);
        Assert.Equal("text/html; charset=utf-8", page.Message.Content.Headers.ContentType!.ToString());
        Assert.Contains("<strong>bold</strong>", page.Body);
        Assert.Contains("<h1>&quot;Quotes&quot; &amp; &lt;tags&gt;</h1>", page.Body);
        Assert.Contains("&lt;script&gt;alert(1)&lt;/script&gt;", page.Body);
        // Nothing runs but the one file; what is inline is data.
        Assert.All(Regex.Matches(page.Body, "<script[^>]*>").Select(m => m.Value), tag => Assert.True(tag.Contains("/a/-/article.js") || tag.Contains("application/ld+json"), tag));
        var site = _server.Http.BaseAddress!.AbsoluteUri.TrimEnd('/');
        foreach (var (property, content) in new[]
        {
            ("og:type", "article"), ("og:title", "&quot;Quotes&quot; &amp; &lt;tags&gt;"), ("og:description", "A summary &lt;b&gt;"), ("og:url", site + url), ("og:site_name", "The Paper"), ("og:image", $"{site}/icon.svg"),
        })
        {
            Assert.Contains($"<meta property=\"{property}\" content=\"{content}\">", page.Body);
        }

        Assert.Contains($"<link rel=\"canonical\" href=\"{site}{url}\">", page.Body);
        Assert.Matches("<meta property=\"article:published_time\" content=\"\\d{4}-\\d\\d-\\d\\dT[\\d:]+Z\">", page.Body);
        Assert.DoesNotContain("modified_time", page.Body);
        Assert.True(page.Message.Headers.CacheControl is { Public: true, NoCache: true, Private: false });
        var policy = page.Message.Headers.GetValues("Content-Security-Policy").Single();
        Assert.Contains("default-src 'none'", policy);
        Assert.DoesNotContain("unsafe", policy);
        Assert.Equal("nosniff", page.Message.Headers.GetValues("X-Content-Type-Options").Single());
        (await _server.Anybody.GetAsync("/a/-/article.js")).Is(HttpStatusCode.OK);

        var byId = (await _server.Anybody.GetAsync($"/a/{paper.Handle}/{id}")).Is(HttpStatusCode.PermanentRedirect);
        Assert.Equal(url, byId.Message.Headers.Location!.ToString());
        (await paper.SaveAsync(id, 2, "Changed", "New words.")).Is(HttpStatusCode.OK);
        (await paper.Owner.PostAsync($"/api/articles/{id}/publish", new { version = 3 })).Is(HttpStatusCode.OK);
        var again = (await _server.Anybody.GetAsync(url)).Is(HttpStatusCode.OK).Body;
        Assert.Contains("New words.", again);
        Assert.Contains("class=\"edited\"", again);
        Assert.Contains("article:modified_time", again);
    }

    [Fact]
    public async Task The_words_around_it_are_in_the_readers_language_and_the_title_without_ASCII_has_its_id_as_link()
    {
        var paper = await Publishing.OpenAsync(_server, _admin, new { showsFollowers = true, showsReads = true });
        var (id, url) = await paper.PublishAsync("堰上的新闻", "今天的新闻。");
        Assert.Equal($"/a/{paper.Handle}/{id}", url);
        async Task<string> InAsync(string language) =>
            (await _server.Anybody.SendAsync(HttpMethod.Get, url, null, r => r.Headers.TryAddWithoutValidation("Accept-Language", language))).Is(HttpStatusCode.OK).Body;
        Assert.Contains("<html lang=\"zh-CN\">", await InAsync("zh-Hans-CN,zh;q=0.9,en;q=0.8"));
        Assert.Contains("阅读 0", await InAsync("zh"));
        Assert.Contains("<html lang=\"en\">", await InAsync("en;q=0.9,zh;q=0.1"));
        Assert.Contains("<html lang=\"en\">", await InAsync("fr, ;;;"));
        Assert.Contains("lang=\"zh\">", await InAsync("en"));
        Assert.Contains("1 follower", (await _server.Anybody.GetAsync($"/a/{paper.Handle}")).Is(HttpStatusCode.OK).Body);
    }

    [Fact]
    public async Task Outsiders_get_for_what_is_not_theirs_the_same_as_for_nothing_with_the_same_queries()
    {
        var paper = await Publishing.OpenAsync(_server, _admin, open: false);
        var (id, url) = await paper.PublishAsync();
        var draft = await paper.DraftAsync("Draft");
        var reader = await _server.PersonAsync("Reader");
        var page = (await reader.GetAsync(url)).Is(HttpStatusCode.OK);
        Assert.True(page.Message.Headers.CacheControl is { Private: true, NoCache: true, Public: false });
        Assert.Contains("noindex", page.Body);
        (await reader.GetAsync($"/a/{paper.Handle}")).Is(HttpStatusCode.OK);
        (await reader.GetAsync($"/a/{paper.Handle}/{draft}")).Is(HttpStatusCode.NotFound);
        // It lies in memory now, for those who are signed in.
        foreach (var (path, none) in new[]
        {
            (url, "/a/nobody_here/a-title"),
            ($"/a/{paper.Handle}/{id}", $"/a/nobody_here/{id}"),
            ($"/a/{paper.Handle}", "/a/nobody_here"),
            ($"/a/{paper.Handle}/feed.atom", "/a/nobody_here/feed.atom"),
        })
        {
            await CountAsync(none);
            var (missing, missingQueries) = await CountAsync(none);
            var (answer, queries) = await CountAsync(path);
            Assert.Equal(HttpStatusCode.NotFound, answer.Status);
            Assert.Equal((missing.Status, missing.Body, Headers(missing)), (answer.Status, answer.Body, Headers(answer)));
            Assert.Equal(missingQueries, queries);
        }

        (await _server.Anybody.GetAsync($"/api/articles/{id}")).Is(HttpStatusCode.NotFound);
        (await _server.Anybody.SendAsync(HttpMethod.Get, url, null, r => r.Headers.Add("Cookie", "weir=nonsense"))).Is(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task It_is_made_once_and_forgotten_when_anything_changes()
    {
        var paper = await Publishing.OpenAsync(_server, _admin);
        var (id, url) = await paper.PublishAsync();
        await CountAsync(url);
        var (first, none) = await CountAsync(url);
        Assert.Empty(none);
        var tag = first.Message.Headers.ETag!;
        var held = await _server.Anybody.SendAsync(HttpMethod.Get, url, null, r => r.Headers.IfNoneMatch.Add(tag));
        Assert.Equal((HttpStatusCode.NotModified, ""), (held.Status, held.Body));
        var head = (await _server.Anybody.SendAsync(HttpMethod.Head, url)).Is(HttpStatusCode.OK);
        Assert.Equal((first.Message.Content.Headers.ContentLength, ""), (head.Message.Content.Headers.ContentLength, head.Body));
        var zipped = await _server.Http.SendAsync(new HttpRequestMessage(HttpMethod.Get, url) { Headers = { { "Accept-Encoding", "gzip" } } });
        using var unzipped = new StreamReader(new GZipStream(await zipped.Content.ReadAsStreamAsync(), CompressionMode.Decompress));
        Assert.Equal(first.Body, await unzipped.ReadToEndAsync());

        (await paper.Owner.PatchAsync($"/api/official/{paper.Handle}", new { name = "Another name" })).Is(HttpStatusCode.OK);
        Assert.Contains("Another name", (await _server.Anybody.GetAsync(url)).Body);
        (await paper.Owner.PatchAsync($"/api/official/{paper.Handle}", new { open = false })).Is(HttpStatusCode.OK);
        (await _server.Anybody.GetAsync(url)).Is(HttpStatusCode.NotFound);
        (await paper.Owner.PatchAsync($"/api/official/{paper.Handle}", new { open = true, widen = true })).Is(HttpStatusCode.OK);
        (await _server.Anybody.GetAsync(url)).Is(HttpStatusCode.OK);
        (await paper.Owner.PostAsync($"/api/articles/{id}/unpublish")).Is(HttpStatusCode.NoContent);
        (await _server.Anybody.GetAsync(url)).Is(HttpStatusCode.NotFound);
        Assert.DoesNotContain("a-title", (await _server.Anybody.GetAsync($"/a/{paper.Handle}")).Body);
    }

    [Fact]
    public async Task An_article_is_rendered_once_however_often_and_under_whatever_name_it_is_read()
    {
        var paper = await Publishing.OpenAsync(_server, _admin);
        var (id, url) = await paper.PublishAsync(markdown: "Some **bold** words.");
        var rendered = _server.Plane.App.Services.GetRequiredService<Weir.Social.Articles.RenderedArticles>();
        var before = rendered.Renderings;
        for (var i = 0; i < 5; i++)
        {
            Assert.Contains("<strong>bold</strong>", (await _server.Anybody.GetAsync($"/api/articles/{id}")).Is(HttpStatusCode.OK).Text("html"));
        }

        Assert.Equal(before + 1, rendered.Renderings);
        await CountAsync(url);
        before = rendered.Renderings;
        foreach (var host in new[] { "one.example.org", "two.example.org:8080", "one.example.org", "x'<b>\"", "" })
        {
            _counter.Reset();
            var page = await _server.Anybody.SendAsync(HttpMethod.Get, url, null, request => request.Headers.TryAddWithoutValidation("Host", host));
            if (host.Contains('<', StringComparison.Ordinal) || host.Length == 0)
            {
                Assert.DoesNotContain("<b>", page.Body);
                continue;
            }

            Assert.Contains($"<link rel=\"canonical\" href=\"http://{host}{url}\">", page.Is(HttpStatusCode.OK).Body);
            Assert.DoesNotContain("weir.invalid", page.Body);
            Assert.Empty(_counter.Take());
        }

        Assert.Equal(before, rendered.Renderings);
        (await paper.SaveAsync(id, 2, "A title", "Other words.")).Is(HttpStatusCode.OK);
        (await paper.Owner.PostAsync($"/api/articles/{id}/publish", new { version = 3 })).Is(HttpStatusCode.OK);
        Assert.Contains("Other words.", (await _server.Anybody.GetAsync($"/api/articles/{id}")).Text("html"));
        Assert.Contains("Other words.", (await _server.Anybody.GetAsync(url)).Body);
    }

    [Fact]
    public async Task Articles_open_while_the_one_writer_is_busy_and_no_live_plane_is_there()
    {
        var paper = await Publishing.OpenAsync(_server, _admin);
        var (_, url) = await paper.PublishAsync();
        var (_, other) = await paper.PublishAsync("Not looked at before");
        (await _server.Anybody.GetAsync(url)).Is(HttpStatusCode.OK);
        using (await _server.Plane.App.Services.GetRequiredService<WriteGate>().EnterAsync(default))
        {
            foreach (var path in new[] { url, other, $"/a/{paper.Handle}", $"/a/{paper.Handle}/feed.atom" })
            {
                (await _server.Anybody.GetAsync(path).WaitAsync(Patience.Limit)).Is(HttpStatusCode.OK);
            }
        }
    }

    [Fact]
    public async Task An_account_lists_its_articles_and_has_a_feed()
    {
        var paper = await Publishing.OpenAsync(_server, _admin);
        Assert.Contains("Nothing has been published yet", (await _server.Anybody.GetAsync($"/a/{paper.Handle}")).Is(HttpStatusCode.OK).Body);
        var urls = new List<string>();
        for (var n = 1; n <= 32; n++)
        {
            urls.Add((await paper.PublishAsync($"Article number {n} & more")).Url);
        }

        var first = (await _server.Anybody.GetAsync($"/a/{paper.Handle}")).Is(HttpStatusCode.OK).Body;
        Assert.Contains(urls[31], first);
        Assert.DoesNotContain($"\"{urls[1]}\"", first);
        var second = (await _server.Anybody.GetAsync($"/a/{paper.Handle}?page=2")).Is(HttpStatusCode.OK).Body;
        Assert.Contains($"\"{urls[1]}\"", second);
        foreach (var bad in new[] { "0", "-1", "x", "1001", "" })
        {
            (await _server.Anybody.GetAsync($"/a/{paper.Handle}?page={bad}")).Is(HttpStatusCode.NotFound);
        }

        var feed = (await _server.Anybody.GetAsync($"/a/{paper.Handle}/feed.atom")).Is(HttpStatusCode.OK);
        Assert.Equal("application/atom+xml; charset=utf-8", feed.Message.Content.Headers.ContentType!.ToString());
        XNamespace atom = "http://www.w3.org/2005/Atom";
        var xml = XDocument.Parse(feed.Body).Root!;
        Assert.Equal(30, xml.Elements(atom + "entry").Count());
        Assert.Equal("Article number 32 & more", xml.Elements(atom + "entry").First().Element(atom + "title")!.Value);
    }

    [Fact]
    public async Task A_feed_is_well_formed_whatever_its_titles_hold()
    {
        var paper = await Publishing.OpenAsync(_server, _admin);
        await paper.PublishAsync("Copied\uFFFE from\uFFFF paper", "Text", "Words\uFFFE of\u001B it");
        XNamespace atom = "http://www.w3.org/2005/Atom";
        Assert.Equal(("Copied from paper", "Words of it"), await FirstAsync());

        // Such a title may stand in the database from before.
        await _server.ReadAsync(db => db.Articles.Where(a => a.Title == "Copied from paper").ExecuteUpdateAsync(change => change.SetProperty(a => a.Title, "Old\uFFFE title\u0001")));
        await paper.Owner.PatchAsync($"/api/official/{paper.Handle}", new { description = "Another one" });
        Assert.Equal(("Old title", "Words of it"), await FirstAsync());

        async Task<(string, string)> FirstAsync()
        {
            var feed = (await _server.Anybody.GetAsync($"/a/{paper.Handle}/feed.atom")).Is(HttpStatusCode.OK);
            var entry = XDocument.Parse(feed.Body).Root!.Element(atom + "entry")!;
            return (entry.Element(atom + "title")!.Value, entry.Element(atom + "summary")!.Value);
        }
    }

    [Theory]
    [InlineData("/a/No_Capitals")]
    [InlineData("/a/x")]
    [InlineData("/a/some_body/deep/er")]
    [InlineData("/a/some_body/%01")]
    [InlineData("/a/some_body/..%2f..%2fapi")]
    [InlineData("/a/%F0%9F")]
    [InlineData("/a/-/other.js")]
    public async Task An_address_that_names_nothing_is_missing(string path) => (await _server.Anybody.GetAsync(path)).Is(HttpStatusCode.NotFound);

    private async Task<(Answer Answer, IReadOnlyList<string> Queries)> CountAsync(string path)
    {
        _counter.Reset();
        var answer = await _server.Anybody.GetAsync(path);
        return (answer, _counter.Take());
    }

    private static string Headers(Answer answer) => string.Join('\n', answer.Message.Headers.Concat(answer.Message.Content.Headers)
        .Where(h => h.Key is not "Date").OrderBy(h => h.Key, StringComparer.Ordinal).Select(h => $"{h.Key}: {string.Join(',', h.Value)}"));
}
