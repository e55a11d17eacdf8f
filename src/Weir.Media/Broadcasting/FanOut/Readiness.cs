using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Weir.Media.Broadcasting.FanOut;

/// <summary>What happened to a socket.</summary>
internal readonly record struct SocketNews(long Key, bool HasEnded);

/// <summary>The kernel's readiness queue: which sockets take bytes again after they were full, and which connections have ended. With a bell that other threads ring.</summary>
internal sealed unsafe partial class Readiness : IDisposable
{
    private const int ControlAdd = 1;
    private const int ControlDelete = 2;
    private const uint Readable = 0x1;
    private const uint Writable = 0x4;
    private const uint Failed = 0x8;
    private const uint Closed = 0x10;
    private const uint PeerClosed = 0x2000;
    private const uint Changes = 1u << 31;
    private const int CloseOnExec = 0x80000;
    private const int NonBlocking = 0x800;
    private const int MaxEvents = 256;
    private const long Bell = -1;

    // epoll_event is packed on x86-64 (12 bytes) and naturally aligned elsewhere (16 bytes).
    private static readonly int EventSize = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 12 : 16;

    private readonly int _queue;
    private readonly int _bell;
    private readonly byte[] _events = new byte[MaxEvents * EventSize];

    public Readiness()
    {
        _queue = Check(NewQueue(CloseOnExec));
        _bell = Check(NewBell(0, CloseOnExec | NonBlocking));
        Control(ControlAdd, _bell, Readable, Bell);
    }

    /// <summary>Tells when the socket takes bytes again after a write that it did not take whole, and when either side has closed or reset the connection.</summary>
    /// <exception cref="Win32Exception">The kernel watches no more sockets.</exception>
    public void Watch(int socket, long key) => Control(ControlAdd, socket, Writable | PeerClosed | Changes, key);

    public void Forget(int socket) => Control(ControlDelete, socket, 0, 0);

    /// <summary>Ends the waiting; from any thread.</summary>
    public void Ring()
    {
        var one = 1L;
        // It fails only when it has rung 2^64 times already.
        _ = Write(_bell, &one, 8);
    }

    /// <summary>Waits for news of sockets, or the bell; writes the news and returns how much there is.</summary>
    public int Wait(Span<SocketNews> news, int milliseconds)
    {
        fixed (byte* events = _events)
        {
            var count = WaitQueue(_queue, events, Math.Min(MaxEvents, news.Length), milliseconds);
            if (count < 0 && Marshal.GetLastPInvokeError() == Kernel.Interrupted)
            {
                return 0;
            }

            Check(count);
            var found = 0;
            for (var i = 0; i < count; i++)
            {
                var key = *(long*)(events + (i * EventSize) + EventSize - 8);
                if (key == Bell)
                {
                    long rings;
                    _ = Read(_bell, &rings, 8);
                }
                else
                {
                    news[found++] = new SocketNews(key, (*(uint*)(events + (i * EventSize)) & (Failed | Closed | PeerClosed)) != 0);
                }
            }

            return found;
        }
    }

    public void Dispose()
    {
        _ = Close(_bell);
        _ = Close(_queue);
    }

    private void Control(int operation, int descriptor, uint events, long key)
    {
        var entry = stackalloc byte[16];
        *(uint*)entry = events;
        *(long*)(entry + EventSize - 8) = key;
        Check(ChangeQueue(_queue, operation, descriptor, entry));
    }

    private static int Check(int result) => result >= 0 ? result : throw new Win32Exception(Marshal.GetLastPInvokeError());

    [LibraryImport("libc", EntryPoint = "epoll_create1", SetLastError = true)]
    private static partial int NewQueue(int flags);

    [LibraryImport("libc", EntryPoint = "epoll_ctl", SetLastError = true)]
    private static partial int ChangeQueue(int queue, int operation, int descriptor, byte* entry);

    [LibraryImport("libc", EntryPoint = "epoll_wait", SetLastError = true)]
    private static partial int WaitQueue(int queue, byte* events, int max, int timeout);

    [LibraryImport("libc", EntryPoint = "eventfd", SetLastError = true)]
    private static partial int NewBell(uint count, int flags);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    private static partial nint Write(int descriptor, void* bytes, nuint length);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    private static partial nint Read(int descriptor, void* bytes, nuint length);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);
}
