using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace Weir.Media.WebRtc.Transport.Udp;

/// <summary>Where peers reach us.</summary>
internal static class LocalAddresses
{
    /// <summary>RFC 8445 5.1.2.2: host candidates.</summary>
    private const uint HostPreference = 126;
    private const int MaxCandidates = 10;

    public static IReadOnlyList<RtcCandidate> Candidates(RtcEndpointOptions options, int port)
    {
        var addresses = options.PublicAddresses.Count > 0 ? options.PublicAddresses
            : options.LoopbackOnly ? Loopback()
            : Own();
        return [.. addresses.Take(MaxCandidates).Select((address, number) => new RtcCandidate(
            new IPEndPoint(address, port),
            Tcp: false,
            (HostPreference << 24) | ((65535u - (uint)number) << 8) | 255u,
            (number + 1).ToString(System.Globalization.CultureInfo.InvariantCulture)))];
    }

    /// <summary>The machine's own addresses, IPv4 first, as most paths go; loopback only where there is nothing else.</summary>
    private static List<IPAddress> Own()
    {
        List<IPAddress> own =
        [
            .. NetworkInterface.GetAllNetworkInterfaces()
                .Where(network => network.OperationalStatus == OperationalStatus.Up && network.NetworkInterfaceType != NetworkInterfaceType.Loopback)
                .SelectMany(network => network.GetIPProperties().UnicastAddresses)
                .Select(unicast => unicast.Address)
                .Where(address => !address.IsIPv6LinkLocal && !address.IsIPv6Multicast && !IPAddress.IsLoopback(address))
                .Distinct()
                .OrderBy(address => address.AddressFamily == AddressFamily.InterNetwork ? 0 : 1),
        ];
        return own.Count > 0 ? own : Loopback();
    }

    private static List<IPAddress> Loopback() => Socket.OSSupportsIPv6 ? [IPAddress.Loopback, IPAddress.IPv6Loopback] : [IPAddress.Loopback];
}
