using Weir.Fuzz;

namespace Weir.Social.Tests;

/// <summary>The planes' targets of the fuzzers, for a moment each, as those of the media core have it.</summary>
public sealed class FuzzTargetTests
{
    public static TheoryData<string> Names => [.. SocialTargets.All.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_target_takes_every_seed_and_changed_ones(string target)
    {
        var seeds = SocialSeeds.Of(target);
        Assert.NotEmpty(seeds);
        var mutator = new Mutator(new Random(7));
        foreach (var seed in seeds)
        {
            Try(target, seed);
        }

        for (var round = 0; round < 1500; round++)
        {
            Try(target, mutator.Make(seeds).ToArray());
        }
    }

    /// <summary>Inputs of bug reports, inputs that fuzzing found to take branches of their own, and those that once were
    /// findings.</summary>
    [Theory]
    [MemberData(nameof(Names))]
    public void A_target_takes_every_case_and_its_corpus(string target)
    {
        foreach (var (name, input) in Corpus.Cases(target, AppContext.BaseDirectory))
        {
            var fault = Record.Exception(() => SocialTargets.Run(target, input));
            Assert.True(fault is null, $"{name}: {fault}");
        }

        foreach (var input in Corpus.Read(target, AppContext.BaseDirectory))
        {
            Try(target, input);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void The_list_of_targets_has_it(string target) =>
        Assert.Contains($"| `{target}` |", File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "fuzz.md")));

    private static void Try(string target, byte[] input)
    {
        var fault = Record.Exception(() => SocialTargets.Run(target, input));
        Assert.True(fault is null, $"{fault} for {Convert.ToHexString(input)}");
    }
}
