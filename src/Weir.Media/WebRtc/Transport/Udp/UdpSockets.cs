using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;

namespace Weir.Media.WebRtc.Transport.Udp;

/// <summary>
/// The endpoint's sockets: one for both families, or one each where only loopback may hear it. Each has a thread that receives.
/// </summary>
internal sealed class UdpSockets : IRtcPort
{
    /// <summary>What the kernel may hold for us, as far as it allows: half a second of 500 viewers.</summary>
    private const int Buffer = 4 * 1024 * 1024;

    private readonly List<Door> _doors;
    private RtcEndpoint? _endpoint;
    private volatile bool _disposed;

    private UdpSockets(List<Door> doors) => _doors = doors;

    public int Port => ((IPEndPoint)_doors[0].Socket.LocalEndPoint!).Port;

    /// <exception cref="SocketException">The port is taken.</exception>
    public static UdpSockets Open(RtcEndpointOptions options)
    {
        List<Door> doors = [];
        try
        {
            if (!options.LoopbackOnly)
            {
                doors.Add(Bind(Socket.OSSupportsIPv6 ? IPAddress.IPv6Any : IPAddress.Any, options.Port));
            }
            else
            {
                doors.Add(Bind(IPAddress.Loopback, options.Port));
                if (Socket.OSSupportsIPv6)
                {
                    doors.Add(Bind(IPAddress.IPv6Loopback, ((IPEndPoint)doors[0].Socket.LocalEndPoint!).Port));
                }
            }
        }
        catch (SocketException)
        {
            doors.ForEach(door => door.Socket.Dispose());
            throw;
        }

        return new UdpSockets(doors);
    }

    /// <summary>Begins to receive.</summary>
    public UdpSockets Start(RtcEndpoint endpoint)
    {
        _endpoint = endpoint;
        for (var number = 0; number < _doors.Count; number++)
        {
            var door = number;
            new Thread(() => Receive(door)) { IsBackground = true, Name = $"webrtc receive {door}" }.Start();
        }

        return this;
    }

    public void Send(ReadOnlySpan<byte> datagram, RtcAddress to)
    {
        var door = _doors[to.Door];
        if (_disposed)
        {
            return;
        }

        if (OperatingSystem.IsLinux())
        {
            switch (UdpKernel.Send(door.Handle, door.V6, datagram, to))
            {
                case 0:
                    break;
                case UdpKernel.WouldBlock:
                    _endpoint!.Drop(RtcDrop.SendFull);
                    break;
                default:
                    _endpoint!.Drop(RtcDrop.SendFailed);
                    break;
            }
        }
        else
        {
            SendPortably(door, datagram, to);
        }
    }

    public void Send(RtcBatch batch)
    {
        if (_disposed)
        {
            return;
        }

        if (!OperatingSystem.IsLinux())
        {
            foreach (var entry in batch.Entries)
            {
                SendPortably(_doors[entry.To.Door], batch.Bytes.Slice(entry.Offset, entry.Length), entry.To);
            }

            return;
        }

        var entries = batch.Entries;
        while (!entries.IsEmpty)
        {
            // All for one socket together; with one socket that is everything.
            var door = entries[0].To.Door;
            var count = 1;
            while (count < entries.Length && entries[count].To.Door == door)
            {
                count++;
            }

            SendBatch.Current.Send(_doors[door].Handle, _doors[door].V6, batch.Bytes, entries[..count], _endpoint!);
            entries = entries[count..];
        }
    }

    public RtcAddress Reach(IPEndPoint end) =>
        RtcAddress.From(end, Math.Max(0, _doors.FindIndex(door => door.Socket.AddressFamily == end.AddressFamily)));

    public void Dispose()
    {
        _disposed = true;
        _doors.ForEach(door => door.Socket.Dispose());
    }

    private static Door Bind(IPAddress address, int port)
    {
        var socket = new Socket(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        try
        {
            if (address.Equals(IPAddress.IPv6Any))
            {
                socket.DualMode = true;
            }

            socket.SendBufferSize = Buffer;
            socket.ReceiveBufferSize = Buffer;
            socket.Bind(new IPEndPoint(address, port));
        }
        catch (SocketException)
        {
            socket.Dispose();
            throw;
        }

        return new Door(socket, (int)socket.Handle, address.AddressFamily == AddressFamily.InterNetworkV6);
    }

    private void Receive(int number)
    {
        var (socket, _, v6) = _doors[number];
        var buffer = GC.AllocateUninitializedArray<byte>(RtcEndpoint.MaxDatagram + 1, pinned: true);
        var from = new SocketAddress(socket.AddressFamily);
        while (!_disposed)
        {
            try
            {
                var length = socket.ReceiveFrom(buffer, SocketFlags.None, from);
                if (length <= RtcEndpoint.MaxDatagram)
                {
                    _endpoint!.Receive(buffer.AsSpan(0, length), RtcAddress.From(from.Buffer.Span, v6, number), _endpoint.Now);
                }
                else
                {
                    _endpoint!.Drop(RtcDrop.UnknownKind);
                }
            }
            catch (Exception fault) when (_disposed && fault is SocketException or ObjectDisposedException)
            {
                return;
            }
            catch (SocketException fault)
            {
                // One datagram's trouble, such as an unreachable peer's echo. The next may be fine.
                _endpoint!.Log.LogDebug("Receiving failed: {Fault}", fault.SocketErrorCode);
            }
#pragma warning disable CA1031 // One session's mistake must not end all others.
            catch (Exception fault)
#pragma warning restore CA1031
            {
                _endpoint!.Log.LogError(fault, "A WebRTC datagram broke its session's code");
            }
        }
    }

    private void SendPortably(Door door, ReadOnlySpan<byte> datagram, RtcAddress to)
    {
        try
        {
            var end = to.ToEndPoint();
            door.Socket.SendTo(datagram, SocketFlags.None, door.V6 ? new IPEndPoint(end.Address.MapToIPv6(), end.Port) : end);
        }
        catch (SocketException)
        {
            _endpoint!.Drop(RtcDrop.SendFailed);
        }
    }

    private sealed record Door(Socket Socket, int Handle, bool V6);
}
