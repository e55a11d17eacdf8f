using System.Collections.Concurrent;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Weir.Contracts;
using Weir.Hosting;
using Weir.Live.Http;
using Weir.Live.Rtmp;

namespace Weir.Live.Tests;

/// <summary>What a limit of the live plane refuses is in the security log, once a minute for each address and call.</summary>
public sealed class RefusedByLimitTests
{
    private static readonly IPAddress School = IPAddress.Parse("::ffff:192.0.2.1");

    [Fact]
    public async Task Requests_over_a_limit_are_a_line_a_minute_for_each_address_and_call()
    {
        await using var stage = new Stage();
        using var lines = new Lines();
        var once = new Rate(1, TimeSpan.FromDays(1));
        var limits = Limits(stage, lines, new RequestRates { WithTicket = once, WithoutTicket = once, Wrong = once });
        var ticket = new Ticket(stage.Broadcast, stage.Mia, 1, 0, stage.Clock.GetUtcNow().AddHours(1), TicketRights.Comment, "Mia");
        for (var time = 0; time < 10; time++)
        {
            limits.Take(From(School, "/watch/{id}"), ticket: null);
            limits.Take(From(School, "/live/{id}/main.m3u8"), ticket);
            limits.Take(From(IPAddress.Parse("192.0.2.2"), "/watch/{id}"), stage.Mia, cost: 1);
        }

        string[] expected =
        [
            "Refused, too much from one account or address: GET /watch/{id}, from 192.0.2.1",
            "Refused, too much from one account or address: GET /watch/{id}, from 192.0.2.2",
            "Refused, too much from one account or address: GET /live/{id}/main.m3u8, from 192.0.2.1",
        ];
        Assert.Equal(expected.Order(StringComparer.Ordinal), lines.Written.Order(StringComparer.Ordinal));
        stage.Clock.Advance(TimeSpan.FromMinutes(1));
        limits.Take(From(School, "/watch/{id}"), ticket: null);
        Assert.Equal(4, lines.Written.Count);
        // Wrong ones are one line for what they find nothing of, and one because they are too many.
        var other = IPAddress.Parse("192.0.2.3");
        for (var time = 0; time < 10; time++)
        {
            limits.NotFound(From(other, "/watch/{id}"));
        }

        Assert.Equal(2, lines.Written.Count(line => line.EndsWith("GET /watch/{id}, from 192.0.2.3", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Many_addresses_write_so_many_lines_and_no_more()
    {
        await using var stage = new Stage();
        using var lines = new Lines();
        var limits = Limits(stage, lines, new RequestRates { WithoutTicket = new(RequestRates.Beginning, TimeSpan.FromDays(1)) });
        for (var address = 0; address < 1000; address++)
        {
            Assert.True(limits.MayConnect(Address(address)));
            Assert.False(limits.MayConnect(Address(address)));
        }

        Assert.Equal(RefusalLines.Burst, lines.Written.Count);

        static IPAddress Address(int number) => IPAddress.Parse($"198.51.{number / 250}.{number % 250}");
    }

    [Fact]
    public async Task An_RTMP_connection_over_a_limit_is_a_line()
    {
        await using var stage = new Stage();
        using var lines = new Lines();
        var limits = Limits(stage, lines, new RequestRates { WithoutTicket = new(RequestRates.Beginning, TimeSpan.FromDays(1)) });
        Assert.True(limits.MayConnect(School));
        var pipe = new Pipe();
        // Not disposed: what Abort has put on the thread pool would find it so and end the process (dotnet/aspnetcore issue 57098).
        var connection = new DefaultConnectionContext("one", new Transport(pipe), new Transport(pipe));
        connection.RemoteEndPoint = new IPEndPoint(School, 40_000);
        await using var node = WebApplication.CreateSlimBuilder().Build();
        var log = NullLogger<Weir.Media.Rtmp.RtmpSession>.Instance;
        await new RtmpConnectionHandler(stage.Admission, stage.Clock, null!, limits, node.Lifetime, log).OnConnectedAsync(connection);
        Assert.Equal(["Refused, too much from one account or address: RTMP, from 192.0.2.1"], lines.Written);
    }

    [Fact]
    public async Task A_connection_too_many_is_a_line()
    {
        using var lines = new Lines();
        var data = Directory.CreateTempSubdirectory("weir-refused-");
        try
        {
            // This machine is not counted by address where a node runs; here it stands for somebody else.
            await using var node = LiveNode.Build(LoneNode.Options(data), services => services
                .AddSingleton<ILoggerProvider>(lines)
                .AddSingleton(s => new ConnectionLimits(
                    1, 100, [], countThisMachine: true, s.GetRequiredService<RequestLimits>().NoteConnection)));
            await node.StartAsync(TestContext.Current.CancellationToken);
            var http = new Uri(node.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
            using var first = new TcpClient();
            await first.ConnectAsync(IPAddress.Loopback, http.Port, TestContext.Current.CancellationToken);
            using var next = new TcpClient();
            // It may be closed before it knows that it is open.
            _ = await Record.ExceptionAsync(() => next.ConnectAsync(IPAddress.Loopback, http.Port));
            await Patience.HoldsAsync(
                () => lines.Written.Contains("Refused, too much from one account or address: to connect, from 127.0.0.1"));
            await node.StopAsync(TestContext.Current.CancellationToken);
        }
        finally
        {
            data.Delete(recursive: true);
        }
    }

    private static RequestLimits Limits(Stage stage, Lines lines, RequestRates rates) =>
        new(rates, stage.Admission, stage.Clock, stage.Metrics, new LoggerFactory([lines]));

    private static DefaultHttpContext From(IPAddress address, string route)
    {
        var context = new DefaultHttpContext();
        context.Request.Method = "GET";
        context.Connection.RemoteIpAddress = address;
        context.SetEndpoint(new RouteEndpoint(_ => Task.CompletedTask, RoutePatternFactory.Parse(route), 0, null, null));
        return context;
    }

    /// <summary>The security log.</summary>
    private sealed class Lines : ILoggerProvider, ILogger
    {
        public ConcurrentQueue<string> Written { get; } = new();

        public ILogger CreateLogger(string categoryName) => categoryName == "Weir.Security" ? this : NullLogger.Instance;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Written.Enqueue(formatter(state, exception));

        public void Dispose()
        {
        }
    }

    private sealed class Transport(Pipe pipe) : IDuplexPipe
    {
        public PipeReader Input => pipe.Reader;

        public PipeWriter Output => pipe.Writer;
    }
}
