using System.Collections.Concurrent;
using System.Diagnostics;
using Weir.Media.Broadcasting;
using Weir.Media.Tests.Mp4;

namespace Weir.Media.Tests.Cmaf;

/// <summary>Frames that ffmpeg encoded, once for the whole test run.</summary>
public static class Sample
{
    private const string Picture = "-f lavfi -i testsrc2=size=192x108:rate=30 ";
    private const string Sound = "-f lavfi -i sine=frequency=440:sample_rate=48000 ";
    private const string X264 = "-c:v libx264 -preset ultrafast -pix_fmt yuv420p -g 60 -keyint_min 60 -sc_threshold 0 ";
    private static readonly ConcurrentDictionary<string, Lazy<IReadOnlyList<SourceFrame>>> Made = new();

    /// <summary>H.264 (GOP 2 s) and AAC, 9 s.</summary>
    public static IReadOnlyList<SourceFrame> H264Aac => Make(Picture + Sound + X264 + "-tune zerolatency -c:a aac -b:a 64k -t 9");

    public static IReadOnlyList<SourceFrame> H264BFramesAac => Make(
        Picture + Sound + X264 + "-preset medium -bf 3 -b_strategy 0 -c:a aac -b:a 64k -t 5");

    public static IReadOnlyList<SourceFrame> H264Only => Make(Picture + X264 + "-tune zerolatency -t 5");

    public static IReadOnlyList<SourceFrame> H264Opus => Make(Picture + Sound + X264 + "-tune zerolatency -c:a libopus -b:a 48k -t 5");

    public static IReadOnlyList<SourceFrame> AacOnly => Make(Sound + "-c:a aac -b:a 64k -t 7");

    public static IReadOnlyList<SourceFrame> OpusOnly => Make(Sound + "-c:a libopus -b:a 48k -t 4");

    public static IReadOnlyList<SourceFrame> HevcAac => Make(
        Picture + Sound + "-c:v libx265 -preset ultrafast -tag:v hvc1 -x265-params keyint=60:min-keyint=60:log-level=none -pix_fmt yuv420p -c:a aac -t 4");

    public static IReadOnlyList<SourceFrame> Av1Opus => Make(
        Picture + Sound + "-c:v libsvtav1 -preset 12 -g 60 -svtav1-params pred-struct=1 -pix_fmt yuv420p -c:a libopus -t 4");

    public static IReadOnlyList<SourceFrame> ByName(string name) =>
        (IReadOnlyList<SourceFrame>)typeof(Sample).GetProperty(name)!.GetValue(null)!;

    /// <summary>Runs a program to its end; its error output is the result.</summary>
    public static (int Exit, string Output, string Error) Run(string program, string arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["SVT_LOG"] = "0" },
        })!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        process.WaitForExit(60_000);
        return (process.ExitCode, output.GetAwaiter().GetResult(), error.GetAwaiter().GetResult());
    }

    private static IReadOnlyList<SourceFrame> Make(string arguments) => Made.GetOrAdd(arguments, static key => new(() =>
    {
        var file = Path.Combine(Path.GetTempPath(), $"weir-sample-{Guid.NewGuid():N}.mp4");
        try
        {
            var (exit, _, error) = Run(
                "ffmpeg",
                $"-v error -y {key} -threads 1 -strict -2 -movflags frag_every_frame+empty_moov+default_base_moof {file}");
            Assert.True(exit == 0, error);
            return Mp4Demuxer.Read(File.ReadAllBytes(file));
        }
        finally
        {
            File.Delete(file);
        }
    })).Value;
}
