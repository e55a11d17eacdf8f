using System.Buffers.Text;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using AngleSharp.Html;
using AngleSharp.Html.Parser;
using AngleSharp.Html.Parser.Tokens;
using AngleSharp.Text;
using Google.Protobuf;
using Weir.Contracts;
using Weir.Contracts.Planes;
using Weir.Hosting.Texts;
using Weir.Social.Articles;
using Weir.Social.Data;
using Weir.Social.Files;
using Weir.Social.Links;
using Weir.Social.LivePlane;
using Weir.Social.Notifications.Push;
using Weir.Social.Outgoing;
using Weir.Social.Search;

namespace Weir.Fuzz;

/// <summary>What the social plane, and both planes, read of what strangers send. They refuse by their answer and throw nothing.</summary>
internal static class SocialTargets
{
    private static readonly byte[] Secret = new byte[NodeKey.Length];
    private static readonly NodeKey Key = new(Secret);
    private static readonly byte[] StatementKey = HKDF.Expand(HashAlgorithmName.SHA256, Secret, NodeKey.Length,
        "weir comment statement v1"u8.ToArray());
    private static readonly string[] Tags =
    [
        "p", "h2", "h3", "h4", "em", "strong", "del", "a", "img", "code", "pre", "ul", "ol", "li", "blockquote", "hr", "br",
    ];

    private static readonly string[] Attributes = ["href", "title", "rel", "src", "alt", "loading", "decoding", "width", "height", "class",
        "start", "type"];

    public static readonly IReadOnlyDictionary<string, Action<ReadOnlyMemory<byte>>> All = new Dictionary<string,
        Action<ReadOnlyMemory<byte>>>
    {
        ["ticket"] = ReadTicket,
        ["comment-statement"] = ReadStatement,
        ["node-report"] = ReadReport,
        ["page-head"] = ReadPage,
        ["page-charset"] = ReadCharset,
        ["link-text"] = ReadLink,
        ["user-text"] = ReadText,
        ["article"] = ReadArticle,
        ["search-query"] = ReadQuery,
        ["public-address"] = ReadAddress,
        ["push-key"] = ReadPushKey,
        ["push-answer"] = ReadPushAnswer,
        ["file-name"] = ReadFileName,
        ["picture-type"] = bytes => PictureMagic.Of(bytes.Span[..Math.Min(bytes.Length, PictureMagic.Length)]),
        ["location"] = LocationTargets.Remove,
        ["location-tiff"] = LocationTargets.RemoveFromTiff,
        ["location-xmp"] = LocationTargets.RemoveFromXmp,
        ["location-png"] = LocationTargets.RemoveFromPng,
        ["location-iso"] = LocationTargets.RemoveFromIso,
    };

    // AngleSharp asks once for the encodings that .NET has.
    static SocialTargets() => Encoding.RegisterProvider(CodePagesEncodingProvider.Instance);

    public static void Run(string target, ReadOnlyMemory<byte> bytes) => All[target](bytes);

    /// <summary>Only what was signed is a ticket.</summary>
    private static void ReadTicket(ReadOnlyMemory<byte> bytes)
    {
        var text = Text(bytes);
        Check(!Ticket.TryVerify(Key, text, out var ticket) || ticket.Sign(Key) == text, "Two texts are the same ticket.");
    }

    /// <summary>As it comes, and signed: the live plane, which signs, reads strangers' bytes itself.</summary>
    private static void ReadStatement(ReadOnlyMemory<byte> bytes)
    {
        CommentStatement.TryVerify(Key, Text(bytes), out _);
        var signed = $"{Base64Url.EncodeToString(bytes.Span)}.{Base64Url.EncodeToString(HMACSHA256.HashData(StatementKey, bytes.Span))}";
        if (CommentStatement.TryVerify(Key, signed, out var statement))
        {
            Check(CommentStatement.TryVerify(Key, statement.Sign(Key), out var again) && again == statement,
                "A statement reads otherwise when it is signed anew.");
            Check((statement.Comment, statement.Name, statement.Text) is (not null, not null, not null), "A statement without its texts.");
        }
    }

