using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Net.Sockets;
using Weir.Media.Formats;
using Weir.Media.Rtmp;

namespace Weir.Testing;

/// <summary>
/// A small RTMP client, publisher or player, with Enhanced RTMP v2: for what Debian's encoders and players cannot speak. It
/// throws <see cref="RtmpRefusedException"/> when the server answers with an error status.
/// </summary>
public sealed class RtmpClient : IAsyncDisposable
{
    private const int OutgoingChunkSize = 4096;
    private readonly Stream _stream;
    private readonly PipeReader _input;
    private readonly ChunkReader _chunks = new(16 << 20);
    private uint _last;

    private RtmpClient(Stream stream)
    {
        _stream = stream;
        _input = PipeReader.Create(stream);
    }

    /// <summary>The server's answer to connect: properties and information.</summary>
    public IReadOnlyList<object?> ConnectResult { get; private set; } = [];

    public static async Task<RtmpClient> ConnectAsync(string host, int port, string app = "live", bool enhanced = true, string? tcUrl = null)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(host, port);
        return await ConnectAsync(new NetworkStream(socket, ownsSocket: true), app, enhanced, tcUrl ?? $"rtmp://{host}:{port}/{app}");
    }

    /// <summary>Over any stream: TLS, or a pipe within a test.</summary>
    public static async Task<RtmpClient> ConnectAsync(Stream stream, string app, bool enhanced, string tcUrl)
    {
        var client = new RtmpClient(stream);
        await client.ShakeHandsAsync();
        await client.SendAsync(2, RtmpMessageType.SetChunkSize, 0, 0, (byte[])[0, 0, OutgoingChunkSize >> 8, 0]);
        var arguments = new Amf0Object
        {
            { "app", app }, { "type", "nonprivate" }, { "flashVer", "FMLE/3.0 (compatible; Weir.Testing)" }, { "tcUrl", tcUrl },
        };
        if (enhanced)
        {
            arguments.Add("fourCcList", new List<object?> { "avc1", "hvc1", "av01", "mp4a", "Opus" });
            arguments.Add("videoFourCcInfoMap", new Amf0Object { { "*", 4 } });
            arguments.Add("audioFourCcInfoMap", new Amf0Object { { "*", 4 } });
            arguments.Add("capsEx", 12);
        }

        await client.CommandAsync("connect", 1, arguments);
        var answer = await client.AnswerAsync(1);
        client.ConnectResult = answer[2..];
        return client;
    }

    /// <summary>FMLE's order, which OBS keeps.</summary>
    public async Task PublishAsync(string key)
    {
        await CommandAsync("releaseStream", 2, null, key);
        await CommandAsync("FCPublish", 3, null, key);
        await CommandAsync("createStream", 4, [null]);
        await AnswerAsync(4);
        await CommandAsync("publish", 5, null, key, "live");
        await StatusAsync("NetStream.Publish.Start");
    }

    public async Task PlayAsync(string streamName)
    {
        await CommandAsync("createStream", 2, [null]);
        await AnswerAsync(2);
        await CommandAsync("play", 3, null, streamName);
        await StatusAsync("NetStream.Play.Start");
    }

    /// <summary>Metadata and both configurations of a sample.</summary>
    public async Task SendConfigurationAsync(MediaSample sample, uint timestamp = 0)
    {
        await SendDataAsync("@setDataFrame", "onMetaData", new Amf0Object { IsEcmaArray = true, }.With("encoder", "Weir.Testing 1"));
        if (!sample.VideoConfiguration.IsEmpty)
        {
            var head = new byte[FlvWriter.MaxHeader];
            var length = FlvWriter.VideoSequenceStart(head, sample.VideoCodec);
            await SendVideoAsync(timestamp, (byte[])[.. head[..length], .. sample.VideoConfiguration.Span]);
        }

        if (!sample.AudioConfiguration.IsEmpty)
        {
            var head = new byte[FlvWriter.MaxHeader];
            var length = FlvWriter.AudioSequenceStart(head, sample.AudioCodec);
            await SendAudioAsync(timestamp, (byte[])[.. head[..length], .. sample.AudioConfiguration.Span]);
        }
    }

    /// <param name="offset">Added to the frame's time, microseconds.</param>
    public Task SendFrameAsync(MediaSample sample, SampleFrame frame, long offset = 0)
    {
        var head = new byte[FlvWriter.MaxHeader];
        var time = (frame.Dts + offset) / 1000;
        var composition = (int)(((frame.Dts + offset + frame.CompositionOffset) / 1000) - time);
        var length = frame.IsVideo
            ? FlvWriter.VideoFrame(head, sample.VideoCodec, frame.IsKeyframe, composition)
            : FlvWriter.AudioFrame(head, sample.AudioCodec);
        byte[] body = [.. head[..length], .. frame.Payload.Span];
        return frame.IsVideo ? SendVideoAsync((uint)time, body) : SendAudioAsync((uint)time, body);
    }

    /// <summary>The whole sample, <paramref name="loops"/> times; in real time by the clock, or as fast as the server reads.</summary>
    public async Task SendAsync(MediaSample sample, int loops = 1, TimeProvider? pace = null, CancellationToken cancellation = default)
    {
        await SendConfigurationAsync(sample);
        var began = pace?.GetTimestamp() ?? 0;
        for (var loop = 0; loop < loops; loop++)
        {
            foreach (var frame in sample.Frames)
            {
                var due = TimeSpan.FromMicroseconds(frame.Dts + (loop * sample.Duration));
                if (pace is not null && due - pace.GetElapsedTime(began) is { Ticks: > 0 } early)
                {
                    await Task.Delay(early, pace, cancellation);
                }

                await SendFrameAsync(sample, frame, loop * sample.Duration);
            }
        }
    }

    public Task SendVideoAsync(uint timestamp, ReadOnlyMemory<byte> body) => SendAsync(6, RtmpMessageType.Video, 1, timestamp, body);

    public Task SendAudioAsync(uint timestamp, ReadOnlyMemory<byte> body) => SendAsync(4, RtmpMessageType.Audio, 1, timestamp, body);

    public Task SendDataAsync(params object?[] values) => SendAsync(5, RtmpMessageType.DataAmf0, 1, _last, Amf0Writer.Write(values));

    /// <summary>Ends the stream as encoders do.</summary>
    public async Task UnpublishAsync(string key)
    {
        await CommandAsync("FCUnpublish", 6, null, key);
        await CommandAsync("deleteStream", 7, null, 1.0);
    }

    /// <summary>The next message, null at the end of the connection.</summary>
    public async Task<RtmpMessage?> ReceiveAsync(CancellationToken cancellation = default)
    {
        while (true)
        {
            var result = await _input.ReadAsync(cancellation);
            var rest = result.Buffer;
            var got = _chunks.TryRead(ref rest, out var message);
            _input.AdvanceTo(rest.Start, got ? rest.Start : rest.End);
            if (got)
            {
                return message;
            }

            if (result.IsCompleted)
            {
                return null;
            }
        }
    }

    public Task CommandAsync(string name, double transaction, params object?[] arguments) =>
        SendAsync(3, RtmpMessageType.CommandAmf0, name is "publish" or "play" ? 1u : 0u, 0, Amf0Writer.Write([name, transaction, .. arguments]));

    public Task SendAsync(int chunkStream, RtmpMessageType type, uint streamId, uint timestamp, ReadOnlyMemory<byte> payload)
    {
        _last = timestamp;

        // The chunk size is announced in a message that still fits into the default one.
        return _stream.WriteAsync(ChunkWriter.Message(chunkStream, type, streamId, timestamp, [], payload.Span, OutgoingChunkSize)).AsTask();
    }

    /// <summary>Bytes as they are, for tests of what no client should send.</summary>
    public Task SendRawAsync(ReadOnlyMemory<byte> bytes) => _stream.WriteAsync(bytes).AsTask();

    /// <summary>Waits for an onStatus with this code.</summary>
    public async Task<Amf0Object> StatusAsync(string code)
    {
        while (await ReceiveAsync() is { } message)
        {
            if (message.Type == RtmpMessageType.CommandAmf0 && Amf0Reader.ReadAll(message.Payload.Span) is ["onStatus", _, _, Amf0Object status])
            {
                if (status["code"] as string == code)
                {
                    return status;
                }

                ThrowIfError(status);
            }
        }

        throw new EndOfStreamException($"The connection ended before {code}");
    }

    public async ValueTask DisposeAsync()
    {
        await _input.CompleteAsync();
        await _stream.DisposeAsync();
    }

    private async Task<List<object?>> AnswerAsync(double transaction)
    {
        while (await ReceiveAsync() is { } message)
        {
            if (message.Type != RtmpMessageType.CommandAmf0)
            {
                continue;
            }

            var values = Amf0Reader.ReadAll(message.Payload.Span);
            if (values.Count > 1 && values[1] is double number && number == transaction)
            {
                if (values[0] is "_error")
                {
                    ThrowIfError(values.OfType<Amf0Object>().Last());
                }

                return values;
            }
        }

        throw new EndOfStreamException("The connection ended before an answer");
    }

    private async Task ShakeHandsAsync()
    {
        var hello = new byte[1 + Handshake.PacketLength];
        hello[0] = 3;
        await _stream.WriteAsync(hello);
        var answer = await _input.ReadAtLeastAsync(1 + (2 * Handshake.PacketLength));
        var s1 = answer.Buffer.Slice(1, Handshake.PacketLength).ToArray();
        _input.AdvanceTo(answer.Buffer.GetPosition(1 + (2 * Handshake.PacketLength)));
        await _stream.WriteAsync(s1);
    }

    private static void ThrowIfError(Amf0Object status)
    {
        if (status["level"] is "error")
        {
            throw new RtmpRefusedException(status["code"] as string ?? "", status["description"] as string ?? "");
        }
    }
}

/// <summary>The server said no.</summary>
public sealed class RtmpRefusedException(string code, string description) : Exception($"{code}: {description}")
{
    public string Code { get; } = code;
}

internal static class Amf0Building
{
    public static Amf0Object With(this Amf0Object to, string name, object? value)
    {
        to.Add(name, value);
        return to;
    }
}
