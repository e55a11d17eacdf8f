using System.Buffers.Binary;

namespace Weir.Media.Formats.Rtp;

/// <summary>
/// An RTP packet's header (RFC 3550 5.1) with the place of its extensions and payload. A datagram is whole or wrong, and wrong ones come
/// from anybody: reading gives false instead of throwing.
/// </summary>
/// <param name="ExtensionProfile">0xBEDE or 0x100X (RFC 8285), 0 without extensions.</param>
/// <param name="HeaderLength">Everything before the payload, which is encrypted in SRTP.</param>
public readonly record struct RtpHeader(
    bool Marker, byte PayloadType, ushort Sequence, uint Timestamp, uint Ssrc, bool HasPadding, ushort ExtensionProfile, int ExtensionOffset,
    int ExtensionLength, int HeaderLength)
{
    /// <summary>Without contributing sources and extensions.</summary>
    public const int MinLength = 12;

    public static bool TryRead(ReadOnlySpan<byte> packet, out RtpHeader header)
    {
        header = default;
        if (packet.Length < MinLength || packet[0] >> 6 != 2)
        {
            return false;
        }

        var length = MinLength + ((packet[0] & 0x0f) * 4);
        ushort profile = 0;
        var (extensionOffset, extensionLength) = (0, 0);
        if ((packet[0] & 0x10) != 0)
        {
            if (packet.Length < length + 4)
            {
                return false;
            }

            profile = BinaryPrimitives.ReadUInt16BigEndian(packet[length..]);
            extensionLength = BinaryPrimitives.ReadUInt16BigEndian(packet[(length + 2)..]) * 4;
            extensionOffset = length + 4;
            length = extensionOffset + extensionLength;
        }

        if (packet.Length < length)
        {
            return false;
        }

        header = new RtpHeader(
            (packet[1] & 0x80) != 0,
            (byte)(packet[1] & 0x7f),
            BinaryPrimitives.ReadUInt16BigEndian(packet[2..]),
            BinaryPrimitives.ReadUInt32BigEndian(packet[4..]),
            BinaryPrimitives.ReadUInt32BigEndian(packet[8..]),
            (packet[0] & 0x20) != 0,
            profile,
            extensionOffset,
            extensionLength,
            length);
        return true;
    }

    /// <summary>The payload of a packet that is not encrypted (any more), without padding. False when the padding is longer than it.</summary>
    public bool TryPayload(ReadOnlySpan<byte> packet, out ReadOnlySpan<byte> payload)
    {
        payload = packet[HeaderLength..];
        if (!HasPadding)
        {
            return true;
        }

        var padding = payload.IsEmpty ? 0 : payload[^1];
        if (padding == 0 || padding > payload.Length)
        {
            payload = default;
            return false;
        }

        payload = payload[..^padding];
        return true;
    }

    /// <summary>Writes the 12 bytes of a header without contributing sources.</summary>
    public static void Write(Span<byte> to, bool marker, byte payloadType, ushort sequence, uint timestamp, uint ssrc, bool hasExtensions)
    {
        to[0] = (byte)(hasExtensions ? 0x90 : 0x80);
        to[1] = (byte)((marker ? 0x80 : 0) | payloadType);
        BinaryPrimitives.WriteUInt16BigEndian(to[2..], sequence);
        BinaryPrimitives.WriteUInt32BigEndian(to[4..], timestamp);
        BinaryPrimitives.WriteUInt32BigEndian(to[8..], ssrc);
    }
}

/// <summary>
/// Sequence numbers and time stamps beyond their wrap: each is taken by the nearest way from the one before.
/// </summary>
public struct RtpUnwrapper
{
    private bool _started;

    public long Last { get; private set; }

    /// <summary>16-bit sequence numbers.</summary>
    public long Sequence(ushort value)
    {
        Last = _started ? Last + (short)(value - (ushort)Last) : value;
        _started = true;
        return Last;
    }

    /// <summary>32-bit time stamps.</summary>
    public long Timestamp(uint value)
    {
        Last = _started ? Last + (int)(value - (uint)Last) : value;
        _started = true;
        return Last;
    }
}
