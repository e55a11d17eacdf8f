using System.Buffers;
using System.IO.Pipelines;
using Microsoft.Extensions.Logging;
using Weir.Media.Formats;
using Weir.Media.Formats.Rtp;

namespace Weir.Media.WebRtc.Transport.Tcp;

/// <summary>
/// One accepted connection: frames become datagrams of its address, and datagrams to its address leave in frames. Until a signed check came
/// over it, it has a bounded time and a bounded number of datagrams.
/// </summary>
internal sealed class TcpConnection(RtcEndpoint endpoint, IDuplexPipe pipe, RtcAddress address)
{
    /// <summary>A peer repeats its check a few times while its session is made here; more than that is no peer.</summary>
    private const int MaxUnproven = 32;

    /// <summary>How long the last words, such as the session's goodbye, may take.</summary>
    private static readonly TimeSpan Linger = TimeSpan.FromSeconds(1);

    private readonly TcpQueue _queue = new(endpoint.Options.TcpQueue);
    private readonly TaskCompletionSource<RtcTcpEnd> _end = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _proven;
    private int _unproven;

    public RtcAddress Address => address;

    /// <summary>A session has this connection as one of its paths.</summary>
    public bool IsProven => _proven;

    public void Prove() => _proven = true;

    public void Send(ReadOnlySpan<byte> datagram)
    {
        if (!_queue.TryAdd(datagram))
        {
            endpoint.Drop(_end.Task.IsCompleted ? RtcDrop.SendFailed : RtcDrop.QueueFull);
        }
    }

    /// <summary>Takes nothing more, sends what is queued and closes. The first reason counts.</summary>
    public void End(RtcTcpEnd reason)
    {
        if (_end.TrySetResult(reason))
        {
            _queue.End();
            pipe.Input.CancelPendingRead();
        }
    }

    /// <summary>Runs it to its end; the pipe is the caller's to close.</summary>
    public async Task<RtcTcpEnd> RunAsync()
    {
        using var patience = endpoint.Time.CreateTimer(
            _ =>
            {
                if (!_proven)
                {
                    End(RtcTcpEnd.NeverProven);
                }
            },
            null, endpoint.Options.TcpProofLimit, Timeout.InfiniteTimeSpan);
        var writing = WriteAsync();
        await ReadAsync();
        var end = await _end.Task;
        try
        {
            await writing.WaitAsync(Linger, endpoint.Time);
        }
        catch (TimeoutException)
        {
            end = RtcTcpEnd.TooSlow;
            pipe.Output.CancelPendingFlush();
            await writing;
        }

        _queue.Dispose();
        return end;
    }

    private async Task ReadAsync()
    {
        try
        {
            while (!_end.Task.IsCompleted)
            {
                var read = await pipe.Input.ReadAsync();
                var input = read.Buffer;
                while (!_end.Task.IsCompleted && RtpFraming.TryRead(ref input, RtcEndpoint.MaxDatagram, out var datagram))
                {
                    Take(datagram);
                }

                pipe.Input.AdvanceTo(input.Start, input.End);
                if (read.IsCompleted)
                {
                    End(RtcTcpEnd.PeerGone);
                }
            }
        }
        catch (MalformedException malformed)
        {
            endpoint.Log.LogDebug("WebRTC connection of {Address}: {Fault}", address, malformed.Message);
            End(RtcTcpEnd.Malformed);
        }
        catch (Exception lost) when (lost is IOException or OperationCanceledException)
        {
            End(RtcTcpEnd.PeerGone);
        }
    }

    private void Take(ReadOnlySequence<byte> frame)
    {
        if (!_proven && ++_unproven > MaxUnproven)
        {
            End(RtcTcpEnd.NeverProven);
            return;
        }

        if (frame.IsEmpty)
        {
            return;
        }

        // A copy, because it is decrypted in place and the pipe's memory is not ours to write.
        Span<byte> datagram = stackalloc byte[(int)frame.Length];
        frame.CopyTo(datagram);
        try
        {
            endpoint.Receive(datagram, address, endpoint.Now);
        }
#pragma warning disable CA1031 // One session's mistake must not end this one's others: the connection goes on, as the UDP sockets do.
        catch (Exception fault)
#pragma warning restore CA1031
        {
            endpoint.Log.LogError(fault, "A WebRTC datagram broke its session's code");
        }
    }

    private async Task WriteAsync()
    {
        try
        {
            while (await _queue.TakeAsync() is { IsEmpty: false } bytes)
            {
                var flush = await pipe.Output.WriteAsync(bytes);
                if (flush.IsCompleted || flush.IsCanceled)
                {
                    break;
                }
            }
        }
        catch (Exception lost) when (lost is IOException or OperationCanceledException)
        {
            // Told by the end.
        }

        End(RtcTcpEnd.PeerGone);
    }
}
