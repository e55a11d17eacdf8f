using System.Runtime.InteropServices;
using SharpFuzz.Common;

namespace Weir.Fuzz;

/// <summary>
/// The branches that instrumented code took. Each pair of them has a counter of eight bits; a run is new when a counter reaches a range
/// (1, 2, 3, 4 to 7, 8 to 15, 16 to 31, 32 to 127, more) that it was in during no run before. Code that is not instrumented counts nothing.
/// </summary>
internal sealed unsafe class Coverage
{
    private const int Size = 1 << 16;
    private static readonly byte* Counters = (byte*)NativeMemory.AllocZeroed(Size);
    private readonly byte[] _seen = new byte[Size];

    /// <summary>Pairs of branches that were taken in any run.</summary>
    public int Seen { get; private set; }

    /// <summary>Instrumented code counts from here on. Without a place to count in it cannot run.</summary>
    public static void Attach() => Trace.SharedMem = Counters;

    public void Begin()
    {
        new Span<byte>(Counters, Size).Clear();
        Trace.PrevLocation = 0;
    }

    /// <summary>Whether the run since <see cref="Begin"/> was new. The next one like it is not.</summary>
    public bool IsNew()
    {
        var isNew = false;
        var counters = new ReadOnlySpan<byte>(Counters, Size);
        for (var at = 0; (at = NextUsed(counters, at)) >= 0; at++)
        {
            var range = RangeOf(counters[at]);
            if ((_seen[at] & range) == 0)
            {
                Seen += _seen[at] == 0 ? 1 : 0;
                _seen[at] |= range;
                isNew = true;
            }
        }

        return isNew;
    }

    private static int NextUsed(ReadOnlySpan<byte> counters, int from)
    {
        var next = counters[from..].IndexOfAnyExcept((byte)0);
        return next < 0 || from + next >= Size ? -1 : from + next;
    }

    private static byte RangeOf(byte count) => count switch
    {
        1 => 1,
        2 => 2,
        3 => 4,
        < 8 => 8,
        < 16 => 16,
        < 32 => 32,
        < 128 => 64,
        _ => 128,
    };
}
