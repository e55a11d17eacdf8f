using System.Buffers.Binary;
using System.IO.Compression;

namespace Weir.Media.Hls;

/// <summary>
/// The shared part of a playlist, to which each viewer's own last line is added. The gzip form is made once too: its
/// deflate data ends on a byte boundary, and the viewer's line follows as a stored block (RFC 1951 3.2.4), so that a
/// thousand viewers cost one compression.
/// </summary>
internal sealed class PlaylistBody(byte[] shared)
{
    private static readonly uint[] Table = MakeTable();
    private byte[]? _compressed;
    private uint _crc;

    public IReadOnlyList<ReadOnlyMemory<byte>> Plain(byte[] tail) => tail.Length == 0 ? [shared] : [shared, tail];

    public IReadOnlyList<ReadOnlyMemory<byte>> Gzip(byte[] tail)
    {
        var compressed = Volatile.Read(ref _compressed) ?? Compress();
        var end = new byte[5 + tail.Length + 8];
        end[0] = 1; // final block, stored
        BinaryPrimitives.WriteUInt16LittleEndian(end.AsSpan(1), (ushort)tail.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(end.AsSpan(3), (ushort)~tail.Length);
        tail.CopyTo(end, 5);
        BinaryPrimitives.WriteUInt32LittleEndian(end.AsSpan(5 + tail.Length), ~Crc(~_crc, tail));
        BinaryPrimitives.WriteUInt32LittleEndian(end.AsSpan(9 + tail.Length), (uint)(shared.Length + tail.Length));
        return [compressed, end];
    }

    private byte[] Compress()
    {
        using var buffer = new MemoryStream();
        buffer.Write([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff]);
        byte[] made;
        using (var deflate = new DeflateStream(buffer, CompressionLevel.Fastest, leaveOpen: true))
        {
            deflate.Write(shared);

            // A sync flush: what is written so far, to the byte, without a final block.
            deflate.Flush();
            made = buffer.ToArray();
        }

        _crc = ~Crc(uint.MaxValue, shared);
        Volatile.Write(ref _compressed, made);
        return made;
    }

    private static uint Crc(uint state, ReadOnlySpan<byte> bytes)
    {
        foreach (var value in bytes)
        {
            state = Table[(byte)(state ^ value)] ^ (state >> 8);
        }

        return state;
    }

    private static uint[] MakeTable()
    {
        var table = new uint[256];
        for (var i = 0u; i < 256; i++)
        {
            var value = i;
            for (var bit = 0; bit < 8; bit++)
            {
                value = (value & 1) != 0 ? 0xEDB88320 ^ (value >> 1) : value >> 1;
            }

            table[i] = value;
        }

        return table;
    }
}
