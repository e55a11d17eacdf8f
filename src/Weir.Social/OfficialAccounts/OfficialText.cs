using Weir.Hosting.Texts;

namespace Weir.Social.OfficialAccounts;

/// <summary>Lines of any script, perhaps none: a description, an article.</summary>
internal static class OfficialText
{
    /// <summary>As <see cref="UserText.OptionalText"/>.</summary>
    public static string? Parse(string? typed, int maxLength) => UserText.OptionalText(typed, maxLength);
}
