using System.Net;
using System.Net.Sockets;

namespace Weir.Social.Outgoing;

/// <summary>
/// Requests to addresses that strangers name (push services) reach the public Internet and nothing else: the name is resolved here, every address it has is checked, and the
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
            if (addresses.Length == 0 || (!allowLocal && !addresses.All(PublicAddress.IsPublic)))
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
}
