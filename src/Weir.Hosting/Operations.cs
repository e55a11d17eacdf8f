using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using OpenTelemetry.Metrics;

namespace Weir.Hosting;

/// <summary>What an operator needs of any Weir process: metrics, readiness, quiet logs, an end within its limit.</summary>
public static class Operations
{
    public const string MetricsPath = "/metrics";
    public const string ReadyPath = "/health/ready";

    /// <summary>The code of a process that had no memory too often.</summary>
    public const string OutOfMemory = "out-of-memory";

    /// <summary>A process told to stop is gone within this; what still runs then is abandoned.</summary>
    public static readonly TimeSpan ShutdownLimit = TimeSpan.FromSeconds(5);

    /// <summary>Adds metrics of ASP.NET Core, the runtime and <paramref name="meters"/>, the logs' shape, problem documents and the shutdown limit.</summary>
    public static WebApplicationBuilder AddWeirOperations(this WebApplicationBuilder builder, params string[] meters)
    {
        // A line ends with CR LF (RFC 9112 2.2 lets a server take LF alone, and a proxy in front may not): what two of them read
        // differently is how requests are smuggled.
        AppContext.SetSwitch("Microsoft.AspNetCore.Server.Kestrel.DisableHttp1LineFeedTerminators", true);
        builder.Services.AddOpenTelemetry().WithMetrics(metrics => metrics
            .AddAspNetCoreInstrumentation()
            .AddRuntimeInstrumentation()
            .AddMeter(meters)
            // Several counters for each 4 KB that are sent, and nobody asks for them.
            .AddView(instrument => instrument.Meter.Name == "Microsoft.AspNetCore.MemoryPool" ? MetricStreamConfiguration.Drop : null)
            .AddPrometheusExporter());
        builder.Services.AddWeirProblems();
        // One second less than the limit: Kestrel closes what is open, then there is time left to flush and exit.
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = ShutdownLimit - TimeSpan.FromSeconds(1));
        builder.Services.Configure<KestrelServerOptions>(kestrel => kestrel.AddServerHeader = false);

        builder.Logging.ClearProviders();
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Logging.AddConsole(console => console.FormatterName = RedactedConsole.FormatterName);
        builder.Logging.AddConsoleFormatter<RedactedConsole, ConsoleFormatterOptions>();
        // ASP.NET Core logs whole request URLs at Information, tickets included.
        builder.Logging.AddFilter("Microsoft", LogLevel.Warning);
        builder.Logging.AddFilter("Grpc", LogLevel.Warning);
        // One line a signed-out request says nothing that the metrics do not.
        builder.Logging.AddFilter("Weir.Social.Sessions.SessionAuthentication", LogLevel.Warning);
        return builder;
    }

    /// <summary>
    /// Answers <c>GET /metrics</c> to loopback and to the bearer of <paramref name="metricsToken"/>; to everybody else the path does
    /// not exist. Put it before anything that answers unknown paths.
    /// </summary>
    public static IApplicationBuilder UseWeirMetrics(this IApplicationBuilder app, string? metricsToken)
    {
        app.Use(async (context, next) =>
        {
            if (context.Request.Path == MetricsPath && !MaySeeMetrics(context, metricsToken))
            {
                await Problems.NotFound().ExecuteAsync(context);
                return;
            }

            await next(context);
        });
        return app.UseOpenTelemetryPrometheusScrapingEndpoint(MetricsPath);
    }

    /// <summary><c>GET /health/ready</c>: 200 once <paramref name="ready"/>, 503 before.</summary>
    /// <param name="isOutOfMemory">503 <see cref="OutOfMemory"/> from then on: it will not be ready again.</param>
    public static IEndpointConventionBuilder MapWeirReadiness(
        this IEndpointRouteBuilder routes, Func<CancellationToken, ValueTask<bool>> ready, Func<bool>? isOutOfMemory = null) =>
        routes.MapGet(ReadyPath, async (CancellationToken cancellation) => isOutOfMemory?.Invoke() == true
                ? Problems.Of(StatusCodes.Status503ServiceUnavailable, OutOfMemory, "Out of memory.")
                : await ready(cancellation)
                ? Results.Text("ready")
                : Problems.Of(StatusCodes.Status503ServiceUnavailable, "not-ready", "Not ready."))
            .ExcludeFromDescription();

    private static bool MaySeeMetrics(HttpContext context, string? token)
    {
        return IsFromThisMachine(context) || (!string.IsNullOrEmpty(token) && CryptographicOperations.FixedTimeEquals(
            Encoding.UTF8.GetBytes(context.Request.Headers.Authorization.ToString()),
            Encoding.UTF8.GetBytes($"Bearer {token}")));
    }

    /// <summary>A reverse proxy on this machine reaches us over loopback too, and says for whom in a header: that is not this machine.</summary>
    public static bool IsFromThisMachine(HttpContext context) =>
        context.Connection.RemoteIpAddress is { } address && IsLoopback(address)
        && !context.Request.Headers.ContainsKey("X-Forwarded-For") && !context.Request.Headers.ContainsKey("Forwarded");

    private static bool IsLoopback(IPAddress address) =>
        IPAddress.IsLoopback(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address);
}
