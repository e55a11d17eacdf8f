using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Weir.Media.Broadcasting;
using Weir.Media.Formats;

namespace Weir.Media.Transcoding;

/// <summary>
/// Transcodes one track's frames by a child process, as they come. When the child ends, or finds no place among those of all broadcasts
/// (<see cref="Transcoders"/>), it is started later, later each time; while there is none, frames are dropped: sound is missing then, and
/// nothing else.
/// </summary>
internal sealed partial class AudioTranscoder : IAsyncDisposable
{
    /// <summary>Frames that wait for the pipe at most: two seconds. Beyond them frames are dropped and counted.</summary>
    private const int MostWaiting = 100;
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan GoodRun = TimeSpan.FromSeconds(60);
    private static readonly Meter Meter = new(MediaMeter.Name);
    private static readonly Counter<long> Dropped = Meter.CreateCounter<long>("weir_transcoding_frames_dropped");
    private static readonly Counter<long> Restarts = Meter.CreateCounter<long>("weir_transcoding_restarts");
    private static readonly UpDownCounter<int> Running = Meter.CreateUpDownCounter<int>("weir_transcoding_running");

    private readonly Transcoders _transcoders;
    private readonly FfmpegProgram _program;
    private readonly Guid _host;
    private readonly Codec _target;
    private readonly Action<Track, long, byte[]> _output;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Channel<Frame> _input = Channel.CreateBounded<Frame>(
        new BoundedChannelOptions(MostWaiting) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true }, _ => Dropped.Add(1));

    private readonly Task _running;
    private volatile bool _hasPlace;
    private bool _toldRefusal;

    /// <param name="output">Takes the frames that come out: track, time in microseconds, payload. On a thread of the transcoder.</param>
    public AudioTranscoder(
        Transcoders transcoders, Guid host, Track source, Codec target, Action<Track, long, byte[]> output, TimeProvider time, ILogger log)
    {
        (_transcoders, _host, Source, _target, _output, _time, _log) = (transcoders, host, source, target, output, time, log);
        _program = transcoders.Program ?? throw new ArgumentException("There is no program.", nameof(transcoders));
        _running = Task.Run(RunAsync);
    }

    public Track Source { get; }

    /// <summary>It runs, and keeps its place among those of all broadcasts.</summary>
    public bool HasPlace => _hasPlace;

    public void Push(Frame frame) => _input.Writer.TryWrite(frame);

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _running;
        _stopping.Dispose();
    }

    private async Task RunAsync()
    {
        var pause = TimeSpan.FromSeconds(1);
        while (!_stopping.IsCancellationRequested)
        {
            var began = _time.GetTimestamp();
            try
            {
                if (AudioCoding.Between(Source, _target) is not { } coding)
                {
                    LogImpossible(Source.CodecString, _target);
                    return;
                }

                if (await TryRunOnceAsync(coding))
                {
                    Restarts.Add(1);
                }
                else
                {
                    TellRefusal();
                }
            }
            catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception fault) when (fault is IOException or MalformedException or System.ComponentModel.Win32Exception)
            {
                LogEnded(fault.Message);
                Restarts.Add(1);
            }

            if (_time.GetElapsedTime(began) > GoodRun)
            {
                pause = TimeSpan.FromSeconds(1);
            }

            try
            {
                await Task.Delay(pause, _time, _stopping.Token);
            }
            catch (OperationCanceledException)
            {
                return;
            }

            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
        }
    }

    /// <summary>False when it found no place.</summary>
    private async Task<bool> TryRunOnceAsync(AudioCoding coding)
    {
        using var place = _transcoders.TryEnter(_host);
        if (place is null)
        {
            return false;
        }

        _hasPlace = true;
        try
        {
            await RunOnceAsync(coding);
        }
        finally
        {
            _hasPlace = false;
        }

        return true;
    }

    /// <summary>Once until it ran: it is said at every attempt by the counter.</summary>
    private void TellRefusal()
    {
        if (!_toldRefusal)
        {
            _toldRefusal = true;
            LogRefused();
        }
    }

    private async Task RunOnceAsync(AudioCoding coding)
    {
        _toldRefusal = false;
        using var process = _program.Start(coding.Arguments);
        Running.Add(1);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
        try
        {
            var times = new MediaTimes();
            Task[] work = [WriteAsync(process, coding, times, ending.Token), ReadAsync(process, coding, times, ending.Token), ComplainAsync(process, ending.Token)];
            var first = await Task.WhenAny(work[0], work[1]);
            await ending.CancelAsync();
            await first;
        }
        finally
        {
            End(process);
            Running.Add(-1);
        }
    }

    private async Task WriteAsync(Process process, AudioCoding coding, MediaTimes times, CancellationToken cancellation)
    {
        var pipe = process.StandardInput.BaseStream;
        long counted = 0;
        await foreach (var frame in _input.Reader.ReadAllAsync(cancellation))
        {
            if (coding.Write(frame.Payload.Span) is not { } bytes)
            {
                Dropped.Add(1);
                continue;
            }

            times.In(counted, frame.Dts);
            counted += coding.DurationOf(frame.Payload.Span);
            await pipe.WriteAsync(bytes, cancellation);
            await pipe.FlushAsync(cancellation);
        }
    }

    private async Task ReadAsync(Process process, AudioCoding coding, MediaTimes times, CancellationToken cancellation)
    {
        var pipe = process.StandardOutput.BaseStream;
        var buffer = new byte[64 << 10];
        var held = 0;
        List<CodedAudio> frames = [];
        while (await pipe.ReadAsync(buffer.AsMemory(held), cancellation) is > 0 and var read)
        {
            held = Take(buffer, held + read, coding, frames);
            foreach (var frame in frames)
            {
                var at = (frame.Count - coding.Delay) * 1_000_000L / coding.OutputRate;
                if (at >= 0 && frame.Samples > 0)
                {
                    _output(frame.Track, times.Out(at), frame.Payload);
                }
            }

            frames.Clear();
        }

        throw new IOException("ffmpeg ended");
    }

    private static int Take(byte[] buffer, int length, AudioCoding coding, List<CodedAudio> frames)
    {
        ReadOnlySpan<byte> rest = buffer.AsSpan(0, length);
        coding.Read(ref rest, frames);
        if (rest.Length == buffer.Length)
        {
            throw new MalformedException("", "More than a buffer without a frame");
        }

        rest.CopyTo(buffer);
        return rest.Length;
    }

    private async Task ComplainAsync(Process process, CancellationToken cancellation)
    {
        while (await process.StandardError.ReadLineAsync(cancellation) is { } line)
        {
            LogSaid(line);
        }
    }

    private static void End(Process process)
    {
        try
        {
            process.Kill(entireProcessTree: true);
        }
        catch (InvalidOperationException)
        {
            // It has ended by itself.
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Transcoding sound stopped and begins again: {Reason}")]
    private partial void LogEnded(string reason);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "Sound is not transcoded: as many processes do so as may for one host, or in all. It begins when one of them ends")]
    private partial void LogRefused();

    [LoggerMessage(Level = LogLevel.Warning, Message = "Sound of {Codec} cannot be transcoded to {Target}")]
    private partial void LogImpossible(string codec, Codec target);

    [LoggerMessage(Level = LogLevel.Debug, Message = "ffmpeg: {Line}")]
    private partial void LogSaid(string line);
}
