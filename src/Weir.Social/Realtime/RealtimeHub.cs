using Microsoft.AspNetCore.Http.Connections;
using Microsoft.AspNetCore.SignalR;
using Weir.Hosting;
using Weir.Social.Sessions;
using Weir.Social.WebApp;

namespace Weir.Social.Realtime;

/// <summary><c>/api/hub</c>: the server speaks, clients listen; what they have to say they say by the calls.</summary>
internal sealed class RealtimeHub(Connections connections) : Hub
{
    private const string Path = "/hub";

    public static void AddServices(IServiceCollection services)
    {
        services.AddSignalR(signalR =>
        {
            signalR.MaximumReceiveMessageSize = 1024;
            signalR.StreamBufferCapacity = 1;
        }).AddJsonProtocol(json => Json.Configure(json.PayloadSerializerOptions));
        services.AddSingleton<Connections>().AddHostedService<SessionWatch>();
    }

    public static void Map(RouteGroupBuilder api) => api.MapHub<RealtimeHub>(Path, transport =>
    {
        transport.Transports = HttpTransportType.WebSockets;
        transport.ApplicationMaxBufferSize = 4 * 1024;
        transport.TransportMaxBufferSize = 64 * 1024;
    });

    /// <summary>
    /// Browsers send cookies along with a WebSocket that any page opens and ask nobody first (RFC 6455 10.2): a page of another origin is refused. Other programs
    /// send no Origin.
    /// </summary>
    public static void UseOriginCheck(WebApplication app, SocialOptions options) => app.UseWhen(
        context => context.Request.Path.StartsWithSegments("/api" + Path),
        hub => hub.Use(async (context, next) =>
        {
            var origin = context.Request.Headers.Origin.ToString();
            if (origin.Length > 0 && !IsOwn(origin, context.Request, options))
            {
                await Problems.Forbidden("foreign-origin", "This page belongs to another site.").ExecuteAsync(context);
                return;
            }

            await next(context);
        }));

    public override async Task OnConnectedAsync()
    {
        var caller = Context.GetHttpContext()?.Features.Get<Caller>();
        if (caller is null || !connections.Add(Context, caller))
        {
            Context.Abort();
        }

        await base.OnConnectedAsync();
    }

    public override async Task OnDisconnectedAsync(Exception? exception)
    {
        connections.Remove(Context.ConnectionId);
        await base.OnDisconnectedAsync(exception);
    }

    private static bool IsOwn(string origin, HttpRequest request, SocialOptions options) =>
        Uri.TryCreate(origin, UriKind.Absolute, out var uri)
        && (string.Equals(uri.Authority, Uri.TryCreate($"{request.Scheme}://{request.Host}", UriKind.Absolute, out var own) ? own.Authority : null, StringComparison.OrdinalIgnoreCase)
            || (options.PublicUrl is { } known && Uri.Compare(uri, known, UriComponents.SchemeAndServer, UriFormat.Unescaped, StringComparison.OrdinalIgnoreCase) == 0));
}
