using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using Microsoft.Extensions.Logging;
using Weir.Media.Broadcasting;
using Weir.Media.Broadcasting.FanOut;
using Weir.Media.Formats;

namespace Weir.Media.Rtmp;

/// <summary>
/// One RTMP connection, of a publisher or a player, from the handshake to its end. The host gives it a pipe and closes the
/// connection when <see cref="RunAsync"/> returns; after <see cref="RtmpEnd.Cut"/> and <see cref="RtmpEnd.TooSlow"/> by aborting it.
/// </summary>
/// <param name="direct">The pipe's socket, for players, where nothing stands between the two; null: players are sent to through the pipe.</param>
public sealed partial class RtmpSession(IDuplexPipe pipe, IAdmission admission, RtmpOptions options, TimeProvider clock, ILogger logger, DirectSocket? direct = null)
{
    private const uint DefaultWindow = 2_500_000;
    private const uint SmallestWindow = 4096;
    private const int PingsUnanswered = 2;
    private const byte MpegTsSync = 0x47;

    private readonly CancellationTokenSource _close = new();
    private readonly ChunkReader _reader = new(options.MaxCommandSize);
    private readonly RtmpOutput _output = new(pipe.Output, options.Lag.WriteTimeout, clock);
    private ITimer? _patience;
    private int _end;
    private uint _window = DefaultWindow;
    private long _received;
    private long _acknowledged;
    private int _pings;

    public RtmpState State { get; private set; }

    /// <summary>Runs to the end of the connection. Throws only for faults of our own.</summary>
    public async Task<RtmpEnd> RunAsync(CancellationToken stopping)
    {
        var onStopping = stopping.UnsafeRegister(_ => Close(RtmpEnd.Stopping), null);
        _patience = clock.CreateTimer(_ => pipe.Input.CancelPendingRead(), null, options.HandshakeTimeout, Timeout.InfiniteTimeSpan);
        try
        {
            await ReadToEndAsync();
        }
        catch (OperationCanceledException)
        {
            // Closed from this side, and Close has kept the reason; or the host's transport was aborted.
            Close(RtmpEnd.PeerClosed);
        }
        catch (Exception broken) when (broken is RtmpProtocolException or MalformedException)
        {
            MediaMeter.ProtocolErrors.Add(1);
            LogProtocolError(State, broken.Message);
            Close(RtmpEnd.ProtocolError);
        }
        catch (IOException lost)
        {
            LogLost(lost.Message);
            Close(RtmpEnd.PeerClosed);
        }
        finally
        {
            Close(RtmpEnd.Failed);
            await onStopping.DisposeAsync();
            await LeaveAsync();
        }

        var end = (RtmpEnd)_end;
        if (end is RtmpEnd.Refused or RtmpEnd.Replaced or RtmpEnd.Ended)
        {
            await LingerAsync(end, stopping);
        }

        LogEnded(State, end);
        await _patience.DisposeAsync();
        _close.Dispose();
        _output.Dispose();
        return end;
    }

    /// <summary>
    /// Lets the peer read the last words and close first: a connection closed over bytes it still sent would be reset,
    /// and what it had not read yet lost.
    /// </summary>
    private async Task LingerAsync(RtmpEnd end, CancellationToken stopping)
    {
        try
        {
            if (end == RtmpEnd.Replaced)
            {
                // The outcome does not matter: the connection closes now either way.
                await _output.SendAsync(
                    RtmpReplies.OnStatus("error", "NetStream.Unpublish.Success", "Another publisher took over, or the broadcast has ended."),
                    stopping);
            }

            _patience!.Change(options.LingerTimeout, Timeout.InfiniteTimeSpan);
            ReadResult result;
            do
            {
                result = await pipe.Input.ReadAsync(stopping);
                pipe.Input.AdvanceTo(result.Buffer.End);
            }
            while (!result.IsCompleted && !result.IsCanceled);
        }
        catch (Exception lost) when (lost is IOException or OperationCanceledException)
        {
            LogLost(lost.Message);
        }
    }

    private async Task ReadToEndAsync()
    {
        while (true)
        {
            if (State >= RtmpState.Publishing)
            {
                _patience!.Change(IdleLimit, Timeout.InfiniteTimeSpan);
            }

            var result = await pipe.Input.ReadAsync(_close.Token);
            if (result.IsCanceled && !await IsPatientAsync())
            {
                return;
            }

            var rest = result.Buffer;
            var before = rest.Length;
            try
            {
                while (await TakeOneAsync(rest) is { } after)
                {
                    rest = rest.Slice(after);
                }
            }
            finally
            {
                pipe.Input.AdvanceTo(rest.Start, rest.End);
            }

            var used = before - rest.Length;
            if (used > 0)
            {
                _pings = 0;
                await AcknowledgeAsync(used);
            }

            if (result.IsCompleted)
            {
                Close(RtmpEnd.PeerClosed);
                return;
            }
        }
    }

