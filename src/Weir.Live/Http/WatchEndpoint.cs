using System.Net.WebSockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;
using Weir.Hosting;
using Weir.Live.Broadcasts;
using Weir.Media.Broadcasting;
using Weir.Media.Broadcasting.FanOut;
using Weir.Media.WebSockets;

namespace Weir.Live.Http;

/// <summary><c>GET /live/ID/watch?ticket=T</c>: a viewer's WebSocket.</summary>
internal static class WatchEndpoint
{
    private const int TooManySessions = 4429;
    private static readonly WatchLimits Limits = new();

    // RFC 8441: over HTTP/2 a WebSocket begins with CONNECT.
    public static void MapWatch(this IEndpointRouteBuilder routes) => routes.MapMethods("/live/{id}/watch", [HttpMethods.Get, HttpMethods.Connect], HandleAsync);

    private static async Task HandleAsync(
        HttpContext context,
        string id,
        string? ticket,
        string? media,
        LiveAdmission admission,
        RequestLimits limits,
        FanOut fanOut,
        WatchKeepAlive keepAlive,
        TimeProvider clock,
        ILogger<WatchSession> log)
    {
        if (!context.WebSockets.IsWebSocketRequest)
        {
            await limits.NotFound(context).ExecuteAsync(context);
            return;
        }

        if (!limits.TryEnter(context, id, ticket, RequestRates.Beginning, out _, out _, out var refusal))
        {
            await refusal.ExecuteAsync(context);
            return;
        }

        var denied = admission.TryWatch(id, ticket, Outlet.WebSocket, out var viewer);
        if (denied == WatchDenied.NotFound || (viewer is null && denied == WatchDenied.None))
        {
            await Problems.NotFound().ExecuteAsync(context);
            return;
        }

        using var socket = await context.WebSockets.AcceptWebSocketAsync();
        if (viewer is null)
        {
            await RefuseAsync(socket, clock, context.RequestAborted);
            return;
        }

        using (viewer)
        {
            var session = new WatchSession(
                socket, SplitUpgrade.Of(context), HttpProtocol.IsHttp11(context.Request.Protocol) ? DirectSockets.Of(context.Features, fanOut) : null, context.Abort,
                keepAlive, viewer, viewer.Live.Outputs.Packager, media != "none", viewer.Epoch, Limits, clock, log);
            viewer.OnMuted = session.SetMuted;
            if (viewer.Broadcast.Comments.IsMuted(viewer.Account))
            {
                session.SetMuted(true);
            }

            await session.RunAsync();
        }
    }

    /// <summary>A good ticket with too many sessions: said by a close code, which a page can read and an HTTP status it cannot.</summary>
    private static async Task RefuseAsync(WebSocket socket, TimeProvider clock, CancellationToken aborted)
    {
        using var limit = new CancellationTokenSource(Limits.CloseTimeout, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, aborted);
        try
        {
            await socket.CloseAsync((WebSocketCloseStatus)TooManySessions, "too many sessions of this ticket", either.Token);
        }
        catch (Exception fault) when (fault is OperationCanceledException or WebSocketException or IOException)
        {
            socket.Abort();
        }
    }
}
