using System.Globalization;

namespace Weir.Media.Recording;

/// <summary>The files of a recording's directory.</summary>
public static class RecordingFiles
{
    public const string Index = "segments.jsonl";
    public const string Events = "events.jsonl";
    public const string Finished = "finished";

    public static string Media(int number) => string.Create(CultureInfo.InvariantCulture, $"media-{number:D4}.mp4");

    public static bool TryParseMedia(string name, out int number)
    {
        number = 0;
        return name.StartsWith("media-", StringComparison.Ordinal) && name.EndsWith(".mp4", StringComparison.Ordinal)
            && int.TryParse(name.AsSpan(6, name.Length - 10), NumberStyles.None, CultureInfo.InvariantCulture, out number)
            && name == Media(number);
    }

    /// <summary>Numbers of the media files there are, in order.</summary>
    internal static List<int> MediaNumbers(string directory) =>
        [.. Directory.EnumerateFiles(directory, "media-*.mp4")
            .Select(path => TryParseMedia(Path.GetFileName(path), out var number) ? number : 0)
            .Where(number => number > 0)
            .Order()];

    /// <summary>Makes a recording's directory. Nobody else on the machine reads it, also where the one around it is open.</summary>
    internal static void Create(string directory)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(directory);
        }
        else
        {
            Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    /// <summary>
    /// What a recording takes of the disk, with <see cref="RecorderLimits.FileCost"/> for each file; 0 for one that is not there.
    /// </summary>
    public static long Bytes(string directory)
    {
        try
        {
            return new DirectoryInfo(directory).EnumerateFiles().Sum(file => file.Length + RecorderLimits.FileCost);
        }
        catch (Exception gone) when (gone is DirectoryNotFoundException or FileNotFoundException)
        {
            return 0;
        }
    }

    /// <summary>Removes a recording and everything in it.</summary>
    public static void Delete(string directory)
    {
        if (Directory.Exists(directory))
        {
            // Renamed first: a process that dies half way must not leave what looks like a recording.
            var gone = directory.TrimEnd(Path.DirectorySeparatorChar) + ".deleted";
            if (Directory.Exists(gone))
            {
                Directory.Delete(gone, recursive: true);
            }

            Directory.Move(directory, gone);
            Directory.Delete(gone, recursive: true);
        }
    }
}
