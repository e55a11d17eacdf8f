
namespace Weir.EndToEnd.Harness;

/// <summary>Debian's ffmpeg as the encoder and as the judge of what comes out.</summary>
internal static class Ffmpeg
{
    /// <summary>Publishes a moving test picture with sound in real time until disposed. The GOP is 2 s.</summary>
    public static ChildProcess Publish(string url, int seconds = 600) => Publish(url, seconds, Source.Both, [], null);

    /// <summary>
    /// Publishes and keeps trying until it is let in, as OBS does: a live plane that is busy or was just started may hear of a key only after its owner did. Returns when it has sent a picture.
    /// </summary>
    public static Task<ChildProcess> PublishAsync(string url, Func<string> detail, Source? source = null) => Eventually.GetAsync(
        "the encoder is let in",
        Eventually.Patience,
        async () =>
        {
            var sent = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var publisher = Publish(url, 600, source ?? Source.Both, ["-progress", "pipe:1"], line =>
            {
                if (line.StartsWith("out_time_us=", StringComparison.Ordinal) && line.TrimEnd() is not ("out_time_us=0" or "out_time_us=N/A"))
                {
                    sent.TrySetResult();
                }
            });
            if (await Task.WhenAny(sent.Task, publisher.WaitAsync(CancellationToken.None)) == sent.Task)
            {
                return publisher;
            }

            await publisher.DisposeAsync();
            return null;
        },
        detail);

    private static ChildProcess Publish(string url, int seconds, Source source, string[] more, Action<string>? line) => new(
        "ffmpeg",
        [
            "-hide_banner", "-loglevel", "warning", .. more, "-re",
            .. source.Picture ? (string[])["-f", "lavfi", "-i", "testsrc2=size=640x360:rate=30"] : [],
            .. source.Muted is not null ? (string[])["-re"] : [],
            .. source.Sound ? (string[])["-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000"] : [],
            "-t", seconds.ToString(System.Globalization.CultureInfo.InvariantCulture),
            "-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-g", "60", "-b:v", "800k", "-pix_fmt", "yuv420p",
            "-c:a", "aac", "-b:a", "96k",
            // Without waiting for what never comes.
            .. source.Muted is { } muted
                ? (string[])["-bsf:a", $"noise=drop=between(pts*tb\\,{muted.From}\\,{muted.Until})", "-max_interleave_delta", "100000"]
                : [],
            "-f", "flv", url,
        ],
        line: line);

    /// <param name="Muted">Seconds in which no sound is sent.</param>
    public sealed record Source(bool Picture = true, bool Sound = true, (int From, int Until)? Muted = null)
    {
        public static readonly Source Both = new();
    }

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
