using System.Buffers.Binary;
using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Weir.Hosting;

/// <summary>
/// Open connections of one address (a /64 of IPv6) over all listeners of a process; one more is closed at once, before TLS. An IPv6 /48
/// as a whole has <see cref="AddressKey.TimesForSite"/> times as much. Proxies that are trusted speak for many, and this machine's own
/// programs are their owner's: neither is refused here, but both take what is free.
/// </summary>
/// <param name="most">Of all addresses. Kestrel has the same bound for each listener by itself.</param>
/// <param name="refused">Is told of each address that was refused.</param>
public sealed class ConnectionLimits(
    int perAddress, int most, IEnumerable<string> proxies, bool countThisMachine = false, Action<IPAddress>? refused = null)
{
    /// <summary>
    /// Once half of all connections are taken, an address may have one part in so many of what is free: however many addresses one attacker
    /// has, each leaves most of the rest to others.
    /// </summary>
    public const int PartsOfFree = 8;

    public const string MeterName = "Weir.Hosting";

    private static readonly Counter<long> Refused = new Meter(MeterName).CreateCounter<long>(
        "weir_connections_refused", description: "Connections closed because their address had too many");

    private readonly IPNetwork[] _proxies = [.. proxies.Select(proxy => IPNetwork.Parse(proxy))];
    private readonly Lock _lock = new();

    /// <summary>By address and by site, whose keys differ in their lengths.</summary>
    private readonly Dictionary<string, int> _open = [];
    private int _all;

    /// <summary>Put it first.</summary>
    public void Use(ListenOptions listen) => listen.Use(next => async connection =>
    {
        var address = (connection.RemoteEndPoint as IPEndPoint)?.Address;
        var key = address is not null && IsCounted(address) ? AddressKey.Of(address) : null;
        if (!TryEnter(key))
        {
            Refuse(address!);
            connection.Abort(new ConnectionAbortedException("This address has too many connections."));
            return;
        }

        try
        {
            await next(connection);
        }
        finally
        {
            Leave(key);
        }
    });

    /// <summary>Says that a connection of this address is refused.</summary>
    public void Refuse(IPAddress address)
    {
        Refused.Add(1);
        refused?.Invoke(address);
    }

    public bool IsCounted(IPAddress address)
    {
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return (countThisMachine || !IPAddress.IsLoopback(plain)) && !_proxies.Any(proxy => proxy.Contains(plain));
    }

    /// <summary>Whether an address with so many connections may have one more.</summary>
    /// <param name="all">Of all addresses.</param>
    /// <param name="times">Times what one address may have, for those of many addresses.</param>
    public static bool MayOpen(int mine, int all, int perAddress, int most, int times = 1) =>
        mine < perAddress * times && all < most && (all <= most / 2 || mine <= (most - all) * times / PartsOfFree);

    /// <param name="key">Null for one that is not counted by its address.</param>
    public bool TryEnter(string? key)
    {
        var site = key is null ? null : AddressKey.SiteOf(key);
        lock (_lock)
        {
            if (!MayOpen(key, 1) || !MayOpen(site, AddressKey.TimesForSite))
            {
                return false;
            }

            Count(key, 1);
            Count(site, 1);
            _all++;
            return true;
        }
    }

    public void Leave(string? key)
    {
        lock (_lock)
        {
            _all--;
            Count(key, -1);
            Count(key is null ? null : AddressKey.SiteOf(key), -1);
        }
    }

    private bool MayOpen(string? key, int times) => key is null || MayOpen(_open.GetValueOrDefault(key), _all, perAddress, most, times);

    private void Count(string? key, int change)
    {
        if (key is null)
        {
            return;
        }

        var open = _open.GetValueOrDefault(key) + change;
        if (open == 0)
        {
            _open.Remove(key);
        }
        else
        {
            _open[key] = open;
        }
    }
}

/// <summary>Whom an address stands for where something is counted by address.</summary>
public static class AddressKey
{
    /// <summary>How many addresses an IPv6 /48 counts for: it may be a company, or many phones of a mobile network.</summary>
    public const int TimesForSite = 16;

    /// <summary>Those of a /64.</summary>
    private const int Ipv6Digits = 16;

    /// <summary>A whole IPv6 /64 is one, because one customer has that many.</summary>
    public static string Of(IPAddress? address)
    {
        if (address is null)
        {
            return "?";
        }

        if (address.IsIPv4MappedToIPv6)
        {
            address = address.MapToIPv4();
        }

        return address.AddressFamily == AddressFamily.InterNetworkV6
            ? Convert.ToHexString(address.GetAddressBytes().AsSpan(0, Ipv6Digits / 2))
            : address.ToString();
    }

    /// <summary>The IPv6 /48 that an address is in; null where it is IPv4.</summary>
    /// <param name="key">As <see cref="Of"/> gives it. That of no IPv4 address is as long as that of an IPv6 /64.</param>
    public static string? SiteOf(string key) => key.Length == Ipv6Digits ? key[..12] : null;

    /// <summary>
    /// The same as a number, for what is asked at every request: nothing is made of it. An IPv6 network begins with its registry's number,
    /// so none of them is as small as an IPv4 address.
    /// </summary>
    public static ulong NumberOf(IPAddress? address)
    {
        Span<byte> bytes = stackalloc byte[16];
        return address is null || !address.TryWriteBytes(bytes, out var length) ? ulong.MaxValue
            : length == 4 ? BinaryPrimitives.ReadUInt32BigEndian(bytes)
            : address.IsIPv4MappedToIPv6 ? BinaryPrimitives.ReadUInt32BigEndian(bytes[12..])
            : BinaryPrimitives.ReadUInt64BigEndian(bytes);
    }

    /// <summary>The IPv6 /48 of <see cref="NumberOf"/>; null where it is no IPv6 address.</summary>
    public static ulong? SiteOf(ulong number) => number is > uint.MaxValue and < ulong.MaxValue ? number >> 16 : null;

    /// <summary>Whether <see cref="NumberOf"/> gave this machine's own: 127.0.0.0/8, or ::1.</summary>
    public static bool IsThisMachine(ulong number) => number == 0 || number >> 24 == 127;
}
