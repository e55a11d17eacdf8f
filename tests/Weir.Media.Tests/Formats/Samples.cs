using System.Diagnostics;

namespace Weir.Media.Tests.Formats;

/// <summary>Short files that the machine's ffmpeg encodes, once a test run each.</summary>
internal static class Samples
{
    private static readonly string Folder = Directory.CreateTempSubdirectory("weir-media-tests-").FullName;
    private static readonly Dictionary<string, Lazy<Task<string>>> Files = new()
    {
        ["h264.flv"] = Make("h264.flv", "-c:v libx264 -preset ultrafast -bf 2 -g 25 -profile:v high -c:a aac -ar 44100"),
        ["h264.mp4"] = Make("h264.mp4", "-c:v libx264 -preset ultrafast -bf 2 -g 25 -c:a aac -ar 44100"),
        ["hevc.mp4"] = Make("hevc.mp4", "-c:v libx265 -preset ultrafast -x265-params keyint=25:min-keyint=25:bframes=2:log-level=none -tag:v hvc1 -c:a libopus -strict -2"),
        ["av1.mp4"] = Make("av1.mp4", "-c:v libsvtav1 -preset 12 -g 25 -svtav1-params keyint=25 -c:a libopus -strict -2"),
    };

    static Samples() => AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(Folder, recursive: true);

    public static Task<string> Path(string name) => Files[name].Value;

    /// <summary>The payload of the first box of this type, wherever it is: enough for configuration records.</summary>
    public static async Task<byte[]> Box(string file, string type)
    {
        var bytes = await File.ReadAllBytesAsync(await Path(file));
        var at = bytes.AsSpan().IndexOf(System.Text.Encoding.ASCII.GetBytes(type));
        Assert.True(at >= 4, $"{file} has no {type}");
        var size = System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(at - 4));
        return bytes[(at + 4)..(at - 4 + size)];
    }

    /// <summary>Runs a command to its end and gives what it wrote; fails the test unless it succeeds.</summary>
    public static async Task<string> Run(string program, string arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
            RedirectStandardInput = true,
        })!;
        process.StandardInput.Close();
        using var patience = new CancellationTokenSource(Patience.Limit);
        var output = process.StandardOutput.ReadToEndAsync(patience.Token);
        var errors = process.StandardError.ReadToEndAsync(patience.Token);
        try
        {
            await process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{program} {arguments} did not end");
        }

        var text = await output + await errors;
        Assert.True(process.ExitCode == 0, $"{program} {arguments} ended with {process.ExitCode}: {text}");
        return text;
    }

    private static Lazy<Task<string>> Make(string name, string codecs) => new(async () =>
    {
        var path = System.IO.Path.Combine(Folder, name);
        await Run("ffmpeg", "-hide_banner -loglevel error -f lavfi -i testsrc2=size=322x180:rate=25 -f lavfi -i sine=frequency=440:sample_rate=48000 "
            + $"-t 3 -pix_fmt yuv420p {codecs} -y {path}");
        return path;
    });
}
