namespace Weir.Fuzz;

/// <summary>The media core's targets, and those of the planes around it.</summary>
internal static class AllTargets
{
    public static IEnumerable<string> Names => Targets.All.Keys.Concat(SocialTargets.All.Keys);

    public static IReadOnlyList<byte[]> SeedsOf(string target) => SocialTargets.All.ContainsKey(target) ? SocialSeeds.Of(target)
        : Seeds.Of(target);

    public static void Run(string target, ReadOnlyMemory<byte> bytes)
    {
        if (SocialTargets.All.ContainsKey(target))
        {
            SocialTargets.Run(target, bytes);
        }
        else
        {
            Targets.Run(target, bytes);
        }
    }
}
