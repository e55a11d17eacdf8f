
namespace Weir.EndToEnd.Harness;

/// <summary>Debian's ffmpeg as the encoder and as the judge of what comes out.</summary>
internal static class Ffmpeg
{
    /// <summary>Publishes a moving test picture with sound in real time until disposed. The GOP is 2 s.</summary>
    public static ChildProcess Publish(string url, int seconds = 600) => new(
        "ffmpeg",
        [
            "-hide_banner", "-loglevel", "warning", "-re",
            "-f", "lavfi", "-i", "testsrc2=size=640x360:rate=30", "-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000",
            "-t", seconds.ToString(System.Globalization.CultureInfo.InvariantCulture),
            "-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-g", "60", "-b:v", "800k", "-pix_fmt", "yuv420p",
            "-c:a", "aac", "-b:a", "96k", "-f", "flv", url,
        ]);

    /// <summary>Runs a tool to its end; its exit code and everything it printed.</summary>
    public static async Task<(int Code, string Output)> RunAsync(string tool, TimeSpan limit, params string[] arguments)
    {
        await using var process = new ChildProcess(tool, arguments);
        using var timeout = new CancellationTokenSource(limit);
        try
        {
            await process.WaitAsync(timeout.Token);
        }
        catch (OperationCanceledException)
        {
            return (-1, $"{tool} was still running after {limit.TotalSeconds:0} s\n{process.Output}");
        }

        return (process.ExitCode, process.Output);
    }

    /// <summary>The codecs ffprobe finds behind a URL, for instance <c>h264,aac</c>.</summary>
    public static async Task<(int Code, string Output)> ProbeAsync(string url, TimeSpan? limit = null) => await RunAsync(
        "ffprobe", limit ?? Eventually.Patience, "-v", "error", "-show_entries", "stream=codec_name", "-of", "csv=p=0", url);
}
