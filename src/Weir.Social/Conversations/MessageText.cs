using Weir.Hosting.Texts;

namespace Weir.Social.Conversations;

/// <summary>What somebody writes: lines of any script.</summary>
internal static class MessageText
{
    public const int MaxLength = 4000;
    public const int MaxClientId = 100;

    /// <summary>As <see cref="UserText.Text"/>.</summary>
    public static string? Parse(string? typed, int maxLength = MaxLength) => UserText.Text(typed, maxLength);

    /// <summary>The sender's own name for a message: printable ASCII.</summary>
    public static bool IsClientId(string? typed) => typed is { Length: > 0 and <= MaxClientId } && typed.All(c => c is >= ' ' and <= '~');

    /// <summary>At most <paramref name="length"/> characters of it, for a quotation.</summary>
    public static string? Start(string? text, int length) =>
        text is null || text.Length <= length ? text : string.Concat(text.AsSpan(0, char.IsHighSurrogate(text[length - 1]) ? length - 1 : length), "…");
}
