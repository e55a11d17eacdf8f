using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Weir.Bench.Load;

/// <summary>
/// The kernel's readiness queue without anything around it, so that one thread and one buffer can read for thousands of
/// viewers: the load generator must cost less than what it measures.
/// </summary>
internal sealed unsafe partial class Epoll : IDisposable
{
    private const int ControlAdd = 1;
    private const int ControlDelete = 2;
    private const uint Readable = 0x1;
    private const int MaxEvents = 256;

    // epoll_event is packed on x86-64 (12 bytes) and naturally aligned elsewhere (16 bytes).
    private static readonly int EventSize = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 12 : 16;
    private static readonly int DataOffset = EventSize - 8;

    private readonly int _queue;
    private readonly byte[] _events = new byte[MaxEvents * EventSize];

    public Epoll()
    {
        _queue = Create(0);
        Check(_queue);
    }

    public void Add(int socket, int key)
    {
        var entry = stackalloc byte[16];
        *(uint*)entry = Readable;
        *(long*)(entry + DataOffset) = key;
        Check(Control(_queue, ControlAdd, socket, entry));
    }

    public void Remove(int socket) => Check(Control(_queue, ControlDelete, socket, null));

    /// <summary>Waits for sockets with something to read; writes their keys and returns how many there are.</summary>
    public int Wait(Span<int> keys, int milliseconds)
    {
        fixed (byte* events = _events)
        {
            var count = Wait(_queue, events, Math.Min(MaxEvents, keys.Length), milliseconds);
            if (count < 0 && Marshal.GetLastPInvokeError() == 4)
            {
                return 0; // EINTR: a signal came; the caller looks again.
            }

            Check(count);
            for (var i = 0; i < count; i++)
            {
                keys[i] = (int)*(long*)(events + (i * EventSize) + DataOffset);
            }

            return count;
        }
    }

    public void Dispose() => Close(_queue);

    private static void Check(int result)
    {
        if (result < 0)
        {
            throw new Win32Exception(Marshal.GetLastPInvokeError());
        }
    }

    [LibraryImport("libc", EntryPoint = "epoll_create1", SetLastError = true)]
    private static partial int Create(int flags);

    [LibraryImport("libc", EntryPoint = "epoll_ctl", SetLastError = true)]
    private static partial int Control(int queue, int operation, int socket, byte* entry);

    [LibraryImport("libc", EntryPoint = "epoll_wait", SetLastError = true)]
    private static partial int Wait(int queue, byte* events, int max, int timeout);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int queue);
}