    /// <summary>A report that is well formed has ids and times.</summary>
    private static void ReadReport(ReadOnlyMemory<byte> bytes)
    {
        Report report;
        try
        {
            report = Report.Parser.ParseFrom(bytes.Span);
        }
        catch (InvalidProtocolBufferException)
        {
            return;
        }

        if (PlanesService.IsWellFormed(report))
        {
            if (report.Broadcast is { } broadcast)
            {
                Ids.FromWire(broadcast.Broadcast);
                Times.FromMicroseconds(broadcast.StartedAt);
                Times.FromMicroseconds(broadcast.ChangedAt);
            }

            if (report.Presence is { } presence)
            {
                Ids.FromWire(presence.Broadcast);
                _ = presence.Accounts.Select(Ids.FromWire).ToHashSet();
            }
        }
    }

    private static void ReadPage(ReadOnlyMemory<byte> bytes)
    {
        var head = PageHead.Read(bytes.Span, null);
        foreach (var shown in new[] { head.Title, head.Description, head.Site })
        {
            Check(shown is null or { Length: > 0 and <= 301 } && shown?.Any(char.IsControl) != true, "A card shows what is no line.");
        }
    }

    /// <summary>The charset of a header in the first line, a page in the others.</summary>
    private static void ReadCharset(ReadOnlyMemory<byte> bytes)
    {
        var end = bytes.Span.IndexOf((byte)'\n');
        var charset = Encoding.Latin1.GetString(bytes.Span[..Math.Max(end, 0)]);
        PageEncoding.Read(bytes.Span[(end + 1)..], charset);
    }

    private static void ReadLink(ReadOnlyMemory<byte> bytes)
    {
        var text = Text(bytes);
        Check(LinkText.FirstIn(text) is not { } uri || LinkText.IsFetchable(uri), "An address that may not be fetched.");
        Check(LinkText.Clean(text, 60) is null or { Length: > 0 and <= 61 }, "A line that is longer than it may be.");
    }

    /// <summary>What was taken is taken again as it is. UTF-16, so that half a surrogate pair can come.</summary>
    private static void ReadText(ReadOnlyMemory<byte> bytes)
    {
        var typed = new string([.. bytes.ToArray().Chunk(2).Where(pair => pair.Length == 2).Select(pair =>
            (char)((pair[0] << 8) | pair[1]))]);
        if (UserText.Text(typed, 4000) is { } text)
        {
            Check(UserText.Text(text, 4000) == text && UserText.IsVisible(text), "A text changes when it is sent again.");
        }

        if (UserText.Line(typed, 100) is { } line)
        {
            Check(UserText.Line(line, 100) == line && !line.Any(char.IsControl), "A line changes when it is sent again.");
        }
    }

    /// <summary>The HTML has the elements and attributes that an article may have, and leads nowhere else.</summary>
    private static void ReadArticle(ReadOnlyMemory<byte> bytes)
    {
        var text = Text(bytes);
        ArticleMarkdown.PicturesIn(text);
        if (ArticleMarkdown.Render(text) is not { } article)
        {
            return;
        }

        using var source = new TextSource(article.Html);
        using var tokenizer = new HtmlTokenizer(source, HtmlEntityProvider.Resolver);
        for (var token = tokenizer.Get(); token.Type != HtmlTokenType.EndOfFile; token = tokenizer.Get())
        {
            Check(token.Type is HtmlTokenType.Character or HtmlTokenType.StartTag or HtmlTokenType.EndTag,
                $"An article with a {token.Type}.");
            if (token is not HtmlTagToken tag)
            {
                continue;
            }

            Check(Tags.Contains(tag.Name), $"An article with <{tag.Name}>.");
            foreach (var attribute in tag.Attributes)
            {
                Check(Attributes.Contains(attribute.Name), $"An article with an attribute {attribute.Name}.");
                Check(attribute.Name != "src" || attribute.Value.StartsWith(ArticleMarkdown.PicturePath, StringComparison.Ordinal),
                    $"An article with a picture of {attribute.Value}.");
                Check(attribute.Name != "href" || LeadsSomewhere(attribute.Value), $"An article with a link to {attribute.Value}.");
            }
        }
    }

