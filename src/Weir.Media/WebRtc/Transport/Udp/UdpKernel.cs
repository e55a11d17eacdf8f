using System.Runtime.InteropServices;

namespace Weir.Media.WebRtc.Transport.Udp;

/// <summary>Linux's calls for datagrams that .NET's sockets do not have: many at once, and without waiting.</summary>
internal static unsafe partial class UdpKernel
{
    public const int Interrupted = 4;
    public const int WouldBlock = 11;
    public const int IoError = 5;
    public const int InvalidArgument = 22;
    public const int DoNotWait = 0x40;

    private const short Writable = 4;

    /// <returns>0 or the error.</returns>
    public static int Send(int socket, bool v6, ReadOnlySpan<byte> datagram, RtcAddress to)
    {
        Span<byte> address = stackalloc byte[RtcAddress.V6Length];
        var length = to.Write(address, v6);
        fixed (byte* bytes = datagram)
        fixed (byte* name = address)
        {
            while (SendTo(socket, bytes, (nuint)datagram.Length, DoNotWait, name, length) < 0)
            {
                var error = Marshal.GetLastPInvokeError();
                if (error != Interrupted)
                {
                    return error;
                }
            }

            return 0;
        }
    }

    /// <returns>How many left, or -1 and the error.</returns>
    public static int SendMany(int socket, Message* messages, int count, out int error)
    {
        var sent = SendMmsg(socket, messages, (uint)count, DoNotWait);
        error = sent < 0 ? Marshal.GetLastPInvokeError() : 0;
        return sent;
    }

    /// <summary>Waits until the socket takes something again. False when it does not in time.</summary>
    public static bool AwaitRoom(int socket, int milliseconds)
    {
        var asked = new Poll { Socket = socket, Events = Writable };
        return PollSockets(&asked, 1, milliseconds) > 0;
    }

    [LibraryImport("libc", EntryPoint = "sendto", SetLastError = true)]
    private static partial nint SendTo(int socket, byte* bytes, nuint length, int flags, byte* to, int toLength);

    [LibraryImport("libc", EntryPoint = "sendmmsg", SetLastError = true)]
    private static partial int SendMmsg(int socket, Message* messages, uint count, int flags);

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    private static partial int PollSockets(Poll* sockets, nuint count, int milliseconds);

    /// <summary>struct mmsghdr of 64-bit Linux: a struct msghdr of 56 bytes, whose last field is padded, and a number.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 64)]
    public struct Message
    {
        public byte* Name;
        public uint NameLength;
        public Piece* Pieces;
        public nuint PieceCount;
        public byte* Control;
        public nuint ControlLength;
        public long Flags;
        public uint Sent;
    }

    /// <summary>struct iovec.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct Piece
    {
        public byte* Start;
        public nuint Length;
    }

    /// <summary>A control message that says how long each datagram of a long one is (UDP_SEGMENT), padded to 8 bytes.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 24)]
    public struct Segmenting
    {
        public const int Udp = 17;
        public const int Segment = 103;

        public nuint Length;
        public int Level;
        public int Type;
        public ushort Size;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Poll
    {
        public int Socket;
        public short Events;
        public short Happened;
    }
}
