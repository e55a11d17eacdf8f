using Weir.Hosting.Texts;

namespace Weir.Social.Accounts;

/// <summary>One line that people show to others: a name, a title.</summary>
internal static class PlainText
{
    public const int NameLength = 40;
    public const int TitleLength = 100;

    /// <summary>As <see cref="UserText.Line"/>.</summary>
    public static string? Parse(string? typed, int maxLength) => UserText.Line(typed, maxLength);
}
