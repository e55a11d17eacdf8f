using System.Collections.Immutable;
using Weir.Media.Cmaf;

namespace Weir.Media.Hls;

/// <summary>Which of the two forms of a broadcast: everything, or sound alone.</summary>
internal enum Rendition : byte
{
    Main,
    Audio,
}

/// <summary>A partial segment: whole fragments.</summary>
internal sealed record HlsPart(ImmutableArray<Fragment> Fragments)
{
    private readonly ReadOnlyMemory<byte>[]?[] _bodies = new ReadOnlyMemory<byte>[]?[2];

    public long Duration { get; } = Fragments.Sum(fragment => fragment.Duration);

    public bool Independent => Fragments[0].Independent;

    public bool HasAudio { get; } = Fragments.Any(fragment => fragment.HasAudio);

    public bool IsMissingIn(Rendition rendition) => rendition == Rendition.Audio && !HasAudio;

    /// <summary>What it is made of, in order; listed once however many viewers ask.</summary>
    public ReadOnlyMemory<byte>[] Body(Rendition rendition) => _bodies[(int)rendition] ??=
        [.. Fragments.Select(fragment => rendition == Rendition.Main ? fragment.Data : fragment.AudioOnly).Where(bytes => !bytes.IsEmpty)];
}

/// <summary>A segment as far as it is there. Immutable: another part makes another value.</summary>
internal sealed record HlsSegment(Fragment First, ImmutableArray<HlsPart> Parts, bool IsComplete)
{
    // A copy that differs in IsComplete alone has the same parts, and may share it.
    private readonly ReadOnlyMemory<byte>[]?[] _bodies = new ReadOnlyMemory<byte>[]?[2];

    /// <summary>False for a first segment that cannot be cut into parts that keep to their target.</summary>
    public bool ListsParts { get; init; } = true;

    public long Number => First.SegmentNumber;

    public long Duration { get; } = Parts.Sum(part => part.Duration);

    public long Bytes { get; } = Parts.Sum(part => part.Fragments.Sum(fragment => (long)fragment.Data.Length));

    public int Pictures => Parts.Sum(part => part.Fragments.Sum(fragment => fragment.Pictures));

    /// <summary>Unix time of its first frame, microseconds, on a clock that runs with the media between discontinuities.</summary>
    public required long ProgramTime { get; init; }

    public bool IsMissingIn(Rendition rendition) => rendition == Rendition.Audio && Parts.All(part => !part.HasAudio);

    public InitSegment? Init(Rendition rendition) => rendition == Rendition.Main ? First.Init : First.Init.AudioOnly;

    /// <inheritdoc cref="HlsPart.Body"/>
    public ReadOnlyMemory<byte>[] Body(Rendition rendition) => _bodies[(int)rendition] ??= [.. Parts.SelectMany(part => part.Body(rendition))];
}
