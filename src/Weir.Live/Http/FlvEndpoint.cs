using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Weir.Hosting;
using Weir.Media.Broadcasting;
using Weir.Media.Broadcasting.FanOut;
using Weir.Media.HttpFlv;

namespace Weir.Live.Http;

/// <summary><c>GET /live/ID.flv?ticket=T</c>: HTTP-FLV.</summary>
internal static class FlvEndpoint
{
    private static readonly FlvOptions Options = new();

    public static void MapFlv(this IEndpointRouteBuilder routes) => routes.MapGet("/live/{id}.flv", HandleAsync);

    private static async Task HandleAsync(
        HttpContext context, string id, string? ticket, IAdmission admission, RequestLimits limits, FanOut fanOut, TimeProvider clock)
    {
        if (!limits.TryEnter(context, id, ticket, RequestRates.Beginning, out _, out _, out var refusal))
        {
            await refusal.ExecuteAsync(context);
            return;
        }

        if (!admission.TryWatch(id, ticket, Outlet.HttpFlv, out var viewer))
        {
            await Problems.NotFound().ExecuteAsync(context);
            return;
        }

        using (viewer)
        {
            using var session = new FlvSession(viewer, Options, clock, context.RequestAborted);
            var end = await session.WaitAsync() ?? (HttpMethods.IsHead(context.Request.Method) ? SayType(context) : await SendAsync(context, session, fanOut));
            if (end == FlvEnd.NothingToShow)
            {
                context.Response.Headers.RetryAfter = "2";
                await Problems.Of(StatusCodes.Status503ServiceUnavailable, "nothing-yet", "There is no picture yet.").ExecuteAsync(context);
            }
            else if (end is FlvEnd.Cut or FlvEnd.TooSlow)
            {
                // A clean end of the body would say that this was all; and bytes may wait that nobody fetches.
                context.Abort();
            }
        }
    }

    private static FlvEnd SayType(HttpContext context)
    {
        context.Response.ContentType = "video/x-flv";
        context.Response.Headers.CacheControl = "no-store";
        return FlvEnd.Ended;
    }

    private static async Task<FlvEnd> SendAsync(HttpContext context, FlvSession session, FanOut fanOut)
    {
        context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        SayType(context);
        await context.Response.StartAsync(context.RequestAborted);
        await context.Response.BodyWriter.FlushAsync(context.RequestAborted);
        return HttpProtocol.IsHttp11(context.Request.Protocol) && DirectSockets.Of(context.Features, fanOut) is { } socket
            ? await session.SendAsync(socket, chunked: context.Response.Headers.TransferEncoding == "chunked")
            : await session.SendAsync(context.Response.BodyWriter);
    }
}
