using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;

namespace Weir.Social.Links;

/// <summary>Bytes of somebody else's server.</summary>
internal sealed record Fetched(Uri Address, byte[] Bytes, string? Charset);

/// <summary>
/// Gets a page or a picture as somebody without any rights would: no cookies, no credentials, no proxy. The name is resolved here and the connection goes to the very address that
/// was found to be public, at each redirect anew, so that no answer of a name server leads inside. Bytes, redirects and the time of it all are bounded.
/// </summary>
internal sealed class PageFetch : IDisposable
{
    private readonly LinkLimits _limits;
    private readonly HttpMessageInvoker _http;

    public PageFetch(LinkLimits limits)
    {
        _limits = limits;
        _http = new HttpMessageInvoker(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
            UseCookies = false,
            UseProxy = false,
            Credentials = null,
            PreAuthenticate = false,
            ActivityHeadersPropagator = null,
            MaxResponseHeadersLength = 32,
            MaxResponseDrainSize = 0,
            MaxConnectionsPerServer = 2,
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(1),
            ConnectTimeout = limits.Time,
            ConnectCallback = ConnectAsync,
        });
    }

    /// <summary>Null when there is nothing of these kinds, by the beginnings of their media types, or it may not be asked.</summary>
    public async Task<Fetched?> GetAsync(Uri address, string accept, string[] kinds, int limit, CancellationToken cancellation)
    {
        using var time = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        time.CancelAfter(_limits.Time);
        try
        {
            for (var left = _limits.MaxRedirects; left >= 0; left--)
            {
                if (!LinkText.IsFetchable(address) || !_limits.MayUsePort(address.Port))
                {
                    return null;
                }

                using var request = new HttpRequestMessage(HttpMethod.Get, address);
                request.Headers.TryAddWithoutValidation("User-Agent", "Mozilla/5.0 (compatible; Weir link preview)");
                request.Headers.TryAddWithoutValidation("Accept", accept);
                request.Headers.TryAddWithoutValidation("Accept-Encoding", "identity");
                using var response = await _http.SendAsync(request, time.Token);
                if (response.StatusCode is HttpStatusCode.MovedPermanently or HttpStatusCode.Found or HttpStatusCode.SeeOther or HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect
                    && response.Headers.Location is { } location)
                {
                    address = new Uri(address, location);
                    continue;
                }

                var type = response.Content.Headers.ContentType;
                // A page of a frame or with an encoding of its own is not what was asked for.
                if (response.StatusCode != HttpStatusCode.OK || response.Content.Headers.ContentEncoding.Count > 0 || !kinds.Any(kind => type?.MediaType?.StartsWith(kind, StringComparison.OrdinalIgnoreCase) == true))
                {
                    return null;
                }

                return new Fetched(address, await ReadAsync(response, limit, time.Token), type?.CharSet);
            }

            return null;
        }
        catch (Exception fault) when (fault is HttpRequestException or IOException or SocketException or UriFormatException or InvalidOperationException
            || (fault is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            return null;
        }
    }

    public void Dispose() => _http.Dispose();

    /// <summary>The first bytes, no more than the limit: a page's head comes first.</summary>
    private static async Task<byte[]> ReadAsync(HttpResponseMessage response, int limit, CancellationToken cancellation)
    {
        await using var body = await response.Content.ReadAsStreamAsync(cancellation);
        using var bytes = new MemoryStream();
        var buffer = new byte[16 * 1024];
        int read;
        while (bytes.Length < limit && (read = await body.ReadAsync(buffer.AsMemory(0, (int)Math.Min(buffer.Length, limit - bytes.Length)), cancellation)) > 0)
        {
            bytes.Write(buffer, 0, read);
        }

        return bytes.ToArray();
    }

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellation)
    {
        var (host, port) = (context.DnsEndPoint.Host.Trim('[', ']'), context.DnsEndPoint.Port);
        var found = IPAddress.TryParse(host, out var literal) ? [literal] : await _limits.Resolve(host, cancellation);
        // One address inside is enough: such a name is a trap or a mistake.
        if (found.Length == 0 || !_limits.MayUsePort(port) || !found.All(_limits.MayConnect))
        {
            throw new HttpRequestException("Not an address of the public internet.");
        }

        Exception? last = null;
        foreach (var address in found.Take(3))
        {
            var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                await socket.ConnectAsync(new IPEndPoint(address, port), cancellation);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch (Exception fault)
            {
                socket.Dispose();
                last = fault;
                cancellation.ThrowIfCancellationRequested();
            }
        }

        throw new HttpRequestException("Cannot be reached.", last);
    }
}
