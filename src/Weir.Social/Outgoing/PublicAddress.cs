using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Weir.Social.Outgoing;

/// <summary>
/// Whether an address is one of the public internet, so that nobody reaches this machine, its network or a cloud's metadata by way of us. IANA's special-purpose
/// registries say which are not (RFC 6890); addresses that carry another one inside count as that one.
/// </summary>
internal static class PublicAddress
{
    private static readonly (uint Network, int Prefix)[] NotPublic4 =
    [
        Net4(0, 0, 0, 0, 8), // this network
        Net4(10, 0, 0, 0, 8), // private
        Net4(100, 64, 0, 0, 10), // carrier-grade NAT
        Net4(127, 0, 0, 0, 8), // loopback
        Net4(169, 254, 0, 0, 16), // link-local; metadata of clouds
        Net4(172, 16, 0, 0, 12), // private
        Net4(192, 0, 0, 0, 24), // IETF protocol assignments
        Net4(192, 0, 2, 0, 24), // documentation
        Net4(192, 31, 196, 0, 24), // AS112
        Net4(192, 52, 193, 0, 24), // AMT
        Net4(192, 88, 99, 0, 24), // 6to4 relays
        Net4(192, 168, 0, 0, 16), // private
        Net4(192, 175, 48, 0, 24), // AS112
        Net4(198, 18, 0, 0, 15), // benchmarks
        Net4(198, 51, 100, 0, 24), // documentation
        Net4(203, 0, 113, 0, 24), // documentation
        Net4(224, 0, 0, 0, 4), // multicast
        Net4(240, 0, 0, 0, 4), // reserved, broadcast
        Net4(168, 63, 129, 16, 32), // a cloud's metadata on a public number
    ];

    public static bool IsPublic(IPAddress address) => address.AddressFamily switch
    {
        AddressFamily.InterNetwork => IsPublic4(BinaryPrimitives.ReadUInt32BigEndian(address.GetAddressBytes())),
        AddressFamily.InterNetworkV6 => IsPublic6(address.GetAddressBytes()),
        _ => false,
    };

    private static bool IsPublic4(uint address)
    {
        foreach (var (network, prefix) in NotPublic4)
        {
            if (address >> (32 - prefix) == network >> (32 - prefix))
            {
                return false;
            }
        }

        return true;
    }

    private static bool IsPublic6(ReadOnlySpan<byte> address)
    {
        // RFC 4291 2.5.5.2: IPv4-mapped. RFC 6052: NAT64 by its well-known prefix; RFC 8215 has one for local use, which is never public.
        if (address[..12].SequenceEqual((ReadOnlySpan<byte>)[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF])
            || address[..12].SequenceEqual((ReadOnlySpan<byte>)[0, 0x64, 0xFF, 0x9B, 0, 0, 0, 0, 0, 0, 0, 0]))
        {
            return IsPublic4(BinaryPrimitives.ReadUInt32BigEndian(address[12..]));
        }

        // Global unicast is 2000::/3, and not all of it.
        if (address[0] >> 5 != 1)
        {
            return false;
        }

        var first = BinaryPrimitives.ReadUInt32BigEndian(address);
        return first switch
        {
            // RFC 3056: 6to4 carries the IPv4 address behind its prefix.
            >= 0x2002_0000 and <= 0x2002_FFFF => IsPublic4(BinaryPrimitives.ReadUInt32BigEndian(address[2..])),
            // 2001::/23, IETF protocol assignments: Teredo, benchmarks, ORCHID; and 2001:db8::/32, documentation.
            >= 0x2001_0000 and <= 0x2001_01FF => false,
            0x2001_0DB8 => false,
            // 2620:4f:8000::/48 AS112; 3fff::/20 documentation; 5f00::/16 is outside of 2000::/3 already.
            0x2620_004F => !(address[4] == 0x80 && address[5] == 0),
            >= 0x3FFF_0000 and <= 0x3FFF_0FFF => false,
            // RFC 5214: ISATAP keeps an IPv4 address in the last 32 bits, whatever the prefix is.
            _ => !IsIsatap(address) || IsPublic4(BinaryPrimitives.ReadUInt32BigEndian(address[12..])),
        };
    }

    private static bool IsIsatap(ReadOnlySpan<byte> address) =>
        (address[8] & 0xFC) == 0 && address[9] == 0 && address[10] == 0x5E && address[11] == 0xFE;

    private static (uint, int) Net4(byte a, byte b, byte c, byte d, int prefix) => (((uint)a << 24) | ((uint)b << 16) | ((uint)c << 8) | d, prefix);
}
