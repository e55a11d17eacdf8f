using Microsoft.AspNetCore.Http.Connections;
using Microsoft.AspNetCore.SignalR;
using Microsoft.EntityFrameworkCore;
using Weir.Contracts;
using Weir.Hosting;
using Weir.Social.Conversations;
using Weir.Social.Data;
using Weir.Social.Sessions;
using Weir.Social.Throttling;
using Weir.Social.WebApp;

namespace Weir.Social.Realtime;

/// <summary><c>/api/hub</c>: the server speaks, clients listen; what they have to say they say by the calls. All they say here is what may be lost: that somebody types.</summary>
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
        services.AddSingleton<Connections>().AddSingleton<HubMessages>().AddHostedService<SessionWatch>();
    }

    /// <summary>As MapHub does it, but for the count of what comes.</summary>
    public static void Map(RouteGroupBuilder api)
    {
        var messages = ((IEndpointRouteBuilder)api).ServiceProvider.GetRequiredService<HubMessages>();
        var transport = new HttpConnectionDispatcherOptions
        {
            Transports = HttpTransportType.WebSockets, ApplicationMaxBufferSize = 4 * 1024, TransportMaxBufferSize = 64 * 1024,
        };
        api.MapConnections(Path, transport, connection => connection.Use(messages.Count).UseHub<RealtimeHub>()).TakesLong();
    }

    /// <summary>
    /// Browsers send cookies along with a WebSocket that any page opens and ask nobody first (RFC 6455 10.2): a page of another origin is refused. Other programs
    /// send no Origin.
    /// </summary>
    public static void UseOriginCheck(WebApplication app, SocialOptions options) => app.UseWhen(
        context => context.Request.Path.StartsWithSegments("/api" + Path),
        hub => hub.Use(async (context, next) =>
        {
            var origin = context.Request.Headers.Origin.ToString();
            if (origin.Length > 0 && !OwnOrigin.Is(origin, context.Request, options))
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

    /// <summary>Somebody writes to the one other person of a conversation. Whoever may not, and whoever says it too often, gets the same answer: none.</summary>
    public async Task Typing(string conversation, WeirDb db, ConversationThrottle throttle)
    {
        if (Context.GetHttpContext()?.Features.Get<Caller>() is not { } caller || !Ids.TryParse(conversation, out var id) || !throttle.Typing.TryTake(out _, caller.Id.ToText()))
        {
            return;
        }

        var other = await db.Conversations
            .Where(c => c.Id == id && (c.OneId == caller.Id || c.OtherId == caller.Id))
            .Select(c => c.OneId == caller.Id ? c.OtherId : c.OneId)
            .SingleOrDefaultAsync(Context.ConnectionAborted);
        if (other is { } reader && await CreateConversation.Friends(db, caller.Id).AnyAsync(a => a.Id == reader, Context.ConnectionAborted))
        {
            connections.Send(reader, Events.Typing, new TypingEvent(id, caller.Id));
        }
    }

    internal sealed record TypingEvent(Guid Conversation, Guid Account);
}
