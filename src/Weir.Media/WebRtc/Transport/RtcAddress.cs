using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Weir.Media.WebRtc.Transport;

/// <summary>
/// Where a datagram came from or goes to, as a value without allocation: an address of either family (IPv4 as ::ffff:a.b.c.d), its port, and which
/// of our own doors it came through.
/// </summary>
/// <param name="Connection">The number of the TCP connection it came over, and that answers have to take; 0: UDP.</param>
internal readonly record struct RtcAddress(ulong High, ulong Low, uint Scope, ushort Port, ushort Door, uint Connection = 0)
{
    /// <summary>The lengths of sockaddr_in and sockaddr_in6.</summary>
    public const int V4Length = 16;
    public const int V6Length = 28;

    private const ulong V4Prefix = 0x0000ffff_00000000;

    public bool IsTcp => Connection != 0;

    public bool IsV4 => High == 0 && Low >> 32 == V4Prefix >> 32;

    public static RtcAddress From(IPEndPoint end, int door = 0)
    {
        Span<byte> bytes = stackalloc byte[16];
        end.Address.MapToIPv6().TryWriteBytes(bytes, out _);
        return new RtcAddress(
            BinaryPrimitives.ReadUInt64BigEndian(bytes),
            BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]),
            end.AddressFamily == AddressFamily.InterNetworkV6 ? (uint)end.Address.ScopeId : 0,
            (ushort)end.Port,
            (ushort)door);
    }

    /// <summary>From the kernel's form; its family's number does not matter, the length of it does.</summary>
    public static RtcAddress From(ReadOnlySpan<byte> socketAddress, bool v6, int door)
    {
        var port = BinaryPrimitives.ReadUInt16BigEndian(socketAddress[2..]);
        return v6
            ? new RtcAddress(
                BinaryPrimitives.ReadUInt64BigEndian(socketAddress[8..]),
                BinaryPrimitives.ReadUInt64BigEndian(socketAddress[16..]),
                BinaryPrimitives.ReadUInt32LittleEndian(socketAddress[24..]),
                port,
                (ushort)door)
            : new RtcAddress(0, V4Prefix | BinaryPrimitives.ReadUInt32BigEndian(socketAddress[4..]), 0, port, (ushort)door);
    }

    /// <summary>Writes the kernel's form (Linux) for a socket of this family.</summary>
    public int Write(Span<byte> socketAddress, bool v6)
    {
        BinaryPrimitives.WriteUInt16BigEndian(socketAddress[2..], Port);
        if (!v6)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(socketAddress, 2);
            BinaryPrimitives.WriteUInt32BigEndian(socketAddress[4..], (uint)Low);
            socketAddress[8..V4Length].Clear();
            return V4Length;
        }

        BinaryPrimitives.WriteUInt16LittleEndian(socketAddress, 10);
        BinaryPrimitives.WriteUInt32BigEndian(socketAddress[4..], 0);
        BinaryPrimitives.WriteUInt64BigEndian(socketAddress[8..], High);
        BinaryPrimitives.WriteUInt64BigEndian(socketAddress[16..], Low);
        BinaryPrimitives.WriteUInt32LittleEndian(socketAddress[24..], Scope);
        return V6Length;
    }

    public IPEndPoint ToEndPoint()
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, High);
        BinaryPrimitives.WriteUInt64BigEndian(bytes[8..], Low);
        return new IPEndPoint(IsV4 ? new IPAddress(bytes[12..]) : new IPAddress(bytes, Scope), Port);
    }

    public override int GetHashCode() => HashCode.Combine(High, Low, Port);

    public override string ToString() => IsTcp ? $"{ToEndPoint()} (TCP)" : ToEndPoint().ToString();
}
