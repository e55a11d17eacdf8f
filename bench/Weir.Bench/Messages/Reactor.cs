using System.Buffers.Text;
using System.Net;
using System.Net.Sockets;
using Weir.Bench.Load;

namespace Weir.Bench.Messages;

/// <summary>One connection of somebody who writes or listens.</summary>
internal abstract class Peer
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };

    /// <param name="from">The address it connects from; null: as the system decides.</param>
    protected Peer(int port, IPAddress? from = null)
    {
        if (from is not null)
        {
            _socket.Bind(new IPEndPoint(from, 0));
        }

        _socket.Connect(IPAddress.Loopback, port);
    }

    public Socket Socket => _socket;

    /// <summary>Takes what arrived; <paramref name="now"/> is the reading's time stamp.</summary>
    public abstract void Receive(ReadOnlySpan<byte> data, long now);

    /// <summary>A few hundred bytes to a peer that reads at once: they always fit into the socket's buffer.</summary>
    protected void Send(ReadOnlySpan<byte> data)
    {
        while (!data.IsEmpty)
        {
            data = data[_socket.Send(data)..];
        }
    }

    // With a length, or chunked and then ended by an empty chunk; only one answer is under way.
    protected static bool IsWhole(ReadOnlySpan<byte> answer)
    {
        var head = answer.IndexOf("\r\n\r\n"u8);
        if (head < 0)
        {
            return false;
        }

        var length = answer[..head].IndexOf("\r\nContent-Length: "u8);
        if (length < 0)
        {
            return answer.EndsWith("\r\n0\r\n\r\n"u8);
        }

        return Utf8Parser.TryParse(answer[(length + 18)..], out int bytes, out _) && answer.Length >= head + 4 + bytes;
    }
}

/// <summary>One thread and one buffer that read for thousands of connections: the load must cost less than what it measures.</summary>
internal sealed class Reactor : IDisposable
{
    private readonly Epoll _epoll = new();
    private readonly List<Peer> _peers = [];
    private readonly byte[] _buffer = new byte[256 * 1024];
    private readonly int[] _ready = new int[256];

    public void Add(Peer peer)
    {
        peer.Socket.Blocking = false;
        _peers.Add(peer);
        _epoll.Add((int)peer.Socket.Handle, _peers.Count - 1);
    }

    /// <summary>Reads once for everybody who has something.</summary>
    public void Turn(int milliseconds)
    {
        var count = _epoll.Wait(_ready, milliseconds);
        for (var i = 0; i < count; i++)
        {
            var peer = _peers[_ready[i]];
            var read = peer.Socket.Receive(_buffer, SocketFlags.None, out var error);
            if (error == SocketError.WouldBlock)
            {
                continue;
            }

            if (read == 0)
            {
                throw new CannotMeasureException($"the server closed a connection ({error}).");
            }

            peer.Receive(_buffer.AsSpan(0, read), System.Diagnostics.Stopwatch.GetTimestamp());
        }
    }

    public void Dispose()
    {
        _peers.ForEach(peer => peer.Socket.Dispose());
        _epoll.Dispose();
    }
}
