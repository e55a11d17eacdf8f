using System.Buffers.Binary;
using System.Net;
using System.Security.Cryptography;

namespace Weir.Media.Formats.Stun;

/// <summary>The message types of connectivity checks (RFC 8489 5, RFC 8445 7).</summary>
public enum StunType : ushort
{
    BindingRequest = 0x0001,
    BindingIndication = 0x0011,
    BindingSuccess = 0x0101,
    BindingError = 0x0111,
}

public enum StunAttribute : ushort
{
    MappedAddress = 0x0001,
    Username = 0x0006,
    MessageIntegrity = 0x0008,
    ErrorCode = 0x0009,
    UnknownAttributes = 0x000a,
    XorMappedAddress = 0x0020,
    Priority = 0x0024,
    UseCandidate = 0x0025,
    Software = 0x8022,
    Fingerprint = 0x8028,
    IceControlled = 0x8029,
    IceControlling = 0x802a,
}

/// <summary>
/// A STUN message (RFC 8489) as connectivity checks use it. Anybody can send one, so reading is cheap and gives false for what is none;
/// the attributes are walked over when asked for.
/// </summary>
public readonly ref struct StunMessage
{
    public const int HeaderLength = 20;
    public const uint MagicCookie = 0x2112a442;
    public const int IntegrityLength = 20;
    internal const uint FingerprintXor = 0x5354554e;

    /// <summary>Nothing that a check needs is longer.</summary>
    private const int MaxLength = 1500;
    private readonly ReadOnlySpan<byte> _bytes;

    private StunMessage(ReadOnlySpan<byte> bytes) => _bytes = bytes;

    public StunType Type => (StunType)BinaryPrimitives.ReadUInt16BigEndian(_bytes);

    public ReadOnlySpan<byte> Transaction => _bytes.Slice(8, 12);

    public static bool TryRead(ReadOnlySpan<byte> bytes, out StunMessage message)
    {
        message = default;
        if (bytes.Length is < HeaderLength or > MaxLength || bytes[0] >> 6 != 0
            || BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]) != bytes.Length - HeaderLength || bytes.Length % 4 != 0
            || BinaryPrimitives.ReadUInt32BigEndian(bytes[4..]) != MagicCookie)
        {
            return false;
        }

        for (var at = HeaderLength; at < bytes.Length;)
        {
            at += 4 + Padded(BinaryPrimitives.ReadUInt16BigEndian(bytes[(at + 2)..]));
            if (at > bytes.Length)
            {
                return false;
            }
        }

        message = new StunMessage(bytes);
        return true;
    }

    /// <summary>The first attribute of this type. What follows MESSAGE-INTEGRITY is only the fingerprint (RFC 8489 14.5).</summary>
    public bool TryFind(StunAttribute type, out ReadOnlySpan<byte> value) => TryFind(type, out value, out _);

    /// <summary>RFC 8489 14.5: HMAC-SHA1 with the password over everything before it, the length counted as if it were the last.</summary>
    public bool HasIntegrity(ReadOnlySpan<byte> key)
    {
        if (!TryFind(StunAttribute.MessageIntegrity, out var value, out var at) || value.Length != IntegrityLength)
        {
            return false;
        }

        Span<byte> signed = stackalloc byte[at];
        _bytes[..at].CopyTo(signed);
        BinaryPrimitives.WriteUInt16BigEndian(signed[2..], (ushort)(at + 4 + IntegrityLength - HeaderLength));
        Span<byte> mac = stackalloc byte[IntegrityLength];
#pragma warning disable CA5350 // The protocol says SHA-1.
        HMACSHA1.HashData(key, signed, mac);
#pragma warning restore CA5350
        return CryptographicOperations.FixedTimeEquals(mac, value);
    }

    /// <summary>RFC 8489 14.7: the last attribute, CRC-32 over everything before it.</summary>
    public bool HasFingerprint() =>
        TryFind(StunAttribute.Fingerprint, out var value, out var at) && value.Length == 4 && at + 8 == _bytes.Length
        && BinaryPrimitives.ReadUInt32BigEndian(value) == (Crc32.Of(_bytes[..at]) ^ FingerprintXor);

    public bool TryXorMappedAddress(out IPEndPoint? address)
    {
        address = null;
        if (!TryFind(StunAttribute.XorMappedAddress, out var value) || value.Length < 8)
        {
            return false;
        }

        var length = value[1] switch { 1 => 4, 2 => 16, _ => 0 };
        if (length == 0 || value.Length != 4 + length)
        {
            return false;
        }

        Span<byte> bytes = stackalloc byte[length];
        for (var i = 0; i < length; i++)
        {
            bytes[i] = (byte)(value[4 + i] ^ _bytes[4 + i]);
        }

        address = new IPEndPoint(new IPAddress(bytes), BinaryPrimitives.ReadUInt16BigEndian(value[2..]) ^ (int)(MagicCookie >> 16));
        return true;
    }

    internal static int Padded(int length) => (length + 3) & ~3;

    private bool TryFind(StunAttribute type, out ReadOnlySpan<byte> value, out int at)
    {
        for (at = HeaderLength; at < _bytes.Length;)
        {
            var found = (StunAttribute)BinaryPrimitives.ReadUInt16BigEndian(_bytes[at..]);
            int length = BinaryPrimitives.ReadUInt16BigEndian(_bytes[(at + 2)..]);
            if (found == type)
            {
                value = _bytes.Slice(at + 4, length);
                return true;
            }

            if (found == StunAttribute.MessageIntegrity && type != StunAttribute.Fingerprint)
            {
                break;
            }

            at += 4 + Padded(length);
        }

        value = default;
        return false;
    }
}

