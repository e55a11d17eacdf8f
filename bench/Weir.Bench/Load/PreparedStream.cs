using System.Globalization;
using Weir.EndToEnd.Harness;

namespace Weir.Bench.Load;

/// <summary>A file of constant 1 Mbit/s for the publisher to send again and again.</summary>
internal static class PreparedStream
{
    public const int Seconds = 20;

    private const int VideoKilobits = 900;
    private const int AudioKilobits = 96;

    /// <summary>An FLV file: noise fills the bit rate, so that every second of the stream costs the same; a keyframe every 2 s, no B-frames.</summary>
    public static async Task WriteAsync(string file, CancellationToken cancellation)
    {
        static string Text(int number, string unit = "") => number.ToString(CultureInfo.InvariantCulture) + unit;
        await using var ffmpeg = new ChildProcess(
            "ffmpeg",
            [
                "-hide_banner", "-loglevel", "error", "-f", "lavfi", "-i", "testsrc2=size=640x360:rate=30,noise=alls=16:allf=t", "-f", "lavfi", "-i", "sine=frequency=330:sample_rate=48000",
                "-t", Text(Seconds), "-c:v", "libx264", "-preset", "superfast", "-tune", "zerolatency", "-g", "60", "-keyint_min", "60", "-sc_threshold", "0", "-pix_fmt", "yuv420p",
                "-b:v", Text(VideoKilobits, "k"), "-minrate", Text(VideoKilobits, "k"), "-maxrate", Text(VideoKilobits, "k"), "-bufsize", Text(VideoKilobits / 2, "k"),
                "-c:a", "aac", "-b:a", Text(AudioKilobits, "k"), "-f", "flv", file,
            ]);
        await ffmpeg.WaitAsync(cancellation);
        if (ffmpeg.ExitCode != 0)
        {
            throw new CannotMeasureException($"ffmpeg could not prepare the stream: {ffmpeg.Output}");
        }
    }
}
