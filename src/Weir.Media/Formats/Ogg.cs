using System.Buffers.Binary;

namespace Weir.Media.Formats;

/// <summary>Opus in Ogg (RFC 3533, RFC 7845), as it travels through a pipe: one stream, pages of whole packets.</summary>
public sealed class OggWriter(uint serial)
{
    private const int HeaderLength = 27;
    private const int MaxPacket = 255 * 255 - 1;
    private uint _page;

    /// <summary>The two pages that a stream begins with.</summary>
    public byte[] Begin(OpusHeader header)
    {
        byte[] tags = [.. "OpusTags"u8, 4, 0, 0, 0, .. "Weir"u8, 0, 0, 0, 0];
        return [.. Page(header.WriteHead(), 0, first: true), .. Page(tags, 0, first: false)];
    }

    /// <summary>A page with one packet.</summary>
    /// <param name="position">Samples up to the packet's end, at 48 kHz.</param>
    public byte[] Packet(ReadOnlySpan<byte> packet, long position) => Page(packet, position, first: false);

    private byte[] Page(ReadOnlySpan<byte> packet, long position, bool first)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(packet.Length, MaxPacket);
        var segments = (packet.Length / 255) + 1;
        var page = new byte[HeaderLength + segments + packet.Length];
        "OggS"u8.CopyTo(page);
        page[5] = (byte)(first ? 2 : 0);
        BinaryPrimitives.WriteInt64LittleEndian(page.AsSpan(6), position);
        BinaryPrimitives.WriteUInt32LittleEndian(page.AsSpan(14), serial);
        BinaryPrimitives.WriteUInt32LittleEndian(page.AsSpan(18), _page++);
        page[26] = (byte)segments;
        page.AsSpan(HeaderLength, segments - 1).Fill(255);
        page[HeaderLength + segments - 1] = (byte)(packet.Length % 255);
        packet.CopyTo(page.AsSpan(HeaderLength + segments));
        BinaryPrimitives.WriteUInt32LittleEndian(page.AsSpan(22), OggChecksum.Of(page));
        return page;
    }
}

/// <summary>Takes packets out of Ogg pages.</summary>
public sealed class OggReader
{
    private const int HeaderLength = 27;

    /// <summary>As long as one of a page of its own; packets of Opus have at most 1275 bytes for each of 48 frames (RFC 6716
    /// 3.4).</summary>
    private const int MaxPacket = 255 * 255;

    private readonly List<byte> _partial = [];

    /// <summary>Takes the next page; false means that more is needed.</summary>
    /// <exception cref="MalformedException">It is no Ogg.</exception>
    public bool TryRead(ref ReadOnlySpan<byte> input, List<byte[]> packets)
    {
        if (input.Length < HeaderLength)
        {
            return false;
        }

        if (!input.StartsWith("OggS"u8) || input[4] != 0)
        {
            throw new MalformedException("RFC 3533 6", "No page of version 0");
        }

        int segments = input[26];
        if (input.Length < HeaderLength + segments)
        {
            return false;
        }

        var lacing = input.Slice(HeaderLength, segments);
        var length = 0;
        foreach (var size in lacing)
        {
            length += size;
        }

        if (input.Length < HeaderLength + segments + length)
        {
            return false;
        }

        var body = input.Slice(HeaderLength + segments, length);
        foreach (var size in lacing)
        {
            if (_partial.Count + size > MaxPacket)
            {
                throw new MalformedException("RFC 3533 6", $"A packet of more than {MaxPacket} bytes");
            }

            _partial.AddRange(body[..size]);
            body = body[size..];
            if (size < 255)
            {
                packets.Add([.. _partial]);
                _partial.Clear();
            }
        }

        input = input[(HeaderLength + segments + length)..];
        return true;
    }
}

/// <summary>RFC 3533 6, field 7: CRC-32 with the polynomial 0x04c11db7, not reflected, over the page with a zero in its place.</summary>
internal static class OggChecksum
{
    private static readonly uint[] Table = [.. Enumerable.Range(0, 256).Select(Entry)];

    public static uint Of(ReadOnlySpan<byte> page)
    {
        uint sum = 0;
        foreach (var b in page)
        {
            sum = (sum << 8) ^ Table[(sum >> 24) ^ b];
        }

        return sum;
    }

    private static uint Entry(int index)
    {
        var value = (uint)index << 24;
        for (var bit = 0; bit < 8; bit++)
        {
            value = (value & 0x8000_0000) != 0 ? (value << 1) ^ 0x04c1_1db7 : value << 1;
        }

        return value;
    }
}
