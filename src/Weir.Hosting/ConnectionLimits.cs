using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Weir.Hosting;

/// <summary>
/// Open connections of one address (a /64 of IPv6) over all listeners of a process; one more is closed at once, before TLS. Proxies that
/// are trusted speak for many, and this machine's own programs are their owner's: neither is counted.
/// </summary>
public sealed class ConnectionLimits(int perAddress, IEnumerable<string> proxies, bool countThisMachine = false)
{
    public const string MeterName = "Weir.Hosting";

    private static readonly Counter<long> Refused = new Meter(MeterName).CreateCounter<long>(
        "weir_connections_refused", description: "Connections closed because their address had too many");

    private readonly IPNetwork[] _proxies = [.. proxies.Select(proxy => IPNetwork.Parse(proxy))];
    private readonly Lock _lock = new();
    private readonly Dictionary<string, int> _open = [];

    /// <summary>Put it first.</summary>
    public void Use(ListenOptions listen) => listen.Use(next => async connection =>
    {
        if ((connection.RemoteEndPoint as IPEndPoint)?.Address is not { } address || !IsCounted(address))
        {
            await next(connection);
            return;
        }

        var key = AddressKey.Of(address);
        if (!TryEnter(key))
        {
            Refused.Add(1);
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

    public bool IsCounted(IPAddress address)
    {
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return (countThisMachine || !IPAddress.IsLoopback(plain)) && !_proxies.Any(proxy => proxy.Contains(plain));
    }

    public bool TryEnter(string key)
    {
        lock (_lock)
        {
            var open = _open.GetValueOrDefault(key);
            if (open >= perAddress)
            {
                return false;
            }

            _open[key] = open + 1;
            return true;
        }
    }

    public void Leave(string key)
    {
        lock (_lock)
        {
            if (_open[key] == 1)
            {
                _open.Remove(key);
            }
            else
            {
                _open[key]--;
            }
        }
    }
}

/// <summary>Whom an address stands for where something is counted by address.</summary>
public static class AddressKey
{
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
}
