using System.Diagnostics;

namespace Weir.Media.Transcoding;

/// <summary>The ffmpeg of this machine.</summary>
/// <param name="Path">Of the program.</param>
public sealed record FfmpegProgram(string Path)
{
    /// <summary>Null where there is none.</summary>
    public static FfmpegProgram? Find() =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(System.IO.Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Select(directory => System.IO.Path.Combine(directory, OperatingSystem.IsWindows() ? "ffmpeg.exe" : "ffmpeg"))
            .Where(File.Exists).Select(path => new FfmpegProgram(path)).FirstOrDefault();

    /// <summary>Starts it with pipes; nothing of it reaches a terminal.</summary>
    internal Process Start(IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(Path)
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false,
        };
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        return Process.Start(start) ?? throw new InvalidOperationException("A process that was already there was started.");
    }
}
