using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;

namespace Weir.Bench.Encoders;

/// <summary>ffmpeg encoding stamped pictures and silence in real time: x264 without look-ahead, a keyframe every 2 s.</summary>
internal sealed class StampedEncoder : IAsyncDisposable
{
    private const int KeyframeEvery = 2 * StampedPicture.FramesPerSecond;
    private readonly Process _ffmpeg;
    private readonly CancellationTokenSource _stopping = new();
    private readonly List<long> _stamps = [];
    private readonly Task _writing;
    private readonly Task<string> _errors;

    private StampedEncoder(string output)
    {
        var start = new ProcessStartInfo("ffmpeg") { UseShellExecute = false, RedirectStandardInput = true, RedirectStandardError = true, RedirectStandardOutput = true };
        static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
        foreach (var argument in (string[])
        [
            "-hide_banner", "-loglevel", "error", "-fflags", "nobuffer", "-probesize", "32", "-analyzeduration", "0",
            "-f", "rawvideo", "-pix_fmt", "yuv420p", "-video_size", $"{StampedPicture.Width}x{StampedPicture.Height}", "-framerate", Text(StampedPicture.FramesPerSecond), "-i", "pipe:0",
            "-f", "lavfi", "-i", "anullsrc=r=48000:cl=mono", "-map", "0:v", "-map", "1:a",
            "-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-g", Text(KeyframeEvery), "-keyint_min", Text(KeyframeEvery), "-sc_threshold", "0", "-b:v", "1M",
            "-c:a", "aac", "-b:a", "64k", "-flush_packets", "1", "-f", "flv", output,
        ])
        {
            start.ArgumentList.Add(argument);
        }

        _ffmpeg = Process.Start(start) ?? throw new CannotMeasureException("ffmpeg could not be started.");
        _errors = _ffmpeg.StandardError.ReadToEndAsync();
        _writing = Task.Factory.StartNew(Write, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    /// <summary>Publishes until disposed.</summary>
    public static StampedEncoder Publish(string url) => new(url);

    /// <summary>The encoder alone: milliseconds from drawing a picture to its last encoded byte.</summary>
    public static async Task<Samples> OwnDelayAsync(TimeSpan duration, CancellationToken cancellation)
    {
        await using var encoder = new StampedEncoder("pipe:1");
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(duration + TimeSpan.FromSeconds(10));
        var output = encoder._ffmpeg.StandardOutput.BaseStream;
        var frames = (int)(duration.TotalSeconds * StampedPicture.FramesPerSecond);
        var delays = new Samples();
        var header = new byte[11];
        await output.ReadExactlyAsync(new byte[9 + 4], limit.Token);
        for (var frame = 0; frame < frames;)
        {
            await output.ReadExactlyAsync(header, limit.Token);
            var body = new byte[(BinaryPrimitives.ReadInt32BigEndian(header) & 0xffffff) + 4];
            await output.ReadExactlyAsync(body, limit.Token);

            // FLV: tag type 9 is video, AVC packet type 1 a picture; without B-frames they come in the order of drawing.
            if ((header[0] & 0x1f) == 9 && body[1] == 1)
            {
                long drawn;
                lock (encoder._stamps)
                {
                    drawn = encoder._stamps[frame];
                }

                frame++;
                if (frame > KeyframeEvery)
                {
                    delays.Add(DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() - drawn);
                }
            }
        }

        return delays;
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _writing;
        if (!_ffmpeg.HasExited)
        {
            _ffmpeg.Kill();
            await _ffmpeg.WaitForExitAsync();
        }

        await _errors;
        _ffmpeg.Dispose();
        _stopping.Dispose();
    }

    private void Write()
    {
        var picture = new StampedPicture();
        var clock = Stopwatch.StartNew();
        var input = _ffmpeg.StandardInput.BaseStream;
        for (var frame = 0L; !_stopping.IsCancellationRequested; frame++)
        {
            var early = TimeSpan.FromSeconds((double)frame / StampedPicture.FramesPerSecond) - clock.Elapsed;
            if (early > TimeSpan.Zero)
            {
                Thread.Sleep(early);
            }

            var now = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
            lock (_stamps)
            {
                _stamps.Add(now);
            }

            try
            {
                input.Write(picture.Draw(now).Span);
                input.Flush();
            }
            catch (IOException)
            {
                // ffmpeg ended; whoever waits for pictures says that none came.
                return;
            }
        }
    }
}
