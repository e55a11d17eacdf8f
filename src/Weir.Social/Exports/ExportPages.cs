using System.Globalization;
using System.Text.Encodings.Web;

namespace Weir.Social.Exports;

/// <summary>The words and the frame of an export's pages: plain HTML that opens from a folder, without script and without a server.</summary>
internal sealed class ExportPages(string language)
{
    private const string Style =
        "body{font:16px/1.6 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem;color:#14211f;background:#fff}h1,h2{line-height:1.25}a{color:#0b7465}"
        + "article{border-top:1px solid #e0e8e6;padding:.6rem 0}time,small{color:#586966;font-size:.85rem}p{white-space:pre-wrap;margin:.2rem 0;overflow-wrap:anywhere}"
        + "img{max-width:100%;max-height:24rem;border-radius:8px}li{margin:.2rem 0}@media(prefers-color-scheme:dark){body{color:#e6eeec;background:#0f1615}a{color:#4fcdb5}time,small{color:#9db0ac}article{border-color:#27332f}}";

    private static readonly Dictionary<string, (string En, string Zh)> Words = new()
    {
        ["title"] = ("What I wrote on Weir", "我在 Weir 上写的内容"),
        ["made"] = ("Made on {0}", "导出时间：{0}"),
        ["conversations"] = ("Conversations", "聊天"),
        ["conversations.text"] = ("My own messages, with whom they were for. What others wrote is theirs.", "这里是我自己发出的消息。别人写的内容属于别人。"),
        ["moments"] = ("Moments", "朋友圈"),
        ["comments"] = ("Comments", "评论"),
        ["comments.text"] = ("What I wrote under moments that I can see. They are not here themselves.", "我在看得到的朋友圈里写的评论。被评论的内容不在这里。"),
        ["likes"] = ("Likes", "赞"),
        ["articles"] = ("Articles", "文章"),
        ["broadcasts"] = ("Broadcasts", "直播"),
        ["friends"] = ("Friends", "朋友"),
        ["files"] = ("Pictures and files", "图片和文件"),
        ["data"] = ("The same as data", "数据文件"),
        ["data.text"] = ("The .json files hold everything above for programs to read.", ".json 文件包含以上全部内容，供程序读取。"),
        ["recalled"] = ("Recalled", "已撤回"),
        ["none"] = ("Nothing.", "没有内容。"),
        ["back"] = ("Back", "返回"),
        ["deleted"] = ("a deleted account", "已注销的账号"),
        ["group"] = ("Group", "群聊"),
        ["draft"] = ("draft", "草稿"),
    };

    public string this[string key] => language == "zh" ? Words[key].Zh : Words[key].En;

    public static string Encode(string? text) => HtmlEncoder.Default.Encode(text ?? "");

    public static string Time(DateTimeOffset time) => $"<time datetime=\"{time:O}\">{time.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture)} UTC</time>";

    public string Begin(string title, bool isIndex = false) =>
        $"<!doctype html><html lang=\"{(language == "zh" ? "zh-CN" : "en")}\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">"
        + $"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src * file:; style-src 'unsafe-inline'\"><title>{Encode(title)}</title><style>{Style}</style>"
        + (isIndex ? "" : $"<nav><a href=\"../index.html\">{Encode(this["back"])}</a></nav>") + $"<h1>{Encode(title)}</h1>\n";

    public static string Text(string? text) => string.IsNullOrEmpty(text) ? "" : $"<p>{Encode(text)}</p>";

    public static string Picture(string path) => $"<a href=\"{Encode(path)}\"><img src=\"{Encode(path)}\" alt=\"\" loading=\"lazy\"></a>";

    public static string Link(string path, string text) => $"<a href=\"{Encode(path)}\">{Encode(text)}</a>";
}
