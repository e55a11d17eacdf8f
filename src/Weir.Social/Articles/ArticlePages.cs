using System.Buffers;
using System.Collections.Concurrent;
using System.IO.Compression;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Net.Http.Headers;
using Weir.Contracts;
using Weir.Hosting;
using Weir.Social.Accounts;
using Weir.Social.Articles.Pages;
using Weir.Social.Data;
using Weir.Social.Sessions;
using Weir.Social.Throttling;

namespace Weir.Social.Articles;

/// <summary>
/// <c>/a/HANDLE</c>, <c>/a/HANDLE/SLUG</c> and <c>/a/HANDLE/feed.atom</c>: made once and served from memory, before routing, sign-in and the database, so that they open whatever else is
/// busy. A page older than a minute is made again beside, while it is still served; every change forgets all.
/// </summary>
internal sealed class ArticlePages(
    IServiceScopeFactory scopes, ReadCounter reads, CallLimits limits, SocialOptions options, TimeProvider clock, ILogger<ArticlePages> log)
{
    /// <summary>Pages that are made at the same time. One more is refused; those that were made before are not.</summary>
    public const int MostMaking = 256;

    private const long MaxBytes = 64 * 1024 * 1024;
    private const int MaxPage = 1000;
    private const string Feed = "feed.atom";
    private static readonly TimeSpan FreshFor = TimeSpan.FromMinutes(1);
    private static readonly SearchValues<char> HostCharacters = SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:[]");
    private static readonly byte[] Script = Encoding.UTF8.GetBytes(PageHtml.Script);
    private readonly PageCache _cache = new(MaxBytes);
    private readonly ConcurrentDictionary<PageKey, Lazy<Task<ReadyPage?>>> _making = new();

    public void Use(IApplicationBuilder app) => app.Use(async (context, next) =>
    {
        if (!HttpMethods.IsGet(context.Request.Method) && !HttpMethods.IsHead(context.Request.Method)
            || !context.Request.Path.StartsWithSegments("/a", StringComparison.Ordinal, out var rest) || rest.Value is not { Length: > 1 })
        {
            await next(context);
            return;
        }

        await AnswerAsync(context, rest.Value.Split('/', StringSplitOptions.RemoveEmptyEntries));
    });

    /// <summary>Something that pages show has changed.</summary>
    public void Forget() => _cache.Clear();

    private async Task AnswerAsync(HttpContext context, string[] parts)
    {
        if (parts is ["-", "article.js"])
        {
            context.Response.ContentType = "text/javascript; charset=utf-8";
            context.Response.Headers.CacheControl = "public, max-age=31536000, immutable";
            await SendAsync(context, Script);
            return;
        }

        if (!limits.MayCallOpenly(context, out var retryAfter))
        {
            await Problems.Throttled(context, retryAfter).ExecuteAsync(context);
            return;
        }

        context.Response.Headers.ContentSecurityPolicy = PageHtml.Policy;
        var words = PageWords.For(context.Request.Headers.AcceptLanguage);
        var page = parts.Length <= 2 && Handle.Parse(parts[0]) == parts[0] ? await FindAsync(context, parts, words) : null;
        context.Response.Headers.Vary = "Accept-Language, Accept-Encoding";
        if (page is null)
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            context.Response.ContentType = "text/html; charset=utf-8";
            context.Response.Headers.CacheControl = "private, no-store";
            await SendAsync(context, Encoding.UTF8.GetBytes(PageHtml.Missing(words)));
            return;
        }

        // May be kept by whoever passes it on, and is asked for again each time: a page that was taken back is gone at once.
        context.Response.Headers.CacheControl = page.Open ? "public, no-cache" : "private, no-cache";
        if (page.Location is not null)
        {
            context.Response.StatusCode = StatusCodes.Status308PermanentRedirect;
            context.Response.Headers.Location = page.Location;
            return;
        }

        if (page.Article is { } article && HttpMethods.IsGet(context.Request.Method) && !context.Request.Headers.ContainsKey("Sec-Purpose"))
        {
            reads.Saw(article, context);
        }

        context.Response.Headers.ETag = page.Tag;
        if (IsHeld(context.Request.Headers.IfNoneMatch, page.Tag))
        {
            context.Response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        context.Response.ContentType = page.Type;
        var zipped = context.Request.Headers.AcceptEncoding.ToString().Contains("gzip", StringComparison.OrdinalIgnoreCase);
        if (zipped)
        {
            context.Response.Headers.ContentEncoding = "gzip";
        }

        var (body, gzip) = options.PublicUrl is null ? page.For(SiteOf(context.Request)) : (page.Body, page.Zipped);
        await SendAsync(context, zipped ? gzip : body);
    }

    /// <summary>What a request calls the site. Nothing but a name or an address comes into a page.</summary>
    private static string SiteOf(HttpRequest request)
    {
        var host = request.Host.HasValue ? request.Host.ToUriComponent() : "";
        return host.Length is > 0 and <= 255 && host.AsSpan().IndexOfAnyExcept(HostCharacters) < 0 ? $"{request.Scheme}://{host}" : "http://localhost";
    }

    private async Task<ReadyPage?> FindAsync(HttpContext context, string[] parts, PageWords words)
    {
        var name = parts.Length == 2 ? parts[1] : null;
        var number = 1;
        if (name is { Length: > 80 } || (context.Request.Query.TryGetValue("page", out var asked)
            && !(int.TryParse(asked, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number is > 0 and <= MaxPage)))
        {
            return null;
        }

        var key = new PageKey(parts[0], name, name is null ? number : 1, name == Feed ? "" : words.Language, Open: true);
        if (Look(key) is { } open)
        {
            return open;
        }

        // Only whoever brings a session is looked up; all others find what is open, or nothing, by the same query.
        if (name != Feed && (context.Request.Cookies.ContainsKey(SessionAuthentication.CookieOf(context.Request, options)) || context.Request.Headers.ContainsKey(HeaderNames.Authorization))
            && (await context.AuthenticateAsync(SessionAuthentication.SchemeName)).Succeeded)
        {
            key = key with { Open = false };
        }

        return Look(key) ?? await MakeOnceAsync(key).WaitAsync(context.RequestAborted);
    }

    private ReadyPage? Look(PageKey key)
    {
        var page = _cache.Find(key);
        if (page is not null && (clock.GetUtcNow() - page.MadeAt).Duration() > FreshFor)
        {
            _ = MakeOnceAsync(key);
        }

        return page;
    }

    /// <summary>However many ask at once, one makes it.</summary>
    private Task<ReadyPage?> MakeOnceAsync(PageKey key)
    {
        if (_making.TryGetValue(key, out var making))
        {
            return making.Value;
        }

        if (_making.Count < MostMaking)
        {
            // Lazy, so that it is here before it can be done and take itself away.
            return _making.GetOrAdd(key, wanted => new Lazy<Task<ReadyPage?>>(() => MakeInBackgroundAsync(wanted))).Value;
        }

        SocialMetrics.Throttled.Add(1);
        return Task.FromException<ReadyPage?>(new BusyException("Too many pages are made at once. Try again in a moment."));
    }

    private Task<ReadyPage?> MakeInBackgroundAsync(PageKey wanted) => Task.Run(async () =>
    {
        try
        {
            var version = _cache.Version;
            await using var scope = scopes.CreateAsyncScope();
            var page = await MakeAsync(wanted, scope.ServiceProvider.GetRequiredService<ArticlePageSource>());
            if (page is not null)
            {
                // What is open is found by everybody, whoever asked first.
                _cache.Add(wanted with { Open = page.Open }, page, version);
            }
            else
            {
                _cache.Remove(wanted);
            }

            return page;
        }
        catch (Exception fault) when (fault is not BusyException && !DatabaseAway.Is(fault))
        {
            log.LogError(fault, "A page could not be made");
            throw;
        }
        finally
        {
            _making.TryRemove(wanted, out _);
        }
    });

    private string Site => options.PublicUrl?.AbsoluteUri.TrimEnd('/') ?? ReadyPage.AnySite;

    private async Task<ReadyPage?> MakeAsync(PageKey key, ArticlePageSource source)
    {
        var words = key.Language == PageWords.Chinese.Language ? PageWords.Chinese : PageWords.English;
        if (key.Name == Feed)
        {
            return await source.FeedAsync(key.Handle, CancellationToken.None) is { } feed
                ? Ready(PageFeed.Write(feed, Site), "application/atom+xml; charset=utf-8", null, true)
                : null;
        }

        if (key.Name is null)
        {
            return await source.AccountAsync(key.Handle, key.Page, !key.Open, CancellationToken.None) is { } account
                ? Ready(PageHtml.Account(account, words, Site), "text/html; charset=utf-8", null, account.Account.Open)
                : null;
        }

        if (await source.ArticleAsync(key.Handle, key.Name, !key.Open, CancellationToken.None) is not { } content)
        {
            return null;
        }

        return content.Path.EndsWith($"/{key.Name}", StringComparison.Ordinal)
            ? Ready(PageHtml.Article(content, words, Site), "text/html; charset=utf-8", content.Article.Id, content.Account.Open)
            : Ready("", "text/html; charset=utf-8", null, content.Account.Open) with { Location = content.Path };
    }

    private ReadyPage Ready(string text, string type, Guid? article, bool open)
    {
        var body = Encoding.UTF8.GetBytes(text);
        // Weak: both encodings share it.
        var tag = $"W/\"{Convert.ToHexStringLower(SHA256.HashData(body))[..32]}\"";
        return new ReadyPage(body, ReadyPage.Zip(body, CompressionLevel.Optimal), type, tag, article, open, null, clock.GetUtcNow());
    }

    private static bool IsHeld(Microsoft.Extensions.Primitives.StringValues held, string tag) =>
        EntityTagHeaderValue.TryParseList(held, out var tags)
        && tags.Any(t => t.Equals(EntityTagHeaderValue.Any) || t.Compare(EntityTagHeaderValue.Parse(tag), useStrongComparison: false));

    private static async Task SendAsync(HttpContext context, byte[] body)
    {
        context.Response.ContentLength = body.Length;
        if (HttpMethods.IsGet(context.Request.Method))
        {
            await context.Response.Body.WriteAsync(body, context.RequestAborted);
        }
    }
}