/// <summary>Writes one STUN message; the buffer needs 500 bytes at most for what is written here.</summary>
public ref struct StunWriter
{
    private readonly Span<byte> _to;
    private int _length;

    public StunWriter(Span<byte> to, StunType type, ReadOnlySpan<byte> transaction)
    {
        _to = to;
        BinaryPrimitives.WriteUInt16BigEndian(to, (ushort)type);
        BinaryPrimitives.WriteUInt32BigEndian(to[4..], StunMessage.MagicCookie);
        transaction.CopyTo(to[8..]);
        _length = StunMessage.HeaderLength;
        SetLength(0);
    }

    public void Add(StunAttribute type, scoped ReadOnlySpan<byte> value) => value.CopyTo(Begin(type, value.Length));

    public void XorMappedAddress(IPAddress ip, int port)
    {
        var length = ip.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork ? 4 : 16;
        var value = Begin(StunAttribute.XorMappedAddress, 4 + length);
        value[1] = (byte)(length == 4 ? 1 : 2);
        BinaryPrimitives.WriteUInt16BigEndian(value[2..], (ushort)(port ^ (int)(StunMessage.MagicCookie >> 16)));
        ip.TryWriteBytes(value[4..], out _);
        for (var i = 0; i < length; i++)
        {
            value[4 + i] ^= _to[4 + i];
        }
    }

    public void ErrorCode(int code, ReadOnlySpan<byte> reason)
    {
        var value = Begin(StunAttribute.ErrorCode, 4 + reason.Length);
        value[2] = (byte)(code / 100);
        value[3] = (byte)(code % 100);
        reason.CopyTo(value[4..]);
    }

    /// <summary>Signs, adds the fingerprint and gives the whole length.</summary>
    public int Finish(ReadOnlySpan<byte> key)
    {
        SetLength(4 + StunMessage.IntegrityLength);
        Span<byte> mac = stackalloc byte[StunMessage.IntegrityLength];
#pragma warning disable CA5350 // The protocol says SHA-1.
        HMACSHA1.HashData(key, _to[.._length], mac);
#pragma warning restore CA5350
        Add(StunAttribute.MessageIntegrity, mac);
        return Finish();
    }

    /// <summary>Adds the fingerprint and gives the whole length.</summary>
    public int Finish()
    {
        SetLength(8);
        var crc = Crc32.Of(_to[.._length]) ^ StunMessage.FingerprintXor;
        BinaryPrimitives.WriteUInt32BigEndian(Begin(StunAttribute.Fingerprint, 4), crc);
        return _length;
    }

    private Span<byte> Begin(StunAttribute type, int length)
    {
        var attribute = _to.Slice(_length, 4 + StunMessage.Padded(length));
        attribute.Clear();
        BinaryPrimitives.WriteUInt16BigEndian(attribute, (ushort)type);
        BinaryPrimitives.WriteUInt16BigEndian(attribute[2..], (ushort)length);
        _length += attribute.Length;
        SetLength(0);
        return attribute.Slice(4, length);
    }

    private readonly void SetLength(int more) => BinaryPrimitives.WriteUInt16BigEndian(_to[2..], (ushort)(_length + more - StunMessage.HeaderLength));
}
