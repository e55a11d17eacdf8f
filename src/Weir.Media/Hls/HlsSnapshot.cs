using System.Collections.Immutable;

namespace Weir.Media.Hls;

/// <summary>
/// Everything a playlist is made of at one moment, immutable. Renderings hang on it, so each is made once however many
/// viewers ask.
/// </summary>
/// <param name="Held">Segments that can be fetched, oldest first, numbers without gaps; the last may be incomplete.</param>
/// <param name="FirstListed">Index of the first one the playlist names.</param>
/// <param name="Target">Seconds.</param>
/// <param name="PartTarget">Microseconds.</param>
/// <param name="Run">Tells the files of this process from those of one before it, whose numbers may overlap.</param>
/// <param name="DeltasAllowed">False for a while after a re-key: entries a delta leaves out would keep URLs that are gone.</param>
internal sealed record HlsSnapshot(
    ImmutableArray<HlsSegment> Held,
    int FirstListed,
    int Target,
    long PartTarget,
    string MediaPath,
    string Run,
    bool DeltasAllowed,
    bool IsEnded)
{
    private readonly PlaylistBody?[] _bodies = new PlaylistBody?[4];
    private string? _multivariant;

    public ReadOnlySpan<HlsSegment> Listed => Held.AsSpan()[FirstListed..];

    public HlsSegment Last => Held[^1];

    /// <summary>Number of the newest whole segment; one below the first when there is none.</summary>
    public long LastWhole => Last.IsComplete ? Last.Number : Last.Number - 1;

    /// <summary>Number and part index of what comes next.</summary>
    public (long Msn, int Part) Next => Last.IsComplete ? (Last.Number + 1, 0) : (Last.Number, Last.Parts.Length);

    /// <summary>There is a rendition of sound alone beside the one of everything: some segment has both.</summary>
    public bool HasAudioRendition { get; } = Held.Any(segment => segment.First.Init is { Video: not null, Audio: not null });

    /// <summary><c>index.m3u8</c>, with <see cref="MultivariantPlaylist.TicketHere"/> where each viewer's ticket goes.</summary>
    public string Multivariant => _multivariant ??= MultivariantPlaylist.Render(this);

    /// <summary>Microseconds; at least six target durations (8216bis 4.4.3.8).</summary>
    public long SkipUntil => Target * 6_000_000L;

    public HlsSegment? Find(long number)
    {
        var index = number - Held[0].Number;
        return index >= 0 && index < Held.Length ? Held[(int)index] : null;
    }

    /// <summary>8216bis 6.2.5.2: whether a request for this segment or part can be answered.</summary>
    public bool Contains(long msn, int? part)
    {
        if (IsEnded || msn < Last.Number)
        {
            return true;
        }

        if (msn > Last.Number)
        {
            return false;
        }

        // A part index beyond the last of a whole segment means the first part of the next one.
        return part is { } index ? index < Last.Parts.Length : Last.IsComplete;
    }

    public PlaylistBody Body(Rendition rendition, bool delta)
    {
        ref var slot = ref _bodies[((int)rendition * 2) + (delta ? 1 : 0)];
        return Volatile.Read(ref slot) ?? Keep(ref slot, MediaPlaylist.Render(this, rendition, delta));
    }

    private static PlaylistBody Keep(ref PlaylistBody? slot, PlaylistBody body) => Interlocked.CompareExchange(ref slot, body, null) ?? body;
}
