using System.Globalization;

namespace Weir.Media.Tests.Cmaf;

/// <summary>What Debian's ffmpeg and ffprobe think of bytes made here.</summary>
public static class Probe
{
    public static void DecodesCleanly(byte[] file) => InFile(file, path =>
    {
        var (exit, _, error) = Sample.Run("ffmpeg", $"-v warning -xerror -i {path} -map 0 -f null -");
        Assert.Equal(0, exit);
        Assert.Equal("", error);
        return 0;
    });

    /// <summary>
    /// What ffmpeg's HLS reader complained of. That it reads an init segment anew, whoever serves it, and then notes to
    /// know it already, is no complaint.
    /// </summary>
    public static string Complaints(string error) => string.Join('\n', error.Split('\n')
        .Where(line => line.Length > 0 && !line.Contains("duplicated MOOV", StringComparison.Ordinal)));

    /// <summary>What a filter of ffmpeg says of the sound.</summary>
    public static string Filter(byte[] file, string filter) => InFile(file, path =>
        Sample.Run("ffmpeg", $"-nostats -hide_banner -i {path} -map 0:a -af {filter} -f null -").Error);

    /// <summary>Seconds, in order.</summary>
    public static IReadOnlyList<double> PresentationTimes(byte[] file, string stream) => InFile(file, path =>
    {
        var (_, output, _) = Sample.Run("ffprobe", $"-v error -select_streams {stream} -show_entries packet=pts_time -of csv=p=0 {path}");
        return output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => double.Parse(line.TrimEnd(','), CultureInfo.InvariantCulture)).Order().ToList();
    });

    private static T InFile<T>(byte[] file, Func<string, T> use)
    {
        var path = Path.Combine(Path.GetTempPath(), $"weir-probe-{Guid.NewGuid():N}.mp4");
        File.WriteAllBytes(path, file);
        try
        {
            return use(path);
        }
        finally
        {
            File.Delete(path);
        }
    }
}
