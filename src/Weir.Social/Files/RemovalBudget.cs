namespace Weir.Social.Files;

/// <summary>
/// How much is looked at and changed in one file. Its uploader chooses what is in it, so without a bound a small file could take
/// hours. What cameras write stays far below each of these bounds.
/// </summary>
internal sealed class RemovalBudget(long maxCleared, CancellationToken cancellation)
{
    /// <summary>Bytes at the beginning of a file. Exif and XMP mostly stand there; HEIF has them among its first items.</summary>
    public const int MaxHead = 4 << 20;

    /// <summary>TIFF structures. A photograph has one; with previews or several views it has a few.</summary>
    public const int MaxStructures = 16;

    /// <summary>Bytes of one value in a directory of positions.</summary>
    public const int MaxValue = 64 << 10;

    /// <summary>Bytes of one value in XMP.</summary>
    public const int MaxText = 1000;

    /// <summary>Bytes of a movie's box, which is read as a whole. That of some hours of video has a few megabytes.</summary>
    public const int MaxMovie = 16 << 20;

    /// <summary>Boxes, and items of metadata, of an ISO or QuickTime file. Before the movie's box there are a few.</summary>
    public const int MaxBoxes = 10_000;

    /// <summary>Keys of QuickTime's metadata.</summary>
    public const int MaxKeys = 1000;

    /// <summary>
    /// Passes over the beginning of a file in which something is found. A camera's file needs one; each has these bounds anew.
    /// </summary>
    public const int MaxPasses = 3;

    private long _cleared;
    private int _structures;
    private int _boxes;
    private int _keys;

    /// <summary>A bound was passed: nothing more is looked at, and the file is to stay as it is.</summary>
    public bool Exceeded { get; private set; }

    /// <summary>One more TIFF structure.</summary>
    public bool TakeStructure() => Take(++_structures <= MaxStructures);

    /// <summary>One more pass that found something.</summary>
    public bool TakePass(int pass) => Take(pass <= MaxPasses);

    /// <summary>One more value in a directory of positions. All of them together are at most what was read of the file.</summary>
    public bool TakeValue(long size) => Take(size <= MaxValue && (_cleared += size) <= maxCleared);

    /// <summary>A value in XMP that has more than <see cref="MaxText"/> bytes.</summary>
    public void RefuseText() => Exceeded = true;

    /// <summary>One more box, or one more item of metadata, of an ISO or QuickTime file.</summary>
    public bool TakeBox() => Take(++_boxes <= MaxBoxes);

    /// <summary>One more key of QuickTime's metadata.</summary>
    public bool TakeKey() => Take(++_keys <= MaxKeys);

    /// <summary>The box of a movie that is read as a whole.</summary>
    public bool TakeMovie(long size) => Take(size <= MaxMovie);

    private bool Take(bool within)
    {
        cancellation.ThrowIfCancellationRequested();
        Exceeded |= !within;
        return !Exceeded;
    }
}
