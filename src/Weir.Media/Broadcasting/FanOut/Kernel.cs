using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Weir.Media.Broadcasting.FanOut;

/// <summary>Sends to a socket without waiting, which .NET's sockets cannot be asked for one call at a time.</summary>
internal static unsafe partial class Kernel
{
    public const int WouldBlock = 11;
    public const int Interrupted = 4;

    private const int Tcp = 6;
    private const int NoDelay = 1; // TCP_NODELAY
    private const int NotSentLowWater = 25; // TCP_NOTSENT_LOWAT
    private const int DoNotWait = 0x40;
    private const int NoSignal = 0x4000;

    /// <summary>From so many bytes on that wait to be sent a socket is full; it takes bytes again when there are half as many.</summary>
    public static void LimitUnsent(Socket socket, int bytes)
    {
        Span<byte> value = stackalloc byte[sizeof(int)];
        MemoryMarshal.Write(value, bytes);
        try
        {
            socket.SetRawSocketOption(Tcp, NotSentLowWater, value);
        }
        catch (SocketException)
        {
            // Some sandboxes' kernels do not know it. Viewers are served all the same; those who do not read keep more memory.
        }
    }

    /// <summary>From now on a packet that is not full leaves when everything before it has arrived (Nagle's algorithm).</summary>
    public static void MergeSmall(int socket)
    {
        var off = 0;
        // It fails only where the connection has ended, which the next write says too.
        _ = SetOption(socket, Tcp, NoDelay, &off, sizeof(int));
    }

    /// <returns>Bytes taken, or -1 and the error.</returns>
    public static int Send(int socket, ReadOnlySpan<byte> bytes, out int error)
    {
        fixed (byte* start = bytes)
        {
            var sent = (int)Send(socket, start, (nuint)bytes.Length, DoNotWait | NoSignal);
            error = sent < 0 ? Marshal.GetLastPInvokeError() : 0;
            return sent;
        }
    }

    [LibraryImport("libc", EntryPoint = "setsockopt")]
    private static partial int SetOption(int socket, int level, int option, int* value, uint length);

    [LibraryImport("libc", EntryPoint = "send", SetLastError = true)]
    private static partial nint Send(int socket, byte* bytes, nuint length, int flags);
}
