using System.Buffers;
using System.Buffers.Binary;

namespace Weir.Media.Formats.Rtp;

/// <summary>Datagrams on a byte stream (RFC 4571 2): each behind its length, two bytes, big-endian. STUN and DTLS go the same way (RFC 6544 3).</summary>
public static class RtpFraming
{
    /// <summary>Bytes in front of each datagram.</summary>
    public const int HeaderLength = 2;

    /// <summary>Takes one datagram from the input; false leaves it untouched and waits for more.</summary>
    /// <param name="maxLength">The longest datagram that is waited for, in bytes.</param>
    /// <param name="datagram">Empty for a null packet, which carries nothing.</param>
    /// <exception cref="MalformedException">It would be longer; known from its first two bytes on.</exception>
    public static bool TryRead(ref ReadOnlySequence<byte> input, int maxLength, out ReadOnlySequence<byte> datagram)
    {
        datagram = default;
        var reader = new SequenceReader<byte>(input);
        if (!reader.TryReadBigEndian(out short signed))
        {
            return false;
        }

        var length = (ushort)signed;
        if (length > maxLength)
        {
            throw new MalformedException("RFC 4571 2", $"A datagram of {length} bytes, where {maxLength} are the most");
        }

        if (reader.Remaining < length)
        {
            return false;
        }

        datagram = input.Slice(HeaderLength, length);
        input = input.Slice(datagram.End);
        return true;
    }

    /// <summary>Writes the datagram behind its length. The bytes written.</summary>
    public static int Write(ReadOnlySpan<byte> datagram, Span<byte> to)
    {
        BinaryPrimitives.WriteUInt16BigEndian(to, checked((ushort)datagram.Length));
        datagram.CopyTo(to[HeaderLength..]);
        return HeaderLength + datagram.Length;
    }
}
