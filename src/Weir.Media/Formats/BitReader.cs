namespace Weir.Media.Formats;

/// <summary>Reads bit fields, most significant first; a field past the end is a <see cref="MalformedException"/>.</summary>
public ref struct BitReader(ReadOnlySpan<byte> bytes, string clause)
{
    private readonly ReadOnlySpan<byte> _bytes = bytes;

    public int Position { get; private set; }

    public readonly int Remaining => (_bytes.Length * 8) - Position;

    public bool Flag() => Bits(1) == 1;

    /// <param name="count">0 to 32.</param>
    public uint Bits(int count)
    {
        if (count > Remaining)
        {
            throw new MalformedException(clause, $"{count} bits wanted at bit {Position}, {Remaining} are left");
        }

        ulong value = 0;
        for (var left = count; left > 0;)
        {
            var used = Position & 7;
            var take = Math.Min(8 - used, left);
            var bits = (_bytes[Position >> 3] >> (8 - used - take)) & ((1 << take) - 1);
            value = (value << take) | (uint)bits;
            Position += take;
            left -= take;
        }

        return (uint)value;
    }

    public void Skip(int count)
    {
        if (count < 0 || count > Remaining)
        {
            throw new MalformedException(clause, $"{count} bits to skip at bit {Position}, {Remaining} are left");
        }

        Position += count;
    }

    /// <summary>ue(v) of ITU-T H.264 9.1.</summary>
    public uint Ue()
    {
        var zeros = 0;
        while (!Flag())
        {
            if (++zeros > 31)
            {
                throw new MalformedException(clause, "An Exp-Golomb code is longer than 63 bits");
            }
        }

        return (uint)((1UL << zeros) - 1 + Bits(zeros));
    }

    /// <summary>se(v) of ITU-T H.264 9.1.1.</summary>
    public int Se()
    {
        var code = (long)Ue();
        return (int)((code & 1) == 1 ? (code + 1) / 2 : -(code / 2));
    }
}
