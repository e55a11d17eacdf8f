using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.HttpOverrides;

namespace Weir.Hosting;

/// <summary>Takes the visitor's address, scheme and host from a proxy's headers, if the proxy is one of those that are trusted.</summary>
public static class ForwardedBy
{
    /// <param name="networks">As address/prefix; none trusts nobody.</param>
    public static void UseTrustedProxies(this IApplicationBuilder app, IReadOnlyCollection<string> networks)
    {
        if (networks.Count == 0)
        {
            return;
        }

        var forwarded = new ForwardedHeadersOptions
        {
            ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto | ForwardedHeaders.XForwardedHost,
        };
        forwarded.KnownProxies.Clear();
        forwarded.KnownIPNetworks.Clear();
        foreach (var network in networks)
        {
            forwarded.KnownIPNetworks.Add(System.Net.IPNetwork.Parse(network));
        }

        app.UseForwardedHeaders(forwarded);
    }
}
