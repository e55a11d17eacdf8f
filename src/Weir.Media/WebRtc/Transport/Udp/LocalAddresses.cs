using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace Weir.Media.WebRtc.Transport.Udp;

/// <summary>Where peers reach us.</summary>
internal static class LocalAddresses
{
    /// <summary>RFC 8445 5.1.2.2: host candidates.</summary>
    private const uint HostPreference = 126;

    /// <summary>RFC 6544 4.2: of the directions that TCP candidates have, passive is the second best; the bits below are for telling addresses apart.</summary>
    private const uint PassivePreference = (4u << 13) | 8191u;
    private const int MaxAddresses = 10;

    public static IReadOnlyList<RtcCandidate> Candidates(RtcEndpointOptions options, int port)
    {
        var addresses = options.PublicAddresses.Count > 0 ? options.PublicAddresses
            : options.LoopbackOnly ? Loopback()
            : Own();
        List<IPEndPoint> ends = [.. addresses.Take(MaxAddresses).Select(address => new IPEndPoint(address, port))];
        return
        [
            .. ends.Select((end, number) => Candidate(end, tcp: false, 65535u, number, foundation: number + 1)),
            .. options.Tcp ? ends.Select((end, number) => Candidate(end, tcp: true, PassivePreference, number, foundation: ends.Count + number + 1)) : [],
        ];
    }

    /// <summary>RFC 8445 5.1.1.3: candidates of different protocols have different foundations.</summary>
    private static RtcCandidate Candidate(IPEndPoint end, bool tcp, uint preference, int number, int foundation) => new(
        end,
        tcp,
        (HostPreference << 24) | ((preference - (uint)number) << 8) | 255u,
        foundation.ToString(System.Globalization.CultureInfo.InvariantCulture));

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
