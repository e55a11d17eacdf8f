using System.Globalization;
using System.Security.Cryptography;
using Weir.Media.Cmaf;

namespace Weir.Media.Hls;

/// <summary>What a media URI names.</summary>
internal readonly record struct MediaName(Rendition Rendition, string? InitHash, long Segment, int? Part);

/// <summary>Names of media files, relative to the playlists: <c>m/{mediaPath}/{rendition}/{file}</c>.</summary>
internal static class MediaNames
{
    private const string InitPrefix = "init-";

    // By content: a name never means other bytes, not even after a restart of the process.
    public static string Init(HlsSnapshot snapshot, Rendition rendition, InitSegment init) =>
        $"m/{snapshot.MediaPath}/{Name(rendition)}/{InitPrefix}{Hash(init)}.mp4";

    public static string Segment(HlsSnapshot snapshot, Rendition rendition, long number) =>
        string.Create(CultureInfo.InvariantCulture, $"m/{snapshot.MediaPath}/{Name(rendition)}/{snapshot.Run}-{number}.m4s");

    public static string Part(HlsSnapshot snapshot, Rendition rendition, long number, int part) =>
        string.Create(CultureInfo.InvariantCulture, $"m/{snapshot.MediaPath}/{Name(rendition)}/{snapshot.Run}-{number}.{part}.m4s");

    public static string Hash(InitSegment init) => Convert.ToHexStringLower(SHA256.HashData(init.Data.Span).AsSpan(0, 6));

    public static bool TryParse(string rendition, string file, string run, out MediaName name)
    {
        name = default;
        Rendition kind;
        switch (rendition)
        {
            case "main":
                kind = Rendition.Main;
                break;
            case "audio":
                kind = Rendition.Audio;
                break;
            default:
                return false;
        }

        if (file.StartsWith(InitPrefix, StringComparison.Ordinal) && file.EndsWith(".mp4", StringComparison.Ordinal))
        {
            name = new(kind, file[InitPrefix.Length..^4], 0, null);
            return true;
        }

        if (!file.EndsWith(".m4s", StringComparison.Ordinal) || !file.StartsWith(run, StringComparison.Ordinal) || file.Length < run.Length + 6)
        {
            return false;
        }

        var numbers = file.AsSpan(run.Length + 1, file.Length - run.Length - 5);
        var dot = numbers.IndexOf('.');
        int? part = null;
        if (dot >= 0)
        {
            if (!int.TryParse(numbers[(dot + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var index))
            {
                return false;
            }

            part = index;
            numbers = numbers[..dot];
        }

        if (file[run.Length] != '-' || !long.TryParse(numbers, NumberStyles.None, CultureInfo.InvariantCulture, out var segment))
        {
            return false;
        }

        name = new(kind, null, segment, part);
        return true;
    }

    private static string Name(Rendition rendition) => rendition == Rendition.Main ? "main" : "audio";
}
