using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using Weir.Media.Formats.Rtp;
using Weir.Media.WebRtc.Transport;

namespace Weir.Media.Tests.WebRtc;

/// <summary>One TCP connection to an endpoint, without sockets: the near ends of its two pipes are the test's.</summary>
internal sealed class TcpLink
{
    private readonly Pipe _up;
    private readonly Pipe _down;
    private ReadOnlySequence<byte> _unread;

    /// <param name="capacity">Bytes the endpoint may write before somebody reads.</param>
    public TcpLink(RtcEndpoint endpoint, string from = "198.51.100.20:5000", int capacity = 1 << 20)
    {
        var options = new PipeOptions(pauseWriterThreshold: capacity, resumeWriterThreshold: capacity / 2, useSynchronizationContext: false);
        (_up, _down) = (new Pipe(options), new Pipe(options));
        Over = endpoint.RunTcpAsync(new Far(_up.Reader, _down.Writer), IPEndPoint.Parse(from));
    }

    public Task<RtcTcpEnd> Over { get; }

    public static byte[] Frame(ReadOnlySpan<byte> datagram)
    {
        var bytes = new byte[RtpFraming.HeaderLength + datagram.Length];
        RtpFraming.Write(datagram, bytes);
        return bytes;
    }

    public void Send(ReadOnlySpan<byte> datagram) => SendRaw(Frame(datagram));

    public void SendRaw(ReadOnlySpan<byte> bytes)
    {
        lock (_up)
        {
            _up.Writer.Write(bytes);
            var flushed = _up.Writer.FlushAsync();
            Assert.True(flushed.IsCompleted, "Nobody reads.");
        }
    }

    /// <summary>The next datagram; null at the end.</summary>
    public async Task<byte[]?> ReceiveAsync()
    {
        while (true)
        {
            if (RtpFraming.TryRead(ref _unread, 1500, out var datagram))
            {
                return datagram.ToArray();
            }

            var read = await _down.Reader.ReadAsync(TestContext.Current.CancellationToken);
            _unread = new ReadOnlySequence<byte>([.. _unread.ToArray(), .. read.Buffer.ToArray()]);
            _down.Reader.AdvanceTo(read.Buffer.End);
            if (read is { IsCompleted: true, Buffer.IsEmpty: true })
            {
                return null;
            }
        }
    }

    /// <summary>The peer closes it.</summary>
    public void Close() => _up.Writer.Complete();

    /// <summary>What a host does once the connection is over.</summary>
    public async Task<RtcTcpEnd> ClosedAsync()
    {
        var end = await Over.WaitAsync(Patience.Limit, TestContext.Current.CancellationToken);
        await _down.Writer.CompleteAsync();
        return end;
    }

    private sealed record Far(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}

/// <summary>A client's whole network: one connection, which a test may cut and replace.</summary>
internal sealed class TcpPort : IRtcPort
{
    private volatile TcpLink? _link;

    public void Connect(TcpLink link, RtcEndpoint client)
    {
        _link = link;
        _ = Task.Run(async () =>
        {
            while (await link.ReceiveAsync() is { } datagram)
            {
                client.Receive(datagram, Reach(null!), client.Now);
            }
        });
    }

    public void Cut()
    {
        _link?.Close();
        _link = null;
    }

    public void Send(ReadOnlySpan<byte> datagram, RtcAddress to) => _link?.Send(datagram);

    public void Send(RtcBatch batch)
    {
        foreach (var entry in batch.Entries)
        {
            Send(batch.Bytes.Slice(entry.Offset, entry.Length), entry.To);
        }
    }

    /// <summary>The server, wherever it is.</summary>
    public RtcAddress Reach(IPEndPoint end) => RtcAddress.From(new IPEndPoint(IPAddress.Parse("192.0.2.1"), 8082));

    public void Dispose()
    {
    }
}
