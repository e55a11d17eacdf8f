using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Weir.Contracts;
using Weir.Hosting;
using Weir.Hosting.Tls;
using Weir.Live.Broadcasts;
using Weir.Live.Http;
using Weir.Live.Planes;
using Weir.Live.Recordings;
using Weir.Live.Rtmp;
using Weir.Live.WebRtc;
using Weir.Media.Broadcasting;
using Weir.Media.Transcoding;
using Weir.Media.Broadcasting.FanOut;
using Weir.Media.WebSockets;

namespace Weir.Live;

/// <summary>A live node: listeners for encoders and viewers, the broadcasts between them, one stream to the social plane.</summary>
public static class LiveNode
{
    /// <exception cref="InvalidOptionsException">The options have faults; all are named.</exception>
    public static WebApplication Build(LiveOptions options) => Build(options, configure: null);

    /// <param name="configure">The last word on services, for tests.</param>
    internal static WebApplication Build(LiveOptions options, Action<IServiceCollection>? configure)
    {
        options.Check();
        if (options.RtcPort == 0)
        {
            // The candidates name one number for UDP and TCP, so it has to be known before either is open.
            options = options with { RtcPort = RtcPort.Free() };
        }

        // Never the development's pages of errors, whatever the environment says.
        var builder = WebApplication.CreateSlimBuilder(
            new WebApplicationOptions { ApplicationName = "weir-live", EnvironmentName = Environments.Production });
        builder.AddWeirOperations(LiveMetrics.MeterName, "Weir.Media", ConnectionLimits.MeterName);
        // For this category ASP.NET Core makes an activity and a log scope of each request as soon as any level is on. HLS comes by the thousand, and nobody reads either.
        builder.Logging.AddFilter("Microsoft.AspNetCore.Hosting", LogLevel.None);
        builder.Services.AddCors();
        builder.Services
            .AddSingleton(options)
            .AddSingleton(TimeProvider.System)
            .AddSingleton(_ => new NodeKey(SecretFile.RandomBytes(options.NodeKeyFile, NodeKey.Length)))
            .AddSingleton<LiveMetrics>()
            .AddSingleton<MemoryFailures>()
            .AddSingleton<ReportQueue>()
            .AddSingleton(_ => new ReplayStore(options.RecordingsDirectory))
            .AddSingleton(services => new DiskRoom(options.RecordingsDirectory, services.GetRequiredService<TimeProvider>()))
            .AddSingleton<RecordingRoom>()
            .AddSingleton(services => new ConnectionLimits(
                options.ConnectionsPerAddress,
                options.MaxConnections,
                options.TrustedProxies,
                refused: services.GetRequiredService<RequestLimits>().NoteConnection))
            .AddSingleton(new RequestRates())
            .AddSingleton<RequestLimits>()
            .AddSingleton(_ => new Transcoders(options.Ffmpeg))
            .AddSingleton<LiveBroadcastFactory>()
            .AddSingleton<BroadcastDirectory>()
            .AddSingleton<CommentRemoval>()
            .AddSingleton<NameRemoval>()
            .AddSingleton<LiveAdmission>()
            .AddSingleton<IAdmission>(services => services.GetRequiredService<LiveAdmission>())
            .AddSingleton(_ => new FanOut(new FanOutOptions { MergeAge = options.MergeAge }))
            .AddSingleton<WatchKeepAlive>()
            .AddSingleton<RtcSessions>()
            .AddSingleton<RtcHost>()
            .AddSingleton<WhipEndpoint>()
            .AddSingleton<WhepEndpoint>()
            .AddHostedService(services => services.GetRequiredService<RtcHost>())
            .AddHostedService<BroadcastShutdown>()
            .AddHostedService<Ticker>()
            .AddHostedService(services => services.GetRequiredService<NameRemoval>())
            .AddHostedService<BackgroundCollections>()
            .AddHostedService<PlaneConnection>();
        if (options.EndWithParent)
        {
            builder.Services.AddHostedService<ParentWatch>();
        }

        // An answer is small and awaited: what a sender has to merge it merges later.
        builder.WebHost.UseSockets(sockets => (sockets.MaxWriteBufferSize, sockets.NoDelay) = (DirectSockets.WriteBuffer, true));
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxConcurrentConnections = options.MaxConnections;
            kestrel.Limits.MaxConcurrentUpgradedConnections = options.MaxConnections;
            kestrel.Limits.MaxRequestBodySize = 64 * 1024;

            // Kestrel does not count what is written straight into its buffer, as HLS is: the grace is all the time that a flush of 128 KB has. A phone that
            // loses its network for some seconds goes on where it was.
            kestrel.Limits.MinResponseDataRate = new MinDataRate(bytesPerSecond: 240, gracePeriod: TimeSpan.FromSeconds(30));
            // Browsers speak HTTP/2 over TLS only. It lets a player wait for many parts and playlists on one connection.
            Listen(kestrel, options, options.HttpPort, options.Tls, listen => listen.Protocols = options.Tls is null ? HttpProtocols.Http1 : HttpProtocols.Http1AndHttp2);
            Listen(kestrel, options, options.RtmpPort, options.Tls, listen => listen.UseConnectionHandler<RtmpConnectionHandler>());

            // Never with TLS: what goes over it is DTLS and SRTP already.
            Listen(kestrel, options, options.RtcPort, tls: null, listen => listen.UseConnectionHandler<RtcConnectionHandler>());
        });

        configure?.Invoke(builder.Services);
        var app = builder.Build();
        app.UseWeirProblems();
        app.UseHttpsOnly();
        app.UseTrustedProxies(options.TrustedProxies);
        app.Use((context, next) =>
        {
            // Browsers send the pages' cookie to every port of the same host. Nothing here reads it, so nothing here may log or pass it on.
            context.Request.Headers.Cookie = default;
            if (context.Request.IsHttps)
            {
                context.Response.Headers.StrictTransportSecurity = "max-age=31536000";
            }

            context.Response.Headers["Referrer-Policy"] = "no-referrer";
            context.Response.Headers.XContentTypeOptions = "nosniff";
            // Media and data: opened as a page they can do nothing. Players and pages that fetch them are not concerned.
            context.Response.Headers.ContentSecurityPolicy = "default-src 'none'; frame-ancestors 'none'; sandbox";
            return next(context);
        });
        // Here, and not at the very beginning where ASP.NET Core puts it by itself: HLS is answered at once, with all that comes before and nothing that comes after.
        app.UseRoutingWithHead();
        app.UseWeirMetrics(options.MetricsToken);
        app.UseCors(cors => cors.AllowAnyOrigin().WithHeaders("Authorization", "Content-Type", "If-Match").WithMethods("GET", "POST", "PATCH", "DELETE")
            .WithExposedHeaders("Location", "ETag", "Link", "Retry-After", "Accept-Post", "Accept-Patch"));
        app.UseSplitUpgrades();
        app.UseWebSockets(new WebSocketOptions { KeepAliveInterval = Timeout.InfiniteTimeSpan }); // WatchKeepAlive does it for all together
        var directory = app.Services.GetRequiredService<BroadcastDirectory>();
        var memory = app.Services.GetRequiredService<MemoryFailures>();
        app.MapWeirReadiness(_ => ValueTask.FromResult(directory.HasLists), () => memory.TooMany);
        app.MapWatch();
        app.MapFlv();
        HlsEndpoints.Map(app);
        app.MapReplay();
        WhipEndpoint.Map(app);
        WhepEndpoint.Map(app);
        app.MapRtcSessions();
        app.MapFallback((HttpContext context, RequestLimits limits) => limits.NotFound(context));
        return app;
    }

    private static void Listen(KestrelServerOptions kestrel, LiveOptions options, int port, TlsFiles? tls, Action<ListenOptions> serve)
    {
        Action<ListenOptions> configure = listen =>
        {
            listen.ApplicationServices.GetRequiredService<ConnectionLimits>().Use(listen);
            if (tls is not null)
            {
                listen.UseTls(tls);
            }

            serve(listen);
        };
        if (options.LoopbackOnly)
        {
            kestrel.Listen(IPAddress.Loopback, port, configure);
            if (port != 0 && System.Net.Sockets.Socket.OSSupportsIPv6)
            {
                kestrel.Listen(IPAddress.IPv6Loopback, port, configure);
            }
        }
        else
        {
            kestrel.ListenAnyIP(port, configure);
        }
    }
}
