using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Weir.Media.Broadcasting.FanOut;

/// <summary>Sends to a socket without waiting, which .NET's sockets cannot be asked for one call at a time.</summary>
internal static unsafe partial class Kernel
{
    public const int WouldBlock = 11;
    public const int Interrupted = 4;

    private const int DoNotWait = 0x40;
    private const int NoSignal = 0x4000;
    private const int DuplicateCloseOnExec = 1030;

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

    /// <summary>A second number for a socket, whose owner can close the first at any time.</summary>
    /// <exception cref="IOException">There are no numbers left.</exception>
    public static int Duplicate(int socket) => Control(socket, DuplicateCloseOnExec, 0) is >= 0 and var number
        ? number
        : throw new IOException("A viewer's socket cannot be taken over", new Win32Exception(Marshal.GetLastPInvokeError()));

    public static void Close(int socket) => _ = CloseNumber(socket);

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    private static partial int Control(int descriptor, int command, int argument);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int CloseNumber(int descriptor);

    [LibraryImport("libc", EntryPoint = "send", SetLastError = true)]
    private static partial nint Send(int socket, byte* bytes, nuint length, int flags);
}
