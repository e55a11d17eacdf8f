using Microsoft.Extensions.Logging;
using Weir.Media.Broadcasting;

namespace Weir.Media.Transcoding;

/// <summary>
/// A broadcast's timeline again, with all its sound in one codec: pictures and fitting sound are passed on as they come, other sound by a transcoder. It
/// exists while somebody reads it.
/// </summary>
internal sealed class Rendition : IAsyncDisposable
{
    private readonly Broadcast _broadcast;
    private readonly Codec _codec;
    private readonly Transcoders _transcoders;
    private readonly Guid _host;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _running;
    private volatile AudioTranscoder? _transcoder;
    private bool _audioAfterDiscontinuity;
    private volatile bool _complete;

    public Rendition(Broadcast broadcast, Codec codec, Transcoders transcoders, Guid host, TimeProvider time, ILogger log)
    {
        (_broadcast, _codec, _transcoders, _host, _time, _log) = (broadcast, codec, transcoders, host, time, log);
        Timeline = new Timeline(new TimelineLimits(), time, broadcast.Timeline.Edge);
        _running = Task.Run(RunAsync);
    }

    public Timeline Timeline { get; }

    /// <summary>A process makes its sound.</summary>
    public bool IsTranscoding => _transcoder is { HasPlace: true };

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _running;
        Timeline.Complete();
        _stopping.Dispose();
    }

    private async Task RunAsync()
    {
        var log = _broadcast.Timeline.Log;
        var next = Math.Max(_broadcast.Timeline.JoinIndex, log.First);
        try
        {
            while (true)
            {
                var completed = log.IsCompleted;
                for (; next < log.Next; next++)
                {
                    if (log.TryGet(next, out var frame))
                    {
                        await TakeAsync(frame);
                    }
                    else
                    {
                        // Too slow, or begun before there was anything: on from what is there.
                        next = Math.Max(next, log.First - 1);
                    }
                }

                if (completed)
                {
                    return;
                }

                await log.WaitAsync(next, _stopping.Token);
            }
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            return;
        }
        finally
        {
            _complete = true;
            if (_transcoder is not null)
            {
                await _transcoder.DisposeAsync();
            }

            Timeline.Complete();
        }
    }

    private async ValueTask TakeAsync(Frame frame)
    {
        switch (frame.Kind)
        {
            case FrameKind.Video:
                if (frame.AfterDiscontinuity)
                {
                    Timeline.ForgetTracks();
                }

                Timeline.AppendMedia(frame.Track!, frame.Dts, frame.Pts, frame.IsKeyframe, frame.AfterDiscontinuity, frame.Payload);
                break;
            case FrameKind.Audio when frame.Track!.Codec == _codec:
                Timeline.AppendMedia(frame.Track, frame.Dts, frame.Pts, keyframe: true, frame.AfterDiscontinuity, frame.Payload);
                break;
            case FrameKind.Audio:
                Volatile.Write(ref _audioAfterDiscontinuity, _audioAfterDiscontinuity || frame.AfterDiscontinuity);
                if (_transcoder is null || !_transcoder.Source.Equals(frame.Track))
                {
                    if (_transcoder is not null)
                    {
                        await _transcoder.DisposeAsync();
                    }

                    _transcoder = new AudioTranscoder(_transcoders, _host, frame.Track!, _codec, Append, _time, _log);
                }

                _transcoder.Push(frame);
                break;
        }
    }

    private void Append(Track track, long time, byte[] payload)
    {
        if (!_complete)
        {
            Timeline.AppendMedia(track, time, time, keyframe: true, _audioAfterDiscontinuity, payload);
            Volatile.Write(ref _audioAfterDiscontinuity, false);
        }
    }
}
