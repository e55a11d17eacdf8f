using System.Runtime.InteropServices;

namespace Weir;

/// <summary>
/// How the C library keeps memory that was freed. By itself it gives every thread an arena and lets each grow to the largest picture that was decoded in it, and
/// none of it goes back to the system: a few dozen photographs took 400 MB of the social plane.
/// </summary>
internal static class NativeHeap
{
    // malloc.h of glibc.
    private const int TrimThreshold = -1;
    private const int MapThreshold = -3;
    private const int MostArenas = -8;

    private const int LargeBytes = 256 * 1024;
    private const int Arenas = 2;

    private delegate int Option(int option, int value);

    /// <summary>Large blocks get pages of their own, which go back when they are freed. To be called before there are many threads; without effect on other C libraries.</summary>
    public static void KeepSmall()
    {
        if (!NativeLibrary.TryLoad("libc.so.6", out var library) || !NativeLibrary.TryGetExport(library, "mallopt", out var address))
        {
            return;
        }

        var set = Marshal.GetDelegateForFunctionPointer<Option>(address);
        set(MostArenas, Arenas);
        set(MapThreshold, LargeBytes);
        set(TrimThreshold, LargeBytes);
    }
}
