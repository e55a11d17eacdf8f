using System.Globalization;
using Weir.EndToEnd.Harness;

namespace Weir.Bench.Load;

/// <summary>A file of constant bit rate, 1 Mbit/s unless said otherwise, for the publisher to send again and again.</summary>
internal static class PreparedStream
{
    public const int Seconds = 20;

    private const int VideoKilobits = 900;
    private const int AudioKilobits = 96;

    /// <summary>An FLV file: noise fills the bit rate, so that every second of the stream costs the same; a keyframe every 2 s, no B-frames.</summary>
    /// <param name="videoKilobits">From about 5,000 on the pictures are 1280x720.</param>
    public static async Task WriteAsync(string file, CancellationToken cancellation, int videoKilobits = VideoKilobits, int seconds = Seconds)
    {
        static string Text(int number, string unit = "") => number.ToString(CultureInfo.InvariantCulture) + unit;
        await using var ffmpeg = new ChildProcess(
            "ffmpeg",
            [
                "-hide_banner", "-loglevel", "error", "-f", "lavfi", "-i", $"testsrc2=size={(videoKilobits < 5000 ? "640x360" : "1280x720")}:rate=30,noise=alls=16:allf=t", "-f", "lavfi", "-i", "sine=frequency=330:sample_rate=48000",
                "-t", Text(seconds), "-c:v", "libx264", "-preset", "superfast", "-tune", "zerolatency", "-g", "60", "-keyint_min", "60", "-sc_threshold", "0", "-pix_fmt", "yuv420p",
                "-b:v", Text(videoKilobits, "k"), "-minrate", Text(videoKilobits, "k"), "-maxrate", Text(videoKilobits, "k"), "-bufsize", Text(videoKilobits / 2, "k"),
                "-c:a", "aac", "-b:a", Text(AudioKilobits, "k"), "-f", "flv", file,
            ]);
        await ffmpeg.WaitAsync(cancellation);
        if (ffmpeg.ExitCode != 0)
        {
            throw new CannotMeasureException($"ffmpeg could not prepare the stream: {ffmpeg.Output}");
        }
    }
}
