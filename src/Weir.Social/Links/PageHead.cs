using System.Text;
using AngleSharp.Html;
using AngleSharp.Html.Parser;
using AngleSharp.Html.Parser.Tokens;
using AngleSharp.Text;

namespace Weir.Social.Links;

/// <summary>
/// What a page says of itself: Open Graph, else its title and description. Read by AngleSharp's tokenizer alone, up to where the body begins: it takes time in
/// proportion to the bytes, and no tree grows out of what a stranger wrote.
/// </summary>
internal sealed record PageHead(string? Title, string? Description, string? Site, string? Picture)
{
    private const int MaxTokens = 20_000;
    private const int MaxTitle = 200;
    private const int MaxDescription = 300;
    private const int MaxSite = 60;

    /// <param name="charset">As the answer's header names it.</param>
    public static PageHead Read(ReadOnlySpan<byte> page, string? charset)
    {
        using var source = new TextSource(PageEncoding.Read(page, charset));
        using var tokenizer = new HtmlTokenizer(source, HtmlEntityProvider.Resolver) { SkipComments = true, SkipScriptText = true, SkipRawText = true };
        var said = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        StringBuilder? title = null;
        var inTitle = false;
        var foreign = 0;
        for (var left = MaxTokens; left > 0; left--)
        {
            var token = tokenizer.Get();
            if (token.Type == HtmlTokenType.EndOfFile)
            {
                break;
            }

            if (token.Type == HtmlTokenType.Character)
            {
                if (inTitle && title!.Length < 1000)
                {
                    title.Append(token.Data);
                }

                continue;
            }

            if (token is not HtmlTagToken tag)
            {
                continue;
            }

            var starts = token.Type == HtmlTokenType.StartTag;
            inTitle = false;
            if (tag.Name is "body" or "article" or "main" || (tag.Name == "head" && !starts))
            {
                break;
            }

            // Pictures and formulas drawn inside the page have titles and styles of their own, which are no HTML.
            if (tag.Name is "svg" or "math")
            {
                foreign = Math.Max(0, foreign + (!starts ? -1 : tag.IsSelfClosing ? 0 : 1));
            }

            if (!starts || foreign > 0)
            {
                continue;
            }

            switch (tag.Name)
            {
                case "title":
                    tokenizer.State = HtmlParseMode.RCData;
                    inTitle = title is null;
                    title ??= new StringBuilder();
                    break;
                case "textarea":
                    tokenizer.State = HtmlParseMode.RCData;
                    break;
                case "script":
                    tokenizer.State = HtmlParseMode.Script;
                    break;
                case "style" or "xmp" or "iframe" or "noembed" or "noframes":
                    tokenizer.State = HtmlParseMode.Rawtext;
                    break;
                case "meta":
                    var name = tag.GetAttribute("property");
                    name = string.IsNullOrEmpty(name) ? tag.GetAttribute("name") : name;
                    var content = tag.GetAttribute("content");
                    if (name is { Length: > 0 and < 40 } && content is { Length: > 0 and < 4000 })
                    {
                        said.TryAdd(name, content);
                    }

                    break;
            }
        }

        string? Said(params ReadOnlySpan<string> names)
        {
            foreach (var name in names)
            {
                if (said.TryGetValue(name, out var value) && !string.IsNullOrWhiteSpace(value))
                {
                    return value;
                }
            }

            return null;
        }

        return new PageHead(
            LinkText.Clean(Said("og:title", "twitter:title") ?? title?.ToString(), MaxTitle),
            LinkText.Clean(Said("og:description", "twitter:description", "description"), MaxDescription),
            LinkText.Clean(Said("og:site_name", "application-name"), MaxSite),
            Said("og:image:secure_url", "og:image", "og:image:url", "twitter:image", "twitter:image:src"));
    }
}
