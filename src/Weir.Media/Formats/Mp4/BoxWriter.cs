using System.Buffers.Binary;
using System.Text;

namespace Weir.Media.Formats.Mp4;

/// <summary>Writes ISO BMFF boxes (ISO/IEC 14496-12 clause 4.2) into one growing buffer; sizes are filled in as boxes end.</summary>
public sealed class BoxWriter
{
    private byte[] _buffer;

    public BoxWriter(int capacity = 1024) => _buffer = new byte[capacity];

    public int Length { get; private set; }

    public ReadOnlySpan<byte> Written => _buffer.AsSpan(0, Length);

    /// <returns>What <see cref="End"/> wants back.</returns>
    public int Begin(uint type)
    {
        var at = Length;
        U32(0);
        U32(type);
        return at;
    }

    /// <summary>A FullBox: version and flags follow the header.</summary>
    public int Begin(uint type, byte version, uint flags)
    {
        var at = Begin(type);
        U32(((uint)version << 24) | flags);
        return at;
    }

    public void End(int at) => BinaryPrimitives.WriteUInt32BigEndian(_buffer.AsSpan(at), (uint)(Length - at));

    public void U8(byte value) => Take(1)[0] = value;

    public void U16(ushort value) => BinaryPrimitives.WriteUInt16BigEndian(Take(2), value);

    public void U24(uint value)
    {
        U8((byte)(value >> 16));
        U16((ushort)value);
    }

    public void U32(uint value) => BinaryPrimitives.WriteUInt32BigEndian(Take(4), value);

    public void U64(ulong value) => BinaryPrimitives.WriteUInt64BigEndian(Take(8), value);

    public void Zeros(int count) => Take(count).Clear();

    public void Bytes(ReadOnlySpan<byte> value) => value.CopyTo(Take(value.Length));

    public void Ascii(string value) => Encoding.ASCII.GetBytes(value, Take(value.Length));

    public void PatchU32(int at, uint value) => BinaryPrimitives.WriteUInt32BigEndian(_buffer.AsSpan(at), value);

    public byte[] ToArray() => Written.ToArray();

    private Span<byte> Take(int count)
    {
        if (Length + count > _buffer.Length)
        {
            Array.Resize(ref _buffer, Math.Max(_buffer.Length * 2, Length + count));
        }

        var span = _buffer.AsSpan(Length, count);
        Length += count;
        return span;
    }
}
