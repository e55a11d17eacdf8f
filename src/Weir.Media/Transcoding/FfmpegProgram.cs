using System.Diagnostics;

namespace Weir.Media.Transcoding;

/// <summary>The ffmpeg of this machine.</summary>
/// <param name="Path">Of the program.</param>
public sealed record FfmpegProgram(string Path)
{
    private static readonly string[] Needed = ["PATH", "HOME", "LANG", "TZ", "TMPDIR", "TEMP", "TMP", "LD_LIBRARY_PATH", "SystemRoot"];

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
        // It reads what strangers send and needs nothing of the node's environment but where programs and libraries are.
        foreach (var name in start.Environment.Keys.Where(name => !Needed.Contains(name)).ToList())
        {
            start.Environment.Remove(name);
        }

        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        return Process.Start(start) ?? throw new InvalidOperationException("A process that was already there was started.");
    }
}
