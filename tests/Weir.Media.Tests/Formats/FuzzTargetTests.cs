using Weir.Fuzz;

namespace Weir.Media.Tests.Formats;

/// <summary>The fuzzers' targets and seeds, for a moment each: a finding here needs no fuzzer.</summary>
public sealed class FuzzTargetTests
{
    public static TheoryData<string> Names => [.. Targets.All.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_target_gives_a_value_or_its_own_refusal_for_every_seed_and_for_changed_ones(string target)
    {
        var random = new Random(7);
        // A handshake that gets past its ClientHello signs something each time.
        var rounds = target == "dtls-handshake" ? 60 : 400;
        foreach (var seed in Seeds.Of(target))
        {
            Targets.Run(target, seed);
            for (var round = 0; round < rounds; round++)
            {
                var bytes = Seeds.Mutate(seed, random);
                var fault = Record.Exception(() => Targets.Run(target, bytes));
                Assert.True(fault is null, $"{fault} for {Convert.ToHexString(bytes)}");
            }
        }
    }

    /// <summary>Inputs that fuzzing found to take branches of their own, and those that once were findings.</summary>
    [Theory]
    [MemberData(nameof(Names))]
    public void A_target_gives_a_value_or_its_own_refusal_for_every_input_of_its_corpus(string target)
    {
        foreach (var input in Corpus.Read(target, Path.Combine(AppContext.BaseDirectory, "corpus")))
        {
            var fault = Record.Exception(() => Targets.Run(target, input));
            Assert.True(fault is null, $"{fault} for {Convert.ToHexString(input)}");
        }
    }
}
