using System.Text.RegularExpressions;

namespace Weir.Social.Accounts;

/// <summary>The name by which a person is found: 3 to 30 of <c>a-z 0-9 _</c>, compared without case.</summary>
internal static partial class Handle
{
    public const int MaxLength = 30;

    /// <summary>The stored form of what a person typed, or null when no account can have this handle.</summary>
    public static string? Parse(string? typed)
    {
        var handle = typed?.Trim().TrimStart('@').ToLowerInvariant();
        return handle is not null && Shape().IsMatch(handle) ? handle : null;
    }

    [GeneratedRegex(@"\A[a-z0-9_]{3,30}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Shape();
}
