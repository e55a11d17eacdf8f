using System.Buffers.Binary;

namespace Weir.Media.WebRtc.Transport.Dtls;

/// <summary>What a datagram of DTLS records is good for.</summary>
internal enum DtlsContent
{
    /// <summary>Records that cannot be, or that would make their reader reserve memory for nothing.</summary>
    Malformed,

    /// <summary>Begins with a piece of a ClientHello: what a handshake begins with.</summary>
    ClientHello,
    Handshake,
    Alert,
    Other,
}

/// <summary>
/// Looks at a datagram before the handshake's code does, which reserves whatever length a first fragment names: up to 16 MB for each of
/// 16 messages.
/// </summary>
internal static class DtlsRecords
{
    private const int HeaderLength = 13;
    private const int MessageHeaderLength = 12;
    private const int MaxRecord = (1 << 14) + 2048;

    /// <summary>A ClientHello with post-quantum key shares has 2 KB, a chain of RSA certificates 5 KB.</summary>
    private const int MaxMessage = 16 * 1024;
    private const byte ClientHello = 1;

    public static DtlsContent Classify(ReadOnlySpan<byte> datagram)
    {
        var content = DtlsContent.Malformed;
        for (var rest = datagram; !rest.IsEmpty;)
        {
            // RFC 6347 4.1: type, version (254.x), epoch, sequence number, length.
            if (rest.Length < HeaderLength || rest[1] != 254)
            {
                return DtlsContent.Malformed;
            }

            int length = BinaryPrimitives.ReadUInt16BigEndian(rest[11..]);
            if (length == 0 || length > MaxRecord || length > rest.Length - HeaderLength)
            {
                return DtlsContent.Malformed;
            }

            var body = rest.Slice(HeaderLength, length);
            var kind = Kind(rest[0], BinaryPrimitives.ReadUInt16BigEndian(rest[3..]), body);
            if (kind == DtlsContent.Malformed)
            {
                return kind;
            }

            content = content == DtlsContent.Malformed ? kind : content;
            rest = rest[(HeaderLength + length)..];
        }

        return content;
    }

    private static DtlsContent Kind(byte type, ushort epoch, ReadOnlySpan<byte> body)
    {
        switch (type)
        {
            case 20 or 23:
                return DtlsContent.Other;
            case 21:
                return DtlsContent.Alert;
            case 22 when epoch > 0:
                return DtlsContent.Handshake;
            case 22:
                break;
            default:
                return DtlsContent.Malformed;
        }

        // RFC 6347 4.2.2: messages in fragments, each with the whole message's length.
        var first = body.IsEmpty ? (byte)0 : body[0];
        while (!body.IsEmpty)
        {
            if (body.Length < MessageHeaderLength)
            {
                return DtlsContent.Malformed;
            }

            var whole = (int)(BinaryPrimitives.ReadUInt32BigEndian(body) & 0xffffff);
            var offset = (int)(BinaryPrimitives.ReadUInt32BigEndian(body[5..]) & 0xffffff);
            var length = (int)(BinaryPrimitives.ReadUInt32BigEndian(body[8..]) & 0xffffff);
            if (whole > MaxMessage || offset + length > whole || length > body.Length - MessageHeaderLength)
            {
                return DtlsContent.Malformed;
            }

            body = body[(MessageHeaderLength + length)..];
        }

        return first == ClientHello ? DtlsContent.ClientHello : DtlsContent.Handshake;
    }
}
