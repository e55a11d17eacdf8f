using System.Buffers.Binary;

namespace Weir.Media.Formats.Rtp;

/// <summary>Walks over the header extensions of a packet, in the one-byte or the two-byte form (RFC 8285 4.2, 4.3).</summary>
public ref struct RtpExtensions
{
    private readonly bool _twoBytes;
    private ReadOnlySpan<byte> _rest;

    public RtpExtensions(in RtpHeader header, ReadOnlySpan<byte> packet)
    {
        _twoBytes = (header.ExtensionProfile & 0xfff0) == 0x1000;
        _rest = _twoBytes || header.ExtensionProfile == RtpExtensionWriter.OneByte
            ? packet.Slice(header.ExtensionOffset, header.ExtensionLength)
            : default;
    }

    public int Id { get; private set; }

    public ReadOnlySpan<byte> Value { get; private set; }

    /// <summary>False at the end, and where what follows makes no sense: the extensions before it still count.</summary>
    public bool MoveNext()
    {
        while (!_rest.IsEmpty)
        {
            var first = _rest[0];
            if (first == 0)
            {
                // Padding between elements.
                _rest = _rest[1..];
                continue;
            }

            var head = _twoBytes ? 2 : 1;
            var id = _twoBytes ? first : first >> 4;
            if (_rest.Length < head || (!_twoBytes && id == 15))
            {
                // RFC 8285 4.2: id 15 ends processing.
                return false;
            }

            var length = _twoBytes ? _rest[1] : (first & 0x0f) + 1;
            if (_rest.Length < head + length)
            {
                return false;
            }

            Id = id;
            Value = _rest.Slice(head, length);
            _rest = _rest[(head + length)..];
            return true;
        }

        return false;
    }

    public static bool TryFind(in RtpHeader header, ReadOnlySpan<byte> packet, int id, out ReadOnlySpan<byte> value)
    {
        value = default;
        if (id == 0)
        {
            return false;
        }

        var extensions = new RtpExtensions(header, packet);
        while (extensions.MoveNext())
        {
            if (extensions.Id == id)
            {
                value = extensions.Value;
                return true;
            }
        }

        return false;
    }
}

/// <summary>Writes a block of header extensions in the one-byte form; an id of 0 (not negotiated) writes nothing.</summary>
public ref struct RtpExtensionWriter(Span<byte> to)
{
    public const ushort OneByte = 0xbede;
    private readonly Span<byte> _to = to;
    private int _length = 4;

    public void Add(int id, scoped ReadOnlySpan<byte> value)
    {
        if (id is 0 or > 14 || value.Length is 0 or > 16)
        {
            return;
        }

        _to[_length] = (byte)((id << 4) | (value.Length - 1));
        value.CopyTo(_to[(_length + 1)..]);
        _length += 1 + value.Length;
    }

    /// <summary>Bytes of the whole block, padded to words; 0 when nothing was added.</summary>
    public int Finish()
    {
        if (_length == 4)
        {
            return 0;
        }

        while (_length % 4 != 0)
        {
            _to[_length++] = 0;
        }

        BinaryPrimitives.WriteUInt16BigEndian(_to, OneByte);
        BinaryPrimitives.WriteUInt16BigEndian(_to[2..], (ushort)((_length - 4) / 4));
        return _length;
    }
}

/// <summary>The extensions Weir knows, by their URIs.</summary>
public static class RtpExtensionUris
{
    public const string Mid = "urn:ietf:params:rtp-hdrext:sdes:mid";
    public const string AbsSendTime = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time";
    public const string TransportCc = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01";
    public const string PlayoutDelay = "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay";

    /// <summary>Six bits of seconds and 18 of their fraction.</summary>
    public static void WriteAbsSendTime(Span<byte> to, long microseconds)
    {
        var fixedPoint = (uint)((((ulong)microseconds << 18) / 1_000_000) & 0xff_ffff);
        to[0] = (byte)(fixedPoint >> 16);
        to[1] = (byte)(fixedPoint >> 8);
        to[2] = (byte)fixedPoint;
    }

    /// <summary>Two times 12 bits, in tens of milliseconds.</summary>
    public static void WritePlayoutDelay(Span<byte> to, int min, int max)
    {
        to[0] = (byte)(min >> 4);
        to[1] = (byte)((min << 4) | (max >> 8));
        to[2] = (byte)max;
    }
}
