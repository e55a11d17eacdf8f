using System.Buffers.Binary;

namespace Weir.Media.Formats.Mp4;

/// <summary>The bytes are no ISO BMFF.</summary>
public sealed class Mp4FormatException(string clause, string message) : FormatException($"{message} (14496-12 {clause})");

/// <summary>One box found in a buffer.</summary>
/// <param name="Start">Offset of the header.</param>
/// <param name="BodyStart">Offset of the first byte after the header.</param>
/// <param name="Size">The whole box, header included.</param>
public readonly record struct Box(uint Type, int Start, int BodyStart, int Size)
{
    public int End => Start + Size;

    public ReadOnlySpan<byte> Body(ReadOnlySpan<byte> input) => input[BodyStart..End];
}

/// <summary>Reads boxes one after the other.</summary>
public static class BoxReader
{
    /// <summary>False when the buffer ends before the box does; nothing is consumed then.</summary>
    /// <exception cref="Mp4FormatException">A size smaller than the header, or beyond what a buffer can hold.</exception>
    public static bool TryRead(ReadOnlySpan<byte> input, ref int position, out Box box)
    {
        box = default;
        if (!TryReadHeader(input[position..], out var type, out var size, out var header) || size > input.Length - position)
        {
            return false;
        }

        box = new Box(type, position, position + header, (int)size);
        position += (int)size;
        return true;
    }

    /// <summary>Reads type and size of a box, whose body need not be there. False: more bytes needed.</summary>
    public static bool TryReadHeader(ReadOnlySpan<byte> input, out uint type, out long size, out int headerLength)
    {
        (type, size, headerLength) = (0, 0, 8);
        if (input.Length < 8)
        {
            return false;
        }

        size = BinaryPrimitives.ReadUInt32BigEndian(input);
        type = BinaryPrimitives.ReadUInt32BigEndian(input[4..]);
        if (size == 1)
        {
            headerLength = 16;
            if (input.Length < 16)
            {
                return false;
            }

            size = BinaryPrimitives.ReadInt64BigEndian(input[8..]);
        }

        if (size < headerLength)
        {
            throw new Mp4FormatException("4.2", $"Box '{BoxType.ToText(type)}' of size {size}");
        }

        return true;
    }

    /// <summary>The child of that type, at any of the given levels in turn: <c>Find(init, Moov, Trak, Mdia)</c>.</summary>
    public static bool TryFind(ReadOnlySpan<byte> input, out Box found, params ReadOnlySpan<uint> path)
    {
        found = new Box(0, 0, 0, input.Length);
        foreach (var type in path)
        {
            var position = found.BodyStart;
            var end = found.End;
            var hit = false;
            while (!hit && position < end && TryRead(input[..end], ref position, out var box))
            {
                if (box.Type == type)
                {
                    found = box;
                    hit = true;
                }
            }

            if (!hit)
            {
                return false;
            }
        }

        return true;
    }
}
