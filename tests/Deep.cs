namespace Weir.Testing;

/// <summary>
/// How much of what is drawn at random a run looks at: <c>./test deep</c> sets WEIR_DEEP, every other run takes the small size.
/// </summary>
internal static class Deep
{
    public static bool IsAsked { get; } = Environment.GetEnvironmentVariable("WEIR_DEEP") is { Length: > 0 } and not "0";

    public static int Size(int small, int full) => IsAsked ? full : small;
}
