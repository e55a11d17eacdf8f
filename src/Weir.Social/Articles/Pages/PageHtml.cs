using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;
using Weir.Contracts;
using Weir.Social.OfficialAccounts;

namespace Weir.Social.Articles.Pages;

/// <summary>Articles and accounts as plain HTML that needs no script, with what other sites and messengers read to show a card.</summary>
internal static class PageHtml
{
    public const string ScriptPath = "/a/-/article.js";
    private static readonly HtmlEncoder Encoder = HtmlEncoder.Create(UnicodeRanges.All);
    private static readonly string Style = Resource("article.css");

    public static readonly string Script = Resource("article.js");

    /// <summary>Of one sheet, whose text is the same on every page.</summary>
    public static readonly string Policy = "default-src 'none'; img-src 'self' data:; script-src 'self'; connect-src 'self'; manifest-src 'self'; "
        + $"style-src 'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(Style)))}'; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    private static readonly string ScriptAddress = $"{ScriptPath}?v={Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Script)))[..16]}";

    public static string Article(ArticleContent content, PageWords words, string site)
    {
        var (account, article) = (content.Account, content.Article);
        var about = article.Summary.Length > 0 ? article.Summary : Shorten(content.Text.Text, 200);
        var picture = content.Picture is { } id ? $"{site}{ArticleMarkdown.PicturePath}{id.ToText()}" : $"{site}/icon.svg";
        var head = new StringBuilder();
        Meta(head, "og:type", "article");
        Meta(head, "article:published_time", Iso(article.PublishedAt!.Value));
        if (article.EditedAt is { } edited)
        {
            Meta(head, "article:modified_time", Iso(edited));
        }

        head.Append(CultureInfo.InvariantCulture, $"<script type=\"application/ld+json\">{Describe(content, about, picture, site)}</script>");

        var body = new StringBuilder();
        body.Append(CultureInfo.InvariantCulture, $"<article><h1>{E(article.Title)}</h1><div class=\"by\">{Face(account, false)}<div><a href=\"/a/{account.Handle}\" rel=\"author\">{E(account.Name)}</a><br>");
        body.Append(Time(article.PublishedAt.Value, words));
        if (article.EditedAt is { } changed)
        {
            body.Append(CultureInfo.InvariantCulture, $" · <span class=\"edited\">{E(words.Edited)} {Time(changed, words)}</span>");
        }

        body.Append("</div></div>");
        if (article.Summary.Length > 0)
        {
            body.Append(CultureInfo.InvariantCulture, $"<p class=\"summary\">{E(article.Summary)}</p>");
        }

        if (content.Cover is { } cover)
        {
            body.Append(CultureInfo.InvariantCulture, $"<img class=\"cover\" src=\"{ArticleMarkdown.PicturePath}{cover.Id.ToText()}\" width=\"{cover.Width}\" height=\"{cover.Height}\" alt=\"\">");
        }

        body.Append(CultureInfo.InvariantCulture, $"<div class=\"text\" lang=\"{LanguageOf(content.Text.Text)}\">{content.Text.Html}</div></article>");
        var numbers = new List<string>();
        if (account.ShowsReads)
        {
            numbers.Add(words.Reads(article.Reads));
        }

        if (article.Likes > 0)
        {
            numbers.Add(words.Likes(article.Likes));
        }

        body.Append(CultureInfo.InvariantCulture, $"<div class=\"end\"><span>{E(string.Join(" · ", numbers))}</span>{Acts(account, article.Id, words)}</div>");
        if (content.More.Count > 0)
        {
            body.Append(CultureInfo.InvariantCulture, $"<nav class=\"more\" aria-labelledby=\"more\"><h2 id=\"more\">{E(words.More)} {E(account.Name)}</h2>{List(content.More, words)}</nav>");
        }

        return Whole(words, site, content.Path, article.Title, $"{article.Title} · {account.Name}", about, picture, account, head.ToString(), body.ToString());
    }

    public static string Account(AccountContent content, PageWords words, string site)
    {
        var account = content.Account;
        var path = content.Page == 1 ? $"/a/{account.Handle}" : string.Create(CultureInfo.InvariantCulture, $"/a/{account.Handle}?page={content.Page}");
        var picture = account.AvatarId is { } id ? $"{site}{ArticleMarkdown.PicturePath}{id.ToText()}" : $"{site}/icon.svg";
        var head = new StringBuilder();
        Meta(head, "og:type", "website");
        var body = new StringBuilder();
        body.Append(CultureInfo.InvariantCulture, $"<div class=\"head\">{Face(account, true)}<div><h1>{E(account.Name)}</h1><p>@{account.Handle}");
        if (account.ShowsFollowers)
        {
            body.Append(" · ").Append(E(words.Followers(content.Followers)));
        }

        body.Append("</p></div></div>");
        if (account.Description.Length > 0)
        {
            body.Append("<p>").Append(E(account.Description).Replace("&#xA;", "<br>", StringComparison.Ordinal)).Append("</p>");
        }

        body.Append(CultureInfo.InvariantCulture, $"<div class=\"end\">{(account.Open ? $"<a href=\"/a/{account.Handle}/feed.atom\">{E(words.Feed)}</a>" : "")}{Acts(account, null, words)}</div>");
        body.Append(content.Articles.Count > 0 ? List(content.Articles, words) : $"<p class=\"summary\">{E(words.NothingYet)}</p>");
        if (content.Page > 1 || content.HasOlder)
        {
            var newer = content.Page > 1 ? string.Create(CultureInfo.InvariantCulture, $"<a rel=\"prev\" href=\"/a/{account.Handle}?page={content.Page - 1}\">← {E(words.Newer)}</a>") : "<span></span>";
            var older = content.HasOlder ? string.Create(CultureInfo.InvariantCulture, $"<a rel=\"next\" href=\"/a/{account.Handle}?page={content.Page + 1}\">{E(words.Older)} →</a>") : "";
            body.Append(CultureInfo.InvariantCulture, $"<nav class=\"pages\">{newer}{older}</nav>");
        }

        var about = account.Description.Length > 0 ? Shorten(account.Description, 200) : account.Name;
        return Whole(words, site, path, account.Name, account.Name, about, picture, account, head.ToString(), body.ToString());
    }

    /// <summary>The same for what does not exist and for what is not for this reader.</summary>
    public static string Missing(PageWords words) =>
        $"<!doctype html><html lang=\"{words.Language}\"><head>{Start}<title>{E(words.MissingTitle)}</title><meta name=\"robots\" content=\"noindex\"></head><body>{Bar(words)}"
        + $"<main><h1>{E(words.MissingTitle)}</h1><p class=\"summary\">{E(words.MissingText)}</p><p><a class=\"act\" href=\"/sign-in\">{E(words.SignIn)}</a></p></main></body></html>";

    private static string Start { get; } = "<meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><link rel=\"icon\" href=\"/favicon.svg\" type=\"image/svg+xml\">"
        + $"<style>{Style}</style><script src=\"{ScriptAddress}\" defer></script>";

    private static string Whole(
        PageWords words, string site, string path, string title, string windowTitle, string about, string picture, OfficialAccount account, string head, string body)
    {
        var page = new StringBuilder(body.Length + 8192);
        page.Append(CultureInfo.InvariantCulture, $"<!doctype html><html lang=\"{words.Language}\"><head>{Start}<title>{E(windowTitle)}</title>");
        page.Append(CultureInfo.InvariantCulture, $"<link rel=\"canonical\" href=\"{E(site + path)}\"><meta name=\"description\" content=\"{E(about)}\">");
        Meta(page, "og:site_name", account.Name);
        Meta(page, "og:title", title);
        Meta(page, "og:description", about);
        Meta(page, "og:url", site + path);
        Meta(page, "og:image", picture);
        page.Append("<meta name=\"twitter:card\" content=\"summary_large_image\">");
        if (account.Open)
        {
            page.Append(CultureInfo.InvariantCulture, $"<link rel=\"alternate\" type=\"application/atom+xml\" title=\"{E(account.Name)}\" href=\"/a/{account.Handle}/feed.atom\">");
        }
        else
        {
            page.Append("<meta name=\"robots\" content=\"noindex\">");
        }

        page.Append(head).Append("</head><body>").Append(Bar(words)).Append("<main>").Append(body).Append("</main>");
        return page.Append(CultureInfo.InvariantCulture, $"<footer class=\"foot\"><a href=\"/a/{account.Handle}\">{E(account.Name)}</a></footer></body></html>").ToString();
    }

    private static string Bar(PageWords words) => $"<header class=\"bar\"><a href=\"/\">{E(words.Home)}</a></header>";

    private static string Acts(OfficialAccount account, Guid? article, PageWords words) =>
        $"<div class=\"acts\" data-account=\"{account.Handle}\"{(article is { } id ? $" data-article=\"{id.ToText()}\"" : "")} data-words=\"{E(words.Script)}\"></div>";

    private static string Face(OfficialAccount account, bool big)
    {
        var size = big ? 72 : 44;
        var kind = big ? " big" : "";
        return account.AvatarId is { } id
            ? string.Create(CultureInfo.InvariantCulture, $"<img class=\"face{kind}\" src=\"{ArticleMarkdown.PicturePath}{id.ToText()}?size=thumb\" width=\"{size}\" height=\"{size}\" alt=\"\">")
            : $"<span class=\"face letter{kind}\" aria-hidden=\"true\">{E(StringInfo.GetNextTextElement(account.Name))}</span>";
    }

    private static string List(List<PageEntry> entries, PageWords words)
    {
        var list = new StringBuilder("<ul class=\"list\">");
        foreach (var entry in entries)
        {
            list.Append(CultureInfo.InvariantCulture, $"<li><a href=\"{entry.Path}\"><span><strong>{E(entry.Title)}</strong><small>{E(entry.Summary)}</small><small>{Time(entry.PublishedAt, words)}</small></span>");
            if (entry.Cover is { } cover)
            {
                list.Append(CultureInfo.InvariantCulture, $"<img src=\"{ArticleMarkdown.PicturePath}{cover.Id.ToText()}?size=thumb\" width=\"88\" height=\"66\" alt=\"\" loading=\"lazy\">");
            }

            list.Append("</a></li>");
        }

        return list.Append("</ul>").ToString();
    }

    private static string Describe(ArticleContent content, string about, string picture, string site) => JsonSerializer.Serialize(new Dictionary<string, object?>
    {
        ["@context"] = "https://schema.org",
        ["@type"] = "Article",
        ["headline"] = content.Article.Title,
        ["description"] = about,
        ["image"] = picture,
        ["datePublished"] = Iso(content.Article.PublishedAt!.Value),
        ["dateModified"] = Iso(content.Article.EditedAt ?? content.Article.PublishedAt.Value),
        ["mainEntityOfPage"] = site + content.Path,
        ["author"] = new Dictionary<string, string> { ["@type"] = "Organization", ["name"] = content.Account.Name, ["url"] = $"{site}/a/{content.Account.Handle}" },
    });

    /// <summary>What hyphenation and reading aloud need to know; the words around it may be in another language.</summary>
    private static string LanguageOf(string text)
    {
        var (letters, han) = (0, 0);
        foreach (var letter in text.AsSpan(0, Math.Min(text.Length, 2000)))
        {
            letters += char.IsLetter(letter) ? 1 : 0;
            han += letter is >= '\u4e00' and <= '\u9fff' ? 1 : 0;
        }

        return letters == 0 ? "und" : han * 4 > letters ? "zh" : "en";
    }

    public static string Shorten(string text, int length)
    {
        var line = string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        return line.Length <= length ? line : string.Concat(line.AsSpan(0, char.IsHighSurrogate(line[length - 1]) ? length - 1 : length), "…");
    }

    private static string Time(DateTimeOffset time, PageWords words) => $"<time datetime=\"{Iso(time)}\">{E(words.Date(time))}</time>";

    public static string Iso(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);

    private static void Meta(StringBuilder page, string property, string content) =>
        page.Append(CultureInfo.InvariantCulture, $"<meta property=\"{property}\" content=\"{E(content)}\">");

    private static string E(string text) => Encoder.Encode(text);

    private static string Resource(string name)
    {
        using var stream = typeof(PageHtml).Assembly.GetManifestResourceStream(name)!;
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd().Trim();
    }
}
