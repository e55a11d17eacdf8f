using System.Buffers.Binary;

namespace Weir.Media.Formats;

/// <summary>Reads big-endian fields one after the other; a field past the end is a <see cref="MalformedException"/>.</summary>
public ref struct SpanReader(ReadOnlySpan<byte> bytes, string clause)
{
    private readonly ReadOnlySpan<byte> _bytes = bytes;

    public int Position { get; private set; }

    public readonly int Remaining => _bytes.Length - Position;

    public readonly ReadOnlySpan<byte> Rest => _bytes[Position..];

    public byte U8() => Take(1)[0];

    public ushort U16() => BinaryPrimitives.ReadUInt16BigEndian(Take(2));

    public int U24()
    {
        var b = Take(3);
        return (b[0] << 16) | (b[1] << 8) | b[2];
    }

    public int S24() => U24() << 8 >> 8;

    public uint U32() => BinaryPrimitives.ReadUInt32BigEndian(Take(4));

    public double F64() => BinaryPrimitives.ReadDoubleBigEndian(Take(8));

    public ReadOnlySpan<byte> Take(int length)
    {
        if (length < 0 || length > Remaining)
        {
            throw new MalformedException(clause, $"{length} bytes wanted at {Position}, {Remaining} are left");
        }

        var taken = _bytes.Slice(Position, length);
        Position += length;
        return taken;
    }
}
