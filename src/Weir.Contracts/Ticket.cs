using System.Buffers.Binary;
using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace Weir.Contracts;

[Flags]
public enum TicketRights : byte
{
    Watch = 0,

    /// <summary>The host: sees who is watching and the stream's health, deletes comments.</summary>
    Host = 1,

    /// <summary>May write comments (anonymous viewers may not).</summary>
    Comment = 2,
}

/// <summary>
/// A signed, short grant: this account may watch this broadcast. A live node verifies it by itself. Void when expired,
/// or when its <see cref="Epoch"/> is below the account's latest cut. The display name travels in it because the live
/// plane has no database to look it up in.
/// </summary>
/// <remarks>
/// Wire form, base64url without padding: version 1 (1 byte), broadcast (16), account (16, zero for anonymous), id (8),
/// epoch (4), expires (Unix seconds, 4), rights (1), name (0 to 64 bytes of UTF-8), HMAC-SHA256 truncated to 16 bytes.
/// Version 2, of somebody's session, has after the rights the session (8) and when it was issued (Unix milliseconds, 8).
/// At most 195 characters.
/// </remarks>
public sealed record Ticket(Guid Broadcast, Guid Account, ulong Id, uint Epoch, DateTimeOffset Expires, TicketRights Rights, string Name)
{
    public const int MaxLength = 200;
    public const int MaxNameBytes = 64;
    private const byte Version = 1;
    private const byte SessionVersion = 2;
    private const int FixedLength = 1 + 16 + 16 + 8 + 4 + 4 + 1;
    private const int SessionLength = 8 + 8;
    private const int MacLength = 16;

    /// <summary>So long one is good at most.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromHours(12);

    /// <summary>To which it was given and with which it ends, as <see cref="SessionOf"/> names one; 0: to none.</summary>
    public ulong Session { get; init; }

    /// <summary>With a session only, to the millisecond.</summary>
    public DateTimeOffset Issued { get; init; }

    /// <summary>A session's name in tickets: half of its random id.</summary>
    public static ulong SessionOf(Guid session)
    {
        Span<byte> bytes = stackalloc byte[16];
        session.TryWriteBytes(bytes, bigEndian: true, out _);
        return BinaryPrimitives.ReadUInt64BigEndian(bytes);
    }

    public bool IsAnonymous => Account == Guid.Empty;

    public bool IsHost => (Rights & TicketRights.Host) != 0;

    public bool MayComment => (Rights & TicketRights.Comment) != 0;

    public static ulong NewId() => BinaryPrimitives.ReadUInt64BigEndian(RandomNumberGenerator.GetBytes(8));

    /// <summary>Signs the ticket. The name is cut to <see cref="MaxNameBytes"/> at a character boundary.</summary>
    public string Sign(NodeKey key)
    {
        var name = Encoding.UTF8.GetBytes(Shorten(Name));
        var start = Session == 0 ? FixedLength : FixedLength + SessionLength;
        var bytes = new byte[start + name.Length + MacLength];
        bytes[0] = Session == 0 ? Version : SessionVersion;
        Broadcast.TryWriteBytes(bytes.AsSpan(1), bigEndian: true, out _);
        Account.TryWriteBytes(bytes.AsSpan(17), bigEndian: true, out _);
        BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(33), Id);
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(41), Epoch);
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(45), (uint)Expires.ToUnixTimeSeconds());
        bytes[49] = (byte)Rights;
        if (Session != 0)
        {
            BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(FixedLength), Session);
            BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(FixedLength + 8), Issued.ToUnixTimeMilliseconds());
        }

        name.CopyTo(bytes, start);
        Mac(key, bytes.AsSpan(0, start + name.Length), bytes.AsSpan(start + name.Length));
        return Base64Url.EncodeToString(bytes);
    }

    /// <summary>Reads a ticket whose signature is right; expiry and cuts are the caller's to check.</summary>
    public static bool TryVerify(NodeKey key, ReadOnlySpan<char> text, [NotNullWhen(true)] out Ticket? ticket)
    {
        ticket = null;
        if (text.Length is 0 or > MaxLength || !Base64Url.IsValid(text))
        {
            return false;
        }

        Span<byte> bytes = stackalloc byte[MaxLength];
        if (!Base64Url.TryDecodeFromChars(text, bytes, out var length) || length == 0)
        {
            return false;
        }

        // Base64url has several texts for the same bytes: white space, padding, unused bits of the last character. A ticket has one.
        Span<char> canonical = stackalloc char[MaxLength];
        if (!Base64Url.TryEncodeToChars(bytes[..length], canonical, out var written) || !text.SequenceEqual(canonical[..written]))
        {
            return false;
        }

        var start = bytes[0] switch
        {
            Version => FixedLength,
            SessionVersion => FixedLength + SessionLength,
            _ => int.MaxValue - MacLength,
        };
        if (length < start + MacLength)
        {
            return false;
        }

        bytes = bytes[..length];
        Span<byte> mac = stackalloc byte[MacLength];
        Mac(key, bytes[..^MacLength], mac);
        if (!CryptographicOperations.FixedTimeEquals(mac, bytes[^MacLength..]))
        {
            return false;
        }

        ticket = new Ticket(
            new Guid(bytes.Slice(1, 16), bigEndian: true),
            new Guid(bytes.Slice(17, 16), bigEndian: true),
            BinaryPrimitives.ReadUInt64BigEndian(bytes[33..]),
            BinaryPrimitives.ReadUInt32BigEndian(bytes[41..]),
            DateTimeOffset.FromUnixTimeSeconds(BinaryPrimitives.ReadUInt32BigEndian(bytes[45..])),
            (TicketRights)bytes[49],
            Encoding.UTF8.GetString(bytes[start..^MacLength]));
        if (start != FixedLength)
        {
            // Signed by the social plane, so it is a time.
            ticket = ticket with
            {
                Session = BinaryPrimitives.ReadUInt64BigEndian(bytes[FixedLength..]),
                Issued = DateTimeOffset.FromUnixTimeMilliseconds(BinaryPrimitives.ReadInt64BigEndian(bytes[(FixedLength + 8)..])),
            };
        }

        return true;
    }

    private static void Mac(NodeKey key, ReadOnlySpan<byte> signed, Span<byte> mac)
    {
        Span<byte> full = stackalloc byte[32];
        HMACSHA256.HashData(key.TicketKey, signed, full);
        full[..MacLength].CopyTo(mac);
    }

    private static string Shorten(string name)
    {
        var bytes = 0;
        var end = 0;
        foreach (var rune in name.EnumerateRunes())
        {
            bytes += rune.Utf8SequenceLength;
            if (bytes > MaxNameBytes)
            {
                break;
            }

            end += rune.Utf16SequenceLength;
        }

        return name[..end];
    }
}
