using System.Buffers.Binary;

namespace Weir.Media.Formats;
// H.264 and HEVC store pictures alike: NAL units behind a length of 1, 2 or 4 bytes (ISO/IEC 14496-15 4.3.3).

/// <summary>Walks over length-prefixed NAL units; check with <see cref="AreWellFormed"/> first.</summary>
public ref struct NalUnits(ReadOnlySpan<byte> payload, int lengthSize = 4)
{
    private const string Clause = "ISO/IEC 14496-15 4.3.3";
    private ReadOnlySpan<byte> _rest = payload;

    public ReadOnlySpan<byte> Current { get; private set; }

    public readonly NalUnits GetEnumerator() => this;

    public bool MoveNext()
    {
        if (_rest.IsEmpty)
        {
            return false;
        }

        if (!TryTake(ref _rest, lengthSize, out var unit))
        {
            throw new MalformedException(Clause, "A NAL unit is longer than its picture");
        }

        Current = unit;
        return true;
    }

    /// <summary>At least one NAL unit, none empty, and their lengths add up to the payload's.</summary>
    public static bool AreWellFormed(ReadOnlySpan<byte> payload, int lengthSize = 4)
    {
        if (payload.IsEmpty)
        {
            return false;
        }

        while (!payload.IsEmpty)
        {
            if (!TryTake(ref payload, lengthSize, out var unit) || unit.IsEmpty)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>
    /// The same NAL units behind lengths of 4 bytes; empty ones left out, and zeros after the last one, which some encoders take over
    /// from Annex B (ITU-T H.264 B.1.1, trailing_zero_8bits). Null when malformed or nothing is left.
    /// </summary>
    public static byte[]? WithFourByteLengths(ReadOnlySpan<byte> payload, int lengthSize)
    {
        var size = 0;
        payload = WithoutTrailingZeros(payload, lengthSize);
        for (var rest = payload; !rest.IsEmpty;)
        {
            if (!TryTake(ref rest, lengthSize, out var unit))
            {
                return null;
            }

            size += unit.IsEmpty ? 0 : unit.Length + 4;
        }

        if (size == 0)
        {
            return null;
        }

        var result = new byte[size];
        var to = result.AsSpan();
        for (var rest = payload; !rest.IsEmpty;)
        {
            TryTake(ref rest, lengthSize, out var unit);
            if (!unit.IsEmpty)
            {
                BinaryPrimitives.WriteInt32BigEndian(to, unit.Length);
                unit.CopyTo(to[4..]);
                to = to[(4 + unit.Length)..];
            }
        }

        return result;
    }

    /// <summary>A NAL unit's payload without emulation prevention bytes (ITU-T H.264 7.4.1.1), at most <paramref name="to"/> long.</summary>
    public static ReadOnlySpan<byte> Unescape(ReadOnlySpan<byte> unit, Span<byte> to)
    {
        var length = 0;
        var zeros = 0;
        foreach (var b in unit)
        {
            if (length == to.Length)
            {
                break;
            }

            if (zeros >= 2 && b == 3)
            {
                zeros = 0;
                continue;
            }

            to[length++] = b;
            zeros = b == 0 ? zeros + 1 : 0;
        }

        return to[..length];
    }

    private static ReadOnlySpan<byte> WithoutTrailingZeros(ReadOnlySpan<byte> payload, int lengthSize)
    {
        var rest = payload;
        while (!rest.IsEmpty && rest.ContainsAnyExcept((byte)0) && TryTake(ref rest, lengthSize, out _))
        {
        }

        return rest.ContainsAnyExcept((byte)0) ? payload : payload[..^rest.Length];
    }

    private static bool TryTake(scoped ref ReadOnlySpan<byte> rest, int lengthSize, out ReadOnlySpan<byte> unit)
    {
        unit = default;
        if (rest.Length < lengthSize)
        {
            return false;
        }

        uint length = 0;
        for (var i = 0; i < lengthSize; i++)
        {
            length = (length << 8) | rest[i];
        }

        if (length > (uint)(rest.Length - lengthSize))
        {
            return false;
        }

        unit = rest.Slice(lengthSize, (int)length);
        rest = rest[(lengthSize + (int)length)..];
        return true;
    }
}
