namespace Weir.Social.Tests;

internal static class Until
{
    /// <summary>Looks again until it holds; for what happens by itself a moment later.</summary>
    public static Task HoldsAsync(Func<Task<bool>> holds) => Patience.HoldsAsync(holds);
}
