using Weir.EndToEnd.Harness;

namespace Weir.Bench.Encoders;

/// <summary>ffmpeg's moving test picture with a tone, in real time; a keyframe every 2 s.</summary>
internal static class TestPicture
{
    public static ChildProcess Publish(string url) => new(
        "ffmpeg",
        [
            "-hide_banner", "-loglevel", "error", "-re", "-f", "lavfi", "-i", "testsrc2=size=640x360:rate=30", "-f", "lavfi", "-i", "sine=frequency=330:sample_rate=48000", "-t", "900",
            "-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-g", "60", "-keyint_min", "60", "-sc_threshold", "0", "-pix_fmt", "yuv420p", "-b:v", "1M",
            "-c:a", "aac", "-b:a", "96k", "-f", "flv", url,
        ]);
}
