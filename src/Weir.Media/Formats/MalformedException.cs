namespace Weir.Media.Formats;

/// <summary>Bytes that their format does not allow. The only exception a parser of this folder throws for its input.</summary>
/// <param name="clause">Where the format says so, for instance <c>ISO/IEC 14496-15 5.3.3.1</c>.</param>
/// <param name="what">What was found.</param>
public sealed class MalformedException(string clause, string what) : Exception($"{what} ({clause})")
{
    public string Clause { get; } = clause;

    public string What { get; } = what;
}
