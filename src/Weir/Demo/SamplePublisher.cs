using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;

namespace Weir.Demo;

/// <summary>
/// Sends one of the samples that Weir ships to an RTMP address, as an encoder would. It speaks just enough RTMP to publish to
/// a server that it knows: every command is sent without waiting for its answer.
/// </summary>
internal sealed class SamplePublisher(Uri server, string streamKey, string sample, TimeProvider clock)
{
    private const int ChunkSize = 60_000;
    private const int FrameMs = 40;
    private readonly (byte Type, int Time, byte[] Body)[] _tags = ReadSample(sample);

    /// <param name="loops">How often the sample is sent.</param>
    /// <param name="speed">1 is real time.</param>
    public async Task RunAsync(int loops, double speed, CancellationToken cancellation)
    {
        using var client = new TcpClient { NoDelay = true };
        await client.ConnectAsync(server.Host, server.Port, cancellation);
        var stream = client.GetStream();
        await ShakeHandsAsync(stream, cancellation);
        var discarding = DiscardAsync(stream, cancellation);
        await BeginAsync(stream, cancellation);
        var began = clock.GetTimestamp();
        var duration = _tags[^1].Time + FrameMs;
        for (var loop = 0; loop < loops; loop++)
        {
            foreach (var (type, tagTime, body) in _tags)
            {
                var time = tagTime + (loop * (long)duration);
                var ahead = TimeSpan.FromMilliseconds(time / speed) - clock.GetElapsedTime(began);
                if (ahead > TimeSpan.FromMilliseconds(5))
                {
                    await Task.Delay(ahead, clock, cancellation);
                }

                await SendAsync(stream, type == 8 ? 4 : 6, (uint)time, type, streamId: 1, body, cancellation);
            }
        }

        client.Client.Shutdown(SocketShutdown.Send);
        await discarding;
    }

    private static async Task ShakeHandsAsync(NetworkStream stream, CancellationToken cancellation)
    {
        var hello = new byte[1 + 1536];
        hello[0] = 3;
        await stream.WriteAsync(hello, cancellation);
        var answer = new byte[1 + 1536 + 1536];
        await stream.ReadExactlyAsync(answer, cancellation);
        await stream.WriteAsync(answer.AsMemory(1, 1536), cancellation);
    }

    private async Task BeginAsync(NetworkStream stream, CancellationToken cancellation)
    {
        var size = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(size, ChunkSize);
        await SendAsync(stream, 2, 0, 1, 0, size, cancellation);
        var address = $"rtmp://{server.Authority}/live";
        await SendAsync(stream, 3, 0, 20, 0, Command("connect", 1, ("app", "live"), ("flashVer", "Weir demo"), ("tcUrl", address)), cancellation);
        await SendAsync(stream, 3, 0, 20, 0, [.. Command("createStream", 2)], cancellation);
        await SendAsync(stream, 3, 0, 20, 1, [.. Command("publish", 3), .. Text(streamKey), .. Text("live")], cancellation);
    }

    /// <summary>RTMP 5.3: a type 0 chunk, then type 3 chunks for what is longer.</summary>
    private static async Task SendAsync(NetworkStream stream, int chunkStream, uint time, byte type, byte streamId, byte[] body, CancellationToken cancellation)
    {
        var header = new byte[12];
        header[0] = (byte)chunkStream;
        WriteUInt24(header.AsSpan(1), Math.Min(time, 0xFFFFFF));
        WriteUInt24(header.AsSpan(4), (uint)body.Length);
        header[7] = type;
        header[8] = streamId;
        var message = new MemoryStream();
        message.Write(header);
        WriteExtended(message, time);
        for (var at = 0; at < body.Length; at += ChunkSize)
        {
            if (at > 0)
            {
                message.WriteByte((byte)(0xC0 | chunkStream));
                WriteExtended(message, time);
            }

            message.Write(body.AsSpan(at, Math.Min(ChunkSize, body.Length - at)));
        }

        await stream.WriteAsync(message.GetBuffer().AsMemory(0, (int)message.Length), cancellation);
    }

    private static void WriteExtended(MemoryStream message, uint time)
    {
        if (time >= 0xFFFFFF)
        {
            Span<byte> extended = stackalloc byte[4];
            BinaryPrimitives.WriteUInt32BigEndian(extended, time);
            message.Write(extended);
        }
    }

    /// <summary>What the server says is not needed; it must be read all the same, or it would stop sending and then listening.</summary>
    private static async Task DiscardAsync(NetworkStream stream, CancellationToken cancellation)
    {
        var buffer = new byte[4096];
        try
        {
            while (await stream.ReadAsync(buffer, cancellation) > 0)
            {
            }
        }
        catch (Exception fault) when (fault is IOException or OperationCanceledException)
        {
            // The server closed, or we did: the sending side reports it.
        }
    }

    private static byte[] Command(string name, double transaction, params (string Name, string Value)[] properties)
    {
        var bytes = new List<byte>();
        bytes.AddRange(Text(name));
        bytes.Add(0);
        Span<byte> number = stackalloc byte[8];
        BinaryPrimitives.WriteDoubleBigEndian(number, transaction);
        bytes.AddRange(number);
        if (properties.Length == 0)
        {
            bytes.Add(5);
            return [.. bytes];
        }

        bytes.Add(3);
        foreach (var (property, value) in properties)
        {
            bytes.AddRange(Text(property).AsSpan(1));
            bytes.AddRange(Text(value));
        }

        bytes.AddRange([0, 0, 9]);
        return [.. bytes];
    }

    /// <summary>An AMF0 string with its marker.</summary>
    private static byte[] Text(string text)
    {
        var utf8 = Encoding.UTF8.GetBytes(text);
        return [2, (byte)(utf8.Length >> 8), (byte)utf8.Length, .. utf8];
    }

    private static void WriteUInt24(Span<byte> target, uint value)
    {
        target[0] = (byte)(value >> 16);
        target[1] = (byte)(value >> 8);
        target[2] = (byte)value;
    }

    private static (byte Type, int Time, byte[] Body)[] ReadSample(string name)
    {
        using var resource = typeof(SamplePublisher).Assembly.GetManifestResourceStream(name) ?? throw new InvalidOperationException($"{name} is missing.");
        var file = new byte[resource.Length];
        resource.ReadExactly(file);
        List<(byte, int, byte[])> tags = [];

        // FLV E.3: a header of 9 bytes, then PreviousTagSize (4) and a tag (header 11) in turn.
        for (var at = 9 + 4; at + 11 <= file.Length;)
        {
            var length = (file[at + 1] << 16) | (file[at + 2] << 8) | file[at + 3];
            var time = (file[at + 7] << 24) | (file[at + 4] << 16) | (file[at + 5] << 8) | file[at + 6];
            tags.Add((file[at], time, file[(at + 11)..(at + 11 + length)]));
            at += 11 + length + 4;
        }

        return [.. tags];
    }
}
