using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Weir.Media.WebSockets;

namespace Weir.Live.Http;

/// <summary>
/// Puts a <see cref="SplitStream"/> under every WebSocket: the handshake and the reading stay ASP.NET's, the writing is the session's. Over HTTP/1.1 a
/// connection is upgraded, over HTTP/2 (RFC 8441) it is an extended CONNECT.
/// </summary>
internal static class SplitUpgrade
{
    /// <summary>Before <c>UseWebSockets</c>, which takes the features as it finds them.</summary>
    public static void UseSplitUpgrades(this IApplicationBuilder app) => app.Use((context, next) =>
    {
        if (context.Features.Get<IHttpUpgradeFeature>() is { } upgrade)
        {
            context.Features.Set<IHttpUpgradeFeature>(new Upgrade(upgrade, context));
        }

        if (context.Features.Get<IHttpExtendedConnectFeature>() is { } connect)
        {
            context.Features.Set<IHttpExtendedConnectFeature>(new Connect(connect, context));
        }

        return next(context);
    });

    /// <summary>The stream under a WebSocket that was accepted.</summary>
    public static SplitStream Of(HttpContext context) =>
        context.Features.Get<SplitStream>() ?? throw new InvalidOperationException("The request was not accepted as a WebSocket.");

    private static SplitStream Keep(HttpContext context, Stream stream)
    {
        var split = new SplitStream(stream);
        context.Features.Set(split);
        return split;
    }

    private sealed class Upgrade(IHttpUpgradeFeature inner, HttpContext context) : IHttpUpgradeFeature
    {
        public bool IsUpgradableRequest => inner.IsUpgradableRequest;

        public async Task<Stream> UpgradeAsync() => Keep(context, await inner.UpgradeAsync());
    }

    private sealed class Connect(IHttpExtendedConnectFeature inner, HttpContext context) : IHttpExtendedConnectFeature
    {
        public bool IsExtendedConnect => inner.IsExtendedConnect;

        public string? Protocol => inner.Protocol;

        public async ValueTask<Stream> AcceptAsync() => Keep(context, await inner.AcceptAsync());
    }
}
