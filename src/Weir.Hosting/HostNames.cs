using Microsoft.AspNetCore.Http;

namespace Weir.Hosting;

/// <summary>
/// Names of hosts in one form, ASCII (RFC 5890, A-labels): that is what headers can carry, and what browsers, certificates and encoders
/// compare.
/// <see cref="HttpRequest.Host"/> gives them in Unicode.
/// </summary>
public static class HostNames
{
    /// <summary>
    /// The same URL with its host in ASCII. One that has no such form stays as it is, and <see cref="OptionFaults.Url"/> refuses it.
    /// </summary>
    public static Uri? ToAscii(Uri? url)
    {
        if (url is not { IsAbsoluteUri: true } || url.Host.All(char.IsAscii))
        {
            return url;
        }

        try
        {
            return new UriBuilder(url) { Host = url.IdnHost }.Uri;
        }
        catch (UriFormatException)
        {
            return url;
        }
    }

    /// <summary>
    /// Host, and port where the request names one, as the client sent it or a trusted proxy says it did. Empty when it named none.
    /// </summary>
    public static string Authority(HttpRequest request) => request.Headers.Host.ToString();

    /// <summary>The host alone; an address of IPv6 in brackets.</summary>
    public static string Of(HttpRequest request) => new HostString(Authority(request)).Host;
}
