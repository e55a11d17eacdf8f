using System.Globalization;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace Weir.Social.Articles.Pages;

/// <summary>The words around articles, in the reader's language.</summary>
internal sealed record PageWords(
    string Language,
    string Home,
    string Edited,
    string More,
    string Feed,
    string Newer,
    string Older,
    string NothingYet,
    string MissingTitle,
    string MissingText,
    string SignIn,
    string Script,
    Func<long, string> Reads,
    Func<long, string> Likes,
    Func<long, string> Followers,
    string DateFormat)
{
    public static readonly PageWords English = new(
        "en",
        "Weir",
        "edited",
        "More from",
        "Feed",
        "Newer",
        "Older",
        "Nothing has been published yet.",
        "There is nothing here",
        "This page does not exist, or it is for people who are signed in.",
        "Sign in",
        """{"copy":"Copy link","copied":"Copied","like":"Like","liked":"Liked","share":"Share","report":"Report","follow":"Follow","following":"Following"}""",
        count => count == 1 ? "read once" : string.Create(CultureInfo.InvariantCulture, $"read {count:N0} times"),
        count => count == 1 ? "1 like" : string.Create(CultureInfo.InvariantCulture, $"{count:N0} likes"),
        count => count == 1 ? "1 follower" : string.Create(CultureInfo.InvariantCulture, $"{count:N0} followers"),
        "d MMMM yyyy");

    public static readonly PageWords Chinese = new(
        "zh-CN",
        "Weir",
        "已修改",
        "更多文章：",
        "订阅源",
        "较新",
        "较早",
        "还没有发布文章。",
        "这里没有内容",
        "页面不存在，或需要登录后查看。",
        "登录",
        """{"copy":"复制链接","copied":"已复制","like":"赞","liked":"已赞","share":"分享","report":"举报","follow":"关注","following":"已关注"}""",
        count => string.Create(CultureInfo.InvariantCulture, $"阅读 {count:N0}"),
        count => string.Create(CultureInfo.InvariantCulture, $"{count:N0} 个赞"),
        count => string.Create(CultureInfo.InvariantCulture, $"{count:N0} 人关注"),
        "yyyy年M月d日");

    /// <summary>By <c>Accept-Language</c>; English unless Chinese comes first of the two.</summary>
    public static PageWords For(StringValues acceptLanguage)
    {
        if (!StringWithQualityHeaderValue.TryParseList(acceptLanguage, out var parsed))
        {
            return English;
        }

        foreach (var wanted in parsed.Take(20).OrderByDescending(l => l.Quality ?? 1))
        {
            if (wanted.Value.StartsWith("zh", StringComparison.OrdinalIgnoreCase))
            {
                return Chinese;
            }

            if (wanted.Value.StartsWith("en", StringComparison.OrdinalIgnoreCase))
            {
                return English;
            }
        }

        return English;
    }

    public string Date(DateTimeOffset time) => time.ToString(DateFormat, CultureInfo.InvariantCulture);
}
