using System.Runtime.InteropServices;

namespace Weir.Hosting;

/// <summary>
/// How the C library keeps memory that was freed. By itself it gives every thread an arena and lets each grow to the largest
/// picture that was decoded in it, and none of it goes back to the system: a few dozen photographs took 400 MB of the social plane.
/// Without effect on other C libraries than glibc.
/// </summary>
public static class NativeHeap
{
    // malloc.h of glibc.
    private const int TrimThreshold = -1;
    private const int MapThreshold = -3;
    private const int MostArenas = -8;

    private const int LargeBytes = 256 * 1024;

    /// <summary>A few rows of a photograph, of which a decoder keeps hundreds.</summary>
    private const int RowsBytes = 32 * 1024;

    private const int Arenas = 2;

    private static readonly Lazy<OptionCall?> Option = new(() => Find<OptionCall>("mallopt"));
    private static readonly Lazy<TrimCall?> Trim = new(() => Find<TrimCall>("malloc_trim"));
    private static readonly Lock Counting = new();
    private static int _pictures;

    private delegate int OptionCall(int option, int value);

    private delegate int TrimCall(nuint pad);

    /// <summary>
    /// Large blocks get pages of their own, which go back when they are freed. To be called before there are many threads.
    /// </summary>
    public static void KeepSmall()
    {
        Set(MostArenas, Arenas);
        Set(MapThreshold, LargeBytes);
        Set(TrimThreshold, LargeBytes);
    }

    /// <summary>
    /// A picture is decoded now, until this is disposed. Meanwhile smaller blocks get pages of their own too; not all the time,
    /// because the database may need such blocks for a single query. Afterwards every page that is free as a whole goes back,
    /// wherever it is in an arena: half a millisecond.
    /// </summary>
    public static IDisposable Decoding()
    {
        lock (Counting)
        {
            if (++_pictures == 1)
            {
                Set(MapThreshold, RowsBytes);
            }
        }

        return new Decoded();
    }

    private static void Set(int option, int value) => Option.Value?.Invoke(option, value);

    private static T? Find<T>(string function)
        where T : Delegate =>
        NativeLibrary.TryLoad("libc.so.6", out var library) && NativeLibrary.TryGetExport(library, function, out var address)
            ? Marshal.GetDelegateForFunctionPointer<T>(address)
            : null;

    private sealed class Decoded : IDisposable
    {
        private bool _disposed;

        public void Dispose()
        {
            lock (Counting)
            {
                if (_disposed)
                {
                    return;
                }

                _disposed = true;
                if (--_pictures == 0)
                {
                    Set(MapThreshold, LargeBytes);
                }
            }

            Trim.Value?.Invoke(0);
        }
    }
}
