namespace Weir.Social.Throttling;

/// <summary>Bounds of the people's listener.</summary>
internal static class OpenConnections
{
    /// <summary>Open connections at most; the rest is refused at once.</summary>
    public const int Most = 20_000;

    /// <summary>Of one address: a school of two thousand people without HTTP/2 still comes in.</summary>
    public const int PerAddress = 8000;
}
