using System.IO.Pipelines;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Weir.Contracts;
using Weir.Hosting;
using Weir.Live.Broadcasts;
using Weir.Live.Http;
using Weir.Live.Rtmp;

namespace Weir.Live.Tests;

/// <summary>How often a live node is asked, with the rates that it has; that every route keeps to them is a test of the routes.</summary>
public sealed class RequestLimitTests
{
    private static readonly IPAddress School = IPAddress.Parse("::ffff:192.0.2.1");

    [Fact]
    public async Task Three_hundred_players_behind_one_address_play_on_whatever_somebody_beside_them_tries()
    {
        await using var stage = new Stage();
        var limits = Limits(stage);
        for (var player = 0; player < 300; player++)
        {
            Assert.Null(limits.Take(From(School), ticket: null, RequestRates.Beginning));
        }

        var refused = 0;
        for (var second = 0; second < 60; second++)
        {
            stage.Clock.Advance(TimeSpan.FromSeconds(1));
            for (var request = 0; request < 300 * 8; request++)
            {
                Assert.Null(limits.Take(From(School), ticket: null));
            }

            for (var wrong = 0; wrong < 1000; wrong++)
            {
                refused += limits.NotFound(From(School)).StatusCode == StatusCodes.Status429TooManyRequests ? 1 : 0;
            }
        }

        // 2,000 at once, and 50 a second.
        Assert.Equal(60_000 - 2000 - (59 * 50), refused);
        Assert.Equal(StatusCodes.Status404NotFound, limits.NotFound(From(IPAddress.Parse("192.0.2.2"))).StatusCode);
    }

    [Fact]
    public async Task One_account_has_so_many_whatever_its_tickets_and_addresses_and_is_told_when_to_come_back()
    {
        await using var stage = new Stage();
        var limits = Limits(stage);
        var rate = new RequestRates().WithTicket;
        var (mia, tom) = (TicketOf(stage.Mia), TicketOf(Guid.NewGuid()));
        for (var taken = 0; taken < rate.Burst; taken += RequestRates.Beginning)
        {
            Assert.Null(limits.Take(From(IPAddress.Parse($"198.51.100.{taken % 250}")), TicketOf(stage.Mia), RequestRates.Beginning));
        }

        var context = From(School);
        var refusal = Assert.IsType<ProblemHttpResult>(limits.Take(context, mia));
        Assert.Equal((StatusCodes.Status429TooManyRequests, "1"), (refusal.StatusCode, context.Response.Headers.RetryAfter.ToString()));
        var headers = context.Response.Headers;
        Assert.Equal(("no-store", "*"), (headers.CacheControl.ToString(), headers.AccessControlAllowOrigin.ToString()));
        Assert.Null(limits.Take(From(School), tom));
        stage.Clock.Advance(rate.Refill);
        Assert.Null(limits.Take(From(School), mia));
        Assert.NotNull(limits.Take(From(School), mia));

        Ticket TicketOf(Guid account) =>
            new(stage.Broadcast, account, Ticket.NewId(), 0, stage.Clock.GetUtcNow().AddHours(1), TicketRights.Comment, "x");
    }

    [Fact]
    public async Task Counting_a_right_request_takes_no_memory()
    {
        await using var stage = new Stage();
        var limits = Limits(stage);
        var context = From(School);
        var ticket = new Ticket(stage.Broadcast, stage.Mia, 1, 0, stage.Clock.GetUtcNow().AddHours(1), TicketRights.Comment, "Mia");
        // The first round also counts what the runtime makes once when it compiles a loop that has run for long.
        AllocatedByAsking();
        Assert.Equal(0, AllocatedByAsking());

        long AllocatedByAsking()
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < 1000; i++)
            {
                Ask();
            }