    /// <summary>Takes one step of the handshake or one message; gives where it ended, null where more bytes are needed.</summary>
    private async ValueTask<SequencePosition?> TakeOneAsync(ReadOnlySequence<byte> input)
    {
        _close.Token.ThrowIfCancellationRequested();
        var rest = input;
        switch (State)
        {
            case RtmpState.AwaitingHello:
                if (rest.FirstSpan is [MpegTsSync, .. var after] && !after.StartsWith("ET "u8))
                {
                    // An encoder of MPEG-TS only sends: the log is where its owner can see why nothing comes of it. HTTP begins with the
                    // same byte.
                    LogMpegTs();
                }

                if (!Handshake.TryReadHello(ref rest, (uint)Environment.TickCount, out var answer))
                {
                    return null;
                }

                await SendAsync(answer);
                State = RtmpState.AwaitingEcho;
                break;
            case RtmpState.AwaitingEcho:
                if (!Handshake.TryReadEcho(ref rest))
                {
                    return null;
                }

                AwaitWithin(options.CommandTimeout, RtmpState.AwaitingConnect);
                break;
            default:
                if (_reader.TryRead(ref rest, out var message))
                {
                    await TakeMessageAsync(message);
                }
                else if (rest.Length == input.Length)
                {
                    return null;
                }

                break;
        }

        return rest.Start;
    }

    private ValueTask TakeMessageAsync(in RtmpMessage message)
    {
        switch (message.Type)
        {
            case RtmpMessageType.Video or RtmpMessageType.Audio or RtmpMessageType.DataAmf0 or RtmpMessageType.DataAmf3 or RtmpMessageType.Aggregate:
                // Encoders send a few more messages after they closed their stream; those have nowhere to go.
                if (_ingest?.Take(message) == false)
                {
                    Close(RtmpEnd.Replaced);
                }

                return ValueTask.CompletedTask;
            case RtmpMessageType.CommandAmf0 or RtmpMessageType.CommandAmf3:
                return ReadCommand(message) is { } command ? TakeCommandAsync(command) : ValueTask.CompletedTask;
            case RtmpMessageType.WindowAcknowledgementSize when message.Payload.Length >= 4:
                // A tiny window would make an answer of every packet.
                _window = Math.Max(BinaryPrimitives.ReadUInt32BigEndian(message.Payload.Span), SmallestWindow);
                return ValueTask.CompletedTask;
            case RtmpMessageType.UserControl when message.Payload.Length >= 6
                && (UserControlEvent)BinaryPrimitives.ReadUInt16BigEndian(message.Payload.Span) == UserControlEvent.PingRequest:
                return SendAsync(RtmpReplies.UserControl(
                    UserControlEvent.PingResponse, BinaryPrimitives.ReadUInt32BigEndian(message.Payload.Span[2..])));
            default:
                return ValueTask.CompletedTask;
        }
    }

    private TimeSpan IdleLimit => State == RtmpState.Playing
        ? options.PlayerIdleTimeout / (PingsUnanswered + 1)
        : options.PublisherIdleTimeout;

    /// <summary>Nothing came for as long as the state allows. Players have nothing to say: they are asked first.</summary>
    private async ValueTask<bool> IsPatientAsync()
    {
        if (State == RtmpState.Playing && _pings++ < PingsUnanswered)
        {
            await SendAsync(RtmpReplies.UserControl(UserControlEvent.PingRequest, (uint)Environment.TickCount));
            return true;
        }

        MediaMeter.IdleClosed.Add(1, new KeyValuePair<string, object?>("state", State.ToString()));
        Close(RtmpEnd.Idle);
        return false;
    }

    private void AwaitWithin(TimeSpan limit, RtmpState state)
    {
        State = state;
        _patience!.Change(limit, Timeout.InfiniteTimeSpan);
    }

    /// <summary>RTMP 5.4.3: acknowledged whenever a window's worth of bytes has come.</summary>
    private ValueTask AcknowledgeAsync(long bytes)
    {
        _received += bytes;
        if (_received - _acknowledged < _window)
        {
            return ValueTask.CompletedTask;
        }

        _acknowledged = _received;
        return SendAsync(RtmpReplies.Acknowledgement((uint)_received));
    }

    private async ValueTask SendAsync(ReadOnlyMemory<byte> chunks)
    {
        switch (await _output.SendAsync(chunks, _close.Token))
        {
            case FlushOutcome.Closed:
                Close(RtmpEnd.PeerClosed);
                break;
            case FlushOutcome.TimedOut:
                Close(RtmpEnd.TooSlow);
                break;
            default:
                break;
        }
    }

    /// <summary>Ends the session; the first reason counts.</summary>
    private void Close(RtmpEnd why)
    {
        if (Interlocked.CompareExchange(ref _end, (int)why, (int)RtmpEnd.None) == (int)RtmpEnd.None)
        {
            _close.Cancel();
        }
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "RTMP protocol error while {State}: {What}")]
    private partial void LogProtocolError(RtmpState state, string what);

    [LoggerMessage(Level = LogLevel.Information, Message = "MPEG-TS came to the RTMP port, and the connection was closed; the encoder has to send RTMP")]
    private partial void LogMpegTs();

    [LoggerMessage(Level = LogLevel.Debug, Message = "RTMP connection lost: {What}")]
    private partial void LogLost(string what);

    [LoggerMessage(Level = LogLevel.Debug, Message = "RTMP connection ended while {State}: {End}")]
    private partial void LogEnded(RtmpState state, RtmpEnd end);
}
