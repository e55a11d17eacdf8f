using System.Net;
using System.Net.Sockets;

namespace Weir.Social.Outgoing;

/// <summary>
/// Requests to addresses that strangers name (push services, linked pages) reach the public Internet and nothing else: the name is resolved here, every address it has is checked, and the
/// connection goes to one of those, so that a second answer of the name server cannot lead it elsewhere.
/// </summary>
internal static class PublicNetwork
{
    /// <param name="allowLocal">For tests, whose other end is on this machine.</param>
    public static SocketsHttpHandler Handler(bool allowLocal = false) => new()
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        UseProxy = false,
        ConnectTimeout = TimeSpan.FromSeconds(5),
        PooledConnectionIdleTimeout = TimeSpan.FromMinutes(1),
        MaxResponseHeadersLength = 16,
        ConnectCallback = async (context, cancellation) =>
        {
            var addresses = await Dns.GetHostAddressesAsync(context.DnsEndPoint.Host, cancellation);
            if (addresses.Length == 0 || (!allowLocal && !addresses.All(IsPublic)))
            {
                throw new HttpRequestException("The address is not public.");
            }

            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                await socket.ConnectAsync(addresses, context.DnsEndPoint.Port, cancellation);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        },
    };

    /// <summary>Globally reachable unicast, after the IANA special-purpose address registries (RFC 6890).</summary>
    public static bool IsPublic(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
        {
            address = address.MapToIPv4();
        }

        var b = address.GetAddressBytes();
        if (address.AddressFamily == AddressFamily.InterNetwork)
        {
            return (b[0], b[1], b[2]) switch
            {
                (0 or 10 or 127, _, _) => false,
                (100, >= 64 and < 128, _) => false,
                (169, 254, _) => false,
                (172, >= 16 and < 32, _) => false,
                (192, 0, 0 or 2) => false,
                (192, 88, 99) => false,
                (192, 168, _) => false,
                (198, 18 or 19, _) => false,
                (198, 51, 100) => false,
                (203, 0, 113) => false,
                ( >= 224, _, _) => false,
                _ => true,
            };
        }

        // 2000::/3 is all that is given out; within it documentation, Teredo, ORCHID and 6to4 (which holds an IPv4 address) are not.
        return (b[0] & 0xE0) == 0x20
            && !(b[0] == 0x20 && b[1] == 0x01 && b[2] < 2)
            && !(b[0] == 0x20 && b[1] == 0x01 && b[2] == 0x0D && b[3] == 0xB8)
            && !(b[0] == 0x20 && b[1] == 0x02)
            && !(b[0] == 0x3F && b[1] == 0xFF);
    }
}