    private static bool LeadsSomewhere(string target) =>
        target.StartsWith("http:", StringComparison.OrdinalIgnoreCase) || target.StartsWith("https:", StringComparison.OrdinalIgnoreCase)
        || target.StartsWith("mailto:", StringComparison.OrdinalIgnoreCase) || (target.StartsWith('/') && !target.StartsWith("//",
            StringComparison.Ordinal));

    /// <summary>A query in the first line, in the others what it is looked for in: the marks are pieces of it, in order.</summary>
    private static void ReadQuery(ReadOnlyMemory<byte> bytes)
    {
        var lines = Text(bytes).Split('\n', 2);
        var query = SearchQuery.Parse(lines[0][..Math.Min(lines[0].Length, SearchQuery.MaxLength)]);
        var field = lines[^1];
        var end = -1;
        foreach (var mark in query.MarksIn(FoldedText.Of(field)))
        {
            Check(mark.Start > end && mark.End > mark.Start && mark.End <= field.Length, "Marks overlap, or lie outside.");
            end = mark.End;
        }
    }

    /// <summary>An address of IPv4 inside one of IPv6 is as public as it is alone.</summary>
    private static void ReadAddress(ReadOnlyMemory<byte> bytes)
    {
        if (bytes.Length >= 16)
        {
            PublicAddress.IsPublic(new IPAddress(bytes.Span[..16]));
        }

        if (bytes.Length >= 4)
        {
            var address = new IPAddress(bytes.Span[..4]);
            Check(PublicAddress.IsPublic(address) == PublicAddress.IsPublic(address.MapToIPv6()), $"{address} is public in one form only.");
        }
    }

    /// <summary>A key that is taken can be encrypted to.</summary>
    private static void ReadPushKey(ReadOnlyMemory<byte> bytes)
    {
        var key = bytes.ToArray();
        if (PushEncryption.IsKey(key))
        {
            PushEncryption.Encrypt("x"u8, key, new byte[PushEncryption.AuthLength]);
        }
    }

    /// <summary>The Retry-After of a push service.</summary>
    private static void ReadPushAnswer(ReadOnlyMemory<byte> bytes)
    {
        var limits = new PushLimits();
        var now = DateTimeOffset.UnixEpoch.AddYears(56);
        RetryConditionHeaderValue.TryParse(Text(bytes), out var asked);
        for (var attempt = 1; attempt <= limits.Attempts; attempt++)
        {
            Check(limits.Wait(asked, attempt, now) is not { } wait || (wait >= TimeSpan.Zero && wait <= limits.MaxRetry),
                "A wait that is none, or too long.");
        }
    }

    /// <summary>A name that was made harmless stays as it is.</summary>
    private static void ReadFileName(ReadOnlyMemory<byte> bytes)
    {
        if (FileName.Parse(Text(bytes), "file") is { } name)
        {
            Check(FileName.Parse(name, "file") == name, "A name changes when it is sent on.");
            Check(name.Length is > 0 and <= 112 && name.IndexOfAny(['/', '\\', ':', '\0']) < 0 && !name.StartsWith('.'),
                "A name that means something to a file system.");
            FileName.TypeOf(name);
        }
    }

    private static string Text(ReadOnlyMemory<byte> bytes) => Encoding.UTF8.GetString(bytes.Span);

    private static void Check(bool holds, string what)
    {
        if (!holds)
        {
            throw new InvalidOperationException(what);
        }
    }
}
