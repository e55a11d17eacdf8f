using Weir.Hosting;
using Weir.Social.Throttling;

namespace Weir.Social.Files;

/// <summary>
/// Decoding costs processor and memory, so few are decoded at once and the others wait their turn, by account: one that has many, or slow
/// ones, keeps the others waiting for no more than one of them.
/// </summary>
internal sealed class Pictures(FileLimits limits)
{
    private readonly FairTurns _turns = new(limits.DecodesAtOnce);

    public async Task<(MadePicture? Picture, PictureFault Fault)> MakeAsync(
        Guid account, string path, FileKind kind, Crop? crop, CancellationToken cancellation)
    {
        using var turn = await _turns.EnterAsync(account, cancellation);
        return await BackgroundPriority.RunAsync(() => Make(path, kind, crop, cancellation), cancellation);
    }

    /// <summary>Whether a place was taken out of what is sent as a file. It waits its turn like a picture that is decoded.</summary>
    public async Task<bool> RemoveLocationAsync(Guid account, string path, CancellationToken cancellation)
    {
        // Most files are of no such kind, and wait for nobody.
        if (!LocationRemoval.MayHave(path))
        {
            return false;
        }

        using var turn = await _turns.EnterAsync(account, cancellation);
        return await BackgroundPriority.RunAsync(() => LocationRemoval.Remove(path, cancellation), cancellation);
    }

    public static ProblemHttpResult Problem(PictureFault fault) => fault switch
    {
        PictureFault.NotAPicture => Problems.Field("file", "not-a-picture", "This is not a JPEG, PNG, WebP, GIF or AVIF picture."),
        PictureFault.TooLarge => Problems.Field("file", "picture-too-large", "This picture has too many pixels."),
        PictureFault.TooSlow => Problems.Field("file", "picture-too-slow", "This picture takes too long to read."),
        PictureFault.Heic => Problems.Field(
            "file",
            "picture-heic",
            "This server cannot read HEIC. Send it as a JPEG (on an iPhone: Settings, Camera, Formats, Most Compatible), or as a file."),
        _ => Problems.Field("file", "picture-broken", "This picture cannot be read."),
    };

    private (MadePicture? Picture, PictureFault Fault) Make(string path, FileKind kind, Crop? crop, CancellationToken cancellation)
    {
        using var decoding = NativeHeap.Decoding();
        return PictureCodec.Make(path, kind, crop, limits, cancellation);
    }
}
