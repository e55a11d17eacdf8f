using System.Buffers.Text;
using System.Diagnostics;

namespace Weir.Bench.Load;

/// <summary>
/// A stamp inside each picture that every container carries unchanged: an H.264 SEI message of user data with the time
/// of sending in digits, which need no emulation prevention.
/// </summary>
internal static class Marker
{
    private const int Digits = 16;

    /// <summary>Stands before the time of a comment, as <see cref="Name"/> does in a picture.</summary>
    public static ReadOnlySpan<byte> CommentName => "WeirBenchComment"u8;

    private static ReadOnlySpan<byte> Name => "WeirBenchTimeMk1"u8;

    /// <summary>Bytes that <see cref="Write"/> takes, with the length in front.</summary>
    public static int Size => 4 + 3 + Name.Length + Digits + 1;

    public static long Now => (long)(Stopwatch.GetTimestamp() * (1_000_000.0 / Stopwatch.Frequency));

    // H.264 7.3.2.3.1: NAL unit type 6, payload type 5 (D.1.7, user data unregistered: 16 bytes of name), payload size, stop bit.
    public static void Write(Span<byte> to, long microseconds)
    {
        to[0] = to[1] = to[2] = 0;
        to[3] = (byte)(Size - 4);
        to[4] = 6;
        to[5] = 5;
        to[6] = (byte)(Name.Length + Digits);
        Name.CopyTo(to[7..]);
        var digits = to.Slice(7 + Name.Length, Digits);
        Utf8Formatter.TryFormat(microseconds, digits, out _, new System.Buffers.StandardFormat('D', Digits));
        to[Size - 1] = 0x80;
    }

    /// <summary>Finds the next stamp that lies wholly in the data; one cut in two by the network is not found.</summary>
    public static bool TryFind(ref ReadOnlySpan<byte> data, out long microseconds) => TryFind(Name, ref data, out microseconds);

    /// <summary>The same behind another name.</summary>
    public static bool TryFind(ReadOnlySpan<byte> name, ref ReadOnlySpan<byte> data, out long microseconds)
    {
        var at = data.IndexOf(name);
        if (at < 0 || data.Length < at + name.Length + Digits)
        {
            microseconds = 0;
            return false;
        }

        data = data[(at + name.Length)..];
        return Utf8Parser.TryParse(data[..Digits], out microseconds, out _);
    }
}
