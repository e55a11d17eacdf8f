using System.Buffers;
using System.Reflection;
using Weir.Fuzz;
using Weir.Media.Formats;
using Weir.Media.Rtmp;

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
        Assert.NotEmpty(Seeds.Of(target));
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

    /// <summary>Inputs of bug reports, inputs that fuzzing found to take branches of their own, and those that once were
    /// findings.</summary>
    [Theory]
    [MemberData(nameof(Names))]
    public void A_target_gives_a_value_or_its_own_refusal_for_every_case_and_for_its_corpus(string target)
    {
        foreach (var (name, input) in Corpus.Cases(target, AppContext.BaseDirectory))
        {
            var fault = Record.Exception(() => Targets.Run(target, input));
            Assert.True(fault is null, $"{name}: {fault}");
        }

        foreach (var input in Corpus.Read(target, AppContext.BaseDirectory))
        {
            var fault = Record.Exception(() => Targets.Run(target, input));
            Assert.True(fault is null, $"{fault} for {Convert.ToHexString(input)}");
        }
    }

    [Fact]
    public void Every_case_is_one_of_a_target() =>
        Assert.All(Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "cases")), file =>
            Assert.Contains($"| `{Path.GetFileNameWithoutExtension(file)}` |", List));
    [Theory]
    [MemberData(nameof(Names))]
    public void The_list_of_targets_has_it(string target) => Assert.Contains($"| `{target}` |", List);

    /// <summary>Readers are known by what they offer: a static method that reads bytes.</summary>
    [Fact]
    public void The_list_has_every_reader_of_the_formats_of_RTMP_and_of_recordings()
    {
        var readers = typeof(MalformedException).Assembly.GetTypes()
            .Where(type => type.Namespace is { } name && (name.StartsWith("Weir.Media.Formats")
                || name is "Weir.Media.Rtmp" or "Weir.Media.Recording"))
            .Where(type => type.GetMethods(BindingFlags.Static | BindingFlags.Public | BindingFlags.DeclaredOnly).Any(Reads))
            .Select(type => type.Name).ToList();
        Assert.True(readers.Count > 20, string.Join(", ", readers));
        Assert.All(readers, reader => Assert.Contains($"`{reader}`", List));
    }

    private static string List => File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "fuzz.md"));

    private static bool Reads(MethodInfo method) =>
        (method.Name.StartsWith("Read") || method.Name.StartsWith("TryRead") || method.Name.StartsWith("TryTake"))
        && method.GetParameters() is [var first, ..] && Bytes.Contains(first.ParameterType.IsByRef ? first.ParameterType.GetElementType()
            : first.ParameterType);

    private static readonly Type?[] Bytes =
        [typeof(ReadOnlySpan<byte>), typeof(ReadOnlySequence<byte>), typeof(ReadOnlyMemory<byte>), typeof(byte[]), typeof(Stream),
            typeof(RtmpMessage), typeof(string)];
}