            return GC.GetAllocatedBytesForCurrentThread() - before;
        }

        void Ask()
        {
            if (limits.Take(context, ticket) is not null || limits.Take(context, ticket: null) is not null)
            {
                throw new InvalidOperationException("It was refused.");
            }
        }
    }

    [Fact]
    public async Task The_networks_of_one_ipv6_site_have_as_much_together_as_a_few_addresses()
    {
        await using var stage = new Stage();
        var limits = Limits(stage, new RequestRates
        {
            WithoutTicket = new(2 * RequestRates.Beginning, TimeSpan.FromHours(1)), Wrong = new(2, TimeSpan.FromHours(1)),
        });
        const int Site = 2 * AddressKey.TimesForSite;
        // What one network asks beyond its own takes nothing of the site's.
        Assert.Equal([true, true, false, false], Enumerable.Range(0, 4).Select(_ => limits.MayConnect(Network(1))));
        Assert.Equal(Site - 2, Enumerable.Range(2, 2 * Site).Count(network => limits.MayConnect(Network(network))));
        Assert.NotNull(limits.Take(From(Network(9999)), ticket: null));
        Assert.Equal(
            Site, Enumerable.Range(1, 2 * Site).Count(network => limits.NotFound(From(Network(network))).StatusCode == StatusCodes.Status404NotFound));
        Assert.True(limits.MayConnect(IPAddress.Parse("2001:db8:2::1")));
        Assert.Equal(StatusCodes.Status404NotFound, limits.NotFound(From(IPAddress.Parse("2001:db8:2::1"))).StatusCode);

        static IPAddress Network(int number) => IPAddress.Parse($"2001:db8:1:{number:x}::1");
    }

    [Fact]
    public async Task This_machines_own_programs_are_not_counted()
    {
        await using var stage = new Stage();
        var once = new Rate(1, TimeSpan.FromHours(1));
        var limits = Limits(stage, new RequestRates { WithoutTicket = once, Wrong = once });
        foreach (var address in new[] { IPAddress.Loopback, IPAddress.IPv6Loopback, IPAddress.Loopback.MapToIPv6() })
        {
            for (var i = 0; i < 3; i++)
            {
                Assert.Null(limits.Take(From(address), ticket: null));
                Assert.Equal(StatusCodes.Status404NotFound, limits.NotFound(From(address)).StatusCode);
                Assert.True(limits.MayConnect(address));
            }
        }
    }

    [Fact]
    public async Task An_address_that_opens_too_many_RTMP_connections_is_closed_before_the_handshake()
    {
        await using var stage = new Stage();
        var limits = Limits(stage, new RequestRates { WithoutTicket = new(2 * RequestRates.Beginning, TimeSpan.FromHours(1)) });
        Assert.True(limits.MayConnect(School));
        Assert.True(limits.MayConnect(School));
        var pipe = new Pipe();
        // Not disposed: what Abort has put on the thread pool would find it so and end the process (dotnet/aspnetcore issue 57098).
        var connection = new DefaultConnectionContext("one", new Transport(pipe), new Transport(pipe));
        connection.RemoteEndPoint = new IPEndPoint(School, 40_000);
        await using var node = WebApplication.CreateSlimBuilder().Build();
        var closed = new TaskCompletionSource();
        using var registration = connection.ConnectionClosed.Register(closed.SetResult);
        var log = NullLogger<Weir.Media.Rtmp.RtmpSession>.Instance;
        var handler = new RtmpConnectionHandler(stage.Admission, stage.Clock, null!, limits, node.Lifetime, log);
        await handler.OnConnectedAsync(connection);
        await closed.Task.WaitAsync(Patience.Limit, TestContext.Current.CancellationToken);
        Assert.True(limits.MayConnect(IPAddress.Parse("192.0.2.9")));
    }

    private static RequestLimits Limits(Stage stage, RequestRates? rates = null) =>
        new(rates ?? new RequestRates(), stage.Admission, stage.Clock, stage.Metrics, NullLoggerFactory.Instance);

    private static DefaultHttpContext From(IPAddress address)
    {
        var context = new DefaultHttpContext();
        context.Connection.RemoteIpAddress = address;
        return context;
    }

    private sealed class Transport(Pipe pipe) : IDuplexPipe
    {
        public PipeReader Input => pipe.Reader;

        public PipeWriter Output => pipe.Writer;
    }
}
