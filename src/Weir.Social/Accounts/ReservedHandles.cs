namespace Weir.Social.Accounts;

/// <summary>
/// Handles that would be taken for the server's own or for whoever runs it. Handles have Latin letters only, so the Chinese words are there
/// as people spell them with those. Whoever sets the server up, and administrators for official accounts, may take one; accounts from
/// before keep theirs.
/// </summary>
internal static class ReservedHandles
{
    private static readonly char[] Digits = [.. "0123456789"];

    private static readonly HashSet<string> Words =
    [
        "weir", "admin", "admins", "administrator", "administrators", "administration", "sysadmin", "webadmin", "root",
        "superuser", "sysop", "system", "systems", "server", "operator", "operators", "owner", "host", "hostmaster", "postmaster",
        "webmaster", "abuse", "security", "privacy", "legal", "support", "help", "helpdesk", "service", "customerservice",
        "contact", "info", "official", "officials", "team", "staff", "moderator", "moderators", "mod", "mods", "bot", "notice",
        "notices", "notification", "notifications", "everyone", "everybody", "all", "here", "channel", "anonymous", "nobody",
        "guest", "deleted", "null", "undefined", "api", "www", "mail", "test",
        // 管理员 管理 超级管理员 系统管理员 系统 官方 客服 客服中心 支持 帮助 服务 运营 站长 版主 小助手 通知 公告 安全 所有人 群主
        "guanliyuan", "guanli", "chaojiguanliyuan", "xitongguanliyuan", "xitong", "guanfang", "kefu", "kefuzhongxin", "zhichi",
        "bangzhu", "fuwu", "yunying", "zhanzhang", "banzhu", "xiaozhushou", "tongzhi", "gonggao", "anquan", "suoyouren", "qunzhu",
    ];

    /// <param name="handle">As <see cref="Handle.Parse"/> gives it. <c>admin_1</c>, <c>the_admin</c> and <c>weir_support</c> are taken for
    /// the same.</param>
    public static bool Contains(string handle)
    {
        var parts = handle.Split('_').Select(part => part.Trim(Digits)).Where(part => part is not ("" or "the")).ToList();
        var whole = string.Concat(parts);
        return Words.Contains(whole) || (parts.Count > 0 && parts.TrueForAll(Words.Contains)) || IsTwo(whole);
    }

    /// <summary>Two of the words without anything between them: <c>weirsupport</c>.</summary>
    private static bool IsTwo(string text) => Words.Any(word =>
        text.Length > word.Length && text.StartsWith(word, StringComparison.Ordinal) && Words.Contains(text[word.Length..]));
}
