using System.Collections.Concurrent;
using System.Net;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Weir.Contracts;

namespace Weir.Live.Tests;

/// <summary>Browsers send the pages' cookie to every port of a host.</summary>
public sealed partial class CookieTests
{
    private const string Secret = "a-secret-of-the-pages";

    [Fact]
    public async Task A_cookie_is_taken_off_every_request_and_is_in_no_log()
    {
        var data = Directory.CreateTempSubdirectory("weir-cookies-");
        var (seen, lines) = (new Seen(), new Lines());
        try
        {
            await using var node = LiveNode.Build(LoneNode.Options(data), services => services
                .AddSingleton<IStartupFilter>(seen).AddSingleton<ILoggerProvider>(lines)
                .Configure<LoggerFilterOptions>(filter =>
                {
                    filter.Rules.Clear();
                    filter.MinLevel = LogLevel.Trace;
                }));
            await node.StartAsync(TestContext.Current.CancellationToken);
            var address = node.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
            using var http = new HttpClient(new SocketsHttpHandler { UseCookies = false }) { BaseAddress = new Uri(address) };
            var routes = (
                from endpoint in node.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
                from method in endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? ["GET"]
                where method != "CONNECT"
                select (Method: method, Path: $"/{endpoint.RoutePattern.RawText!.Trim('/')}")).Distinct().ToList();
            Assert.True(routes.Count > 20, "The route table was not read.");
            foreach (var (method, path) in routes)
            {
                using var request = new HttpRequestMessage(new HttpMethod(method), Parameter().Replace(path, Guid.NewGuid().ToText()));
                request.Headers.Add("Cookie", [$"weir={Secret}", "other=one"]);
                using var answer = await http.SendAsync(request, TestContext.Current.CancellationToken);
                Assert.NotEqual(HttpStatusCode.InternalServerError, answer.StatusCode);
            }

            Assert.Equal(routes.Count, seen.Requests.Count);
            Assert.All(seen.Requests, request => Assert.Equal((1, 0), (request.Came, request.Left)));
            Assert.NotEmpty(lines.Written);
            Assert.DoesNotContain(lines.Written, line => line.Contains(Secret, StringComparison.Ordinal));
            await node.StopAsync(TestContext.Current.CancellationToken);
        }
        finally
        {
            data.Delete(recursive: true);
        }
    }

    [GeneratedRegex(@"\{[^}]+\}")]
    private static partial Regex Parameter();

    /// <summary>Around everything that the node does with a request.</summary>
    private sealed class Seen : IStartupFilter
    {
        public ConcurrentQueue<(int Came, int Left)> Requests { get; } = new();

        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            app.Use(async (context, rest) =>
            {
                var came = context.Request.Headers.Cookie.Count;
                context.Response.OnStarting(() =>
                {
                    Requests.Enqueue((came, context.Request.Headers.Cookie.Count));
                    return Task.CompletedTask;
                });
                await rest(context);
            });
            next(app);
        };
    }

    private sealed class Lines : ILoggerProvider, ILogger
    {
        public ConcurrentQueue<string> Written { get; } = new();

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull
        {
            Written.Enqueue($"{state}");
            return null;
        }

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Written.Enqueue($"{formatter(state, exception)} {exception}");

        public void Dispose()
        {
        }
    }
}
