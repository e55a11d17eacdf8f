using System.Globalization;
using System.Text.RegularExpressions;
using Markdig;
using Markdig.Extensions.AutoLinks;
using Markdig.Extensions.EmphasisExtras;
using Markdig.Renderers;
using Markdig.Renderers.Html;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;
using Weir.Contracts;
using Weir.Hosting;
using Weir.Social.Files;

namespace Weir.Social.Articles;

/// <summary>What is written in an article, made into HTML that may stand on any page.</summary>
internal sealed record RenderedArticle(string Html, string Text, IReadOnlyList<Guid> Pictures);

/// <summary>
/// The Markdown of articles: CommonMark without raw HTML, headings of the levels 2 to 4, strikethrough, and addresses that become links by themselves. Links go to http, https, mailto or
/// this site; pictures are files of this server (<c>/api/files/ID</c>), any other becomes a link to it, so that reading an article tells nobody else.
/// </summary>
internal static partial class ArticleMarkdown
{
    public const string PicturePath = "/api/files/";
    private const int MaxDepth = 32;

    /// <summary>Beginnings of link targets between two blank lines. The parser may look for the end of each to the end of the paragraph.</summary>
    private const int MaxTargets = 1000;

    private static readonly MarkdownPipeline Pipeline = new MarkdownPipelineBuilder { MaximumNestingDepth = MaxDepth }
        .DisableHtml()
        .UseEmphasisExtras(EmphasisExtraOptions.Strikethrough)
        .UseAutoLinks(new AutoLinkOptions { UseHttpsForWWWLinks = true })
        .Build();

    /// <summary>So much is rendered in less time than it takes to start a thread for it, whatever it is.</summary>
    private const int Short = 2000;

    /// <summary>As <see cref="Render"/>, which can take half a second: on a thread that holds up nobody's call.</summary>
    public static Task<RenderedArticle?> RenderAsync(
        string markdown, IReadOnlyDictionary<Guid, PictureRef>? sizes = null, CancellationToken cancellation = default) =>
        markdown.Length <= Short
            ? Task.FromResult(Render(markdown, sizes))
            : BackgroundPriority.RunAsync(() => Render(markdown, sizes), cancellation);

    /// <summary>Null when it is nested more deeply than any article is, or made to keep the parser busy.</summary>
    /// <param name="sizes">Of pictures, so that the page does not jump while they load.</param>
    public static RenderedArticle? Render(string markdown, IReadOnlyDictionary<Guid, PictureRef>? sizes = null)
    {
        if (HasTooManyTargets(markdown))
        {
            return null;
        }

        try
        {
            var document = Markdown.Parse(markdown, Pipeline);
            var pictures = new List<Guid>();
            foreach (var heading in document.Descendants<HeadingBlock>())
            {
                heading.Level = Math.Clamp(heading.Level, 2, 4);
            }

            foreach (var link in document.Descendants<LinkInline>().ToList())
            {
                Clean(link, pictures, sizes);
            }

            foreach (var link in document.Descendants<AutolinkInline>().ToList())
            {
                if (link.IsEmail || IsAllowed(link.Url))
                {
                    MarkForeign(link);
                }
                else
                {
                    link.ReplaceBy(new LiteralInline(link.Url));
                }
            }

            return new RenderedArticle(Write(document, asHtml: true), Write(document, asHtml: false).Trim(), pictures);
        }
        catch (ArgumentException fault) when (fault.Message.Contains("nested", StringComparison.Ordinal))
        {
            return null;
        }
    }

    /// <summary>The file that a picture's address names, when it is one of this server.</summary>
    public static Guid? PictureOf(string? url) =>
        url is not null && url.StartsWith(PicturePath, StringComparison.Ordinal) && Ids.TryParse(url.Substring(PicturePath.Length), out var id) ? id : null;

    /// <summary>Every file of this server that the text names, shown as a picture or not.</summary>
    public static List<Guid> PicturesIn(string markdown)
    {
        var pictures = new List<Guid>();
        foreach (var found in FilePaths().EnumerateMatches(markdown))
        {
            if (Ids.TryParse(markdown.Substring(found.Index + PicturePath.Length, 32), out var id) && !pictures.Contains(id))
            {
                pictures.Add(id);
            }
        }

        return pictures;
    }

    [GeneratedRegex(@"/api/files/[0-9a-f]{32}\b", RegexOptions.CultureInvariant)]
    private static partial Regex FilePaths();

    private static bool HasTooManyTargets(string markdown)
    {
        var targets = 0;
        foreach (var line in markdown.AsSpan().EnumerateLines())
        {
            targets = line.IsWhiteSpace() ? 0 : targets + line.Count("](");
            if (targets > MaxTargets)
            {
                return true;
            }
        }

        return false;
    }

    private static void Clean(LinkInline link, List<Guid> pictures, IReadOnlyDictionary<Guid, PictureRef>? sizes)
    {
        var url = link.GetDynamicUrl?.Invoke() ?? link.Url;
        if (link.IsImage && PictureOf(url) is { } picture)
        {
            pictures.Add(picture);
            var attributes = link.GetAttributes();
            attributes.AddPropertyIfNotExist("loading", "lazy");
            attributes.AddPropertyIfNotExist("decoding", "async");
            if (sizes?.GetValueOrDefault(picture) is { Width: > 0, Height: > 0 } size)
            {
                attributes.AddPropertyIfNotExist("width", size.Width.ToString(CultureInfo.InvariantCulture));
                attributes.AddPropertyIfNotExist("height", size.Height.ToString(CultureInfo.InvariantCulture));
            }

            return;
        }

        if (link.IsImage)
        {
            link.IsImage = false;
            if (link.FirstChild is null)
            {
                link.AppendChild(new LiteralInline(url ?? ""));
            }
        }

        if (IsAllowed(url))
        {
            MarkForeign(link);
        }
        else
        {
            link.ReplaceBy(new EmphasisFree(), copyChildren: true);
        }
    }

    private static bool IsAllowed(string? url)
    {
        if (string.IsNullOrWhiteSpace(url) || url.Any(char.IsControl))
        {
            return false;
        }

        return url[0] == '/' ? url.Length == 1 || url[1] is not ('/' or '\\')
            : Uri.TryCreate(url, UriKind.Absolute, out var parsed) && (parsed.Scheme == Uri.UriSchemeHttp || parsed.Scheme == Uri.UriSchemeHttps || parsed.Scheme == Uri.UriSchemeMailto);
    }

    private static void MarkForeign(MarkdownObject link) => link.GetAttributes().AddPropertyIfNotExist("rel", "noopener nofollow");

    private static string Write(MarkdownDocument document, bool asHtml)
    {
        using var text = new StringWriter();
        var renderer = new HtmlRenderer(text) { EnableHtmlForBlock = asHtml, EnableHtmlForInline = asHtml, EnableHtmlEscape = asHtml };
        Pipeline.Setup(renderer);
        renderer.Render(document);
        return text.ToString();
    }

    /// <summary>Only its children are written.</summary>
    private sealed class EmphasisFree : ContainerInline;
}
