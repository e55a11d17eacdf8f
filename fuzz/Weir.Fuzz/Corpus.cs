namespace Weir.Fuzz;

/// <summary>
/// The inputs from which a target's further ones are made: its seeds, its cases (<c>fuzz/cases/TARGET.hex</c>), and what earlier runs
/// found to reach other branches. Those are kept in <c>fuzz/corpus/TARGET.hex</c>, one a line.
/// </summary>
internal sealed class Corpus
{
    /// <summary>As many as one file keeps, and as long as one of them may be: more adds little to what the tests can run each
    /// time.</summary>
    private const int MaxKept = 200;

    private const int MaxKeptLength = 400;

    /// <summary>Bounds the memory of a long run.</summary>
    private const int MaxInMemory = 20_000;

    private readonly string _file;
    private readonly List<byte[]> _kept;
    private readonly List<byte[]> _all;

    /// <param name="directory">Where <c>corpus</c> and <c>cases</c> are.</param>
    public Corpus(string target, IEnumerable<byte[]> seeds, string directory)
    {
        _file = FileOf(target, directory);
        _kept = Read(target, directory);
        _all = [.. seeds, .. Cases(target, directory).Select(@case => @case.Input), .. _kept];
    }

    public IReadOnlyList<byte[]> All => _all;

    public static List<byte[]> Read(string target, string directory) =>
        File.Exists(FileOf(target, directory)) ? [.. File.ReadLines(FileOf(target, directory)).Select(Convert.FromHexString)] : [];

    /// <summary>Behind each name, which is a line with a mark before it, the bytes on one line or more.</summary>
    public static List<(string Name, byte[] Input)> Cases(string target, string directory)
    {
        var file = Path.Combine(directory, "cases", target + ".hex");
        return File.Exists(file)
            ? [.. File.ReadAllText(file).Split("# ", StringSplitOptions.RemoveEmptyEntries).Select(@case => @case.Split('\n'))
                .Select(lines => (lines[0], Convert.FromHexString(string.Concat(lines.Skip(1)))))]
            : [];
    }

    public void Add(byte[] input)
    {
        if (_all.Count < MaxInMemory)
        {
            _all.Add(input);
        }

        if (_kept.Count < MaxKept && input.Length <= MaxKeptLength)
        {
            _kept.Add(input);
        }
    }

    public void Keep()
    {
        if (_kept.Count > 0)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(_file)!);
            File.WriteAllLines(_file, _kept.Select(Convert.ToHexStringLower));
        }
    }

    private static string FileOf(string target, string directory) => Path.Combine(directory, "corpus", target + ".hex");
}
