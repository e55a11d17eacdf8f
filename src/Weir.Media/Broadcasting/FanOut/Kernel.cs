using System.Runtime.InteropServices;

namespace Weir.Media.Broadcasting.FanOut;

/// <summary>Sends to a socket without waiting, which .NET's sockets cannot be asked for one call at a time.</summary>
internal static unsafe partial class Kernel
{
    public const int WouldBlock = 11;
    public const int Interrupted = 4;

    private const int DoNotWait = 0x40;
    private const int NoSignal = 0x4000;

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

    [LibraryImport("libc", EntryPoint = "send", SetLastError = true)]
    private static partial nint Send(int socket, byte* bytes, nuint length, int flags);
}
