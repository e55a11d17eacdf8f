namespace Weir.Contracts;

/// <summary>An account that its owner deleted. What it said stays where it was said.</summary>
public static class DeletedAccount
{
    /// <summary>What it is called, to readers of either language.</summary>
    public const string Name = "Deleted account 已注销";
}
