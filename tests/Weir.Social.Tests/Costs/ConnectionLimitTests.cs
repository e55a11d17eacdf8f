using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Weir.Hosting;

namespace Weir.Social.Tests;

/// <summary>Open connections of one address.</summary>
public sealed class ConnectionLimitTests
{
    [Fact]
    public async Task An_address_has_so_many_connections_and_others_go_on()
    {
        var limits = new ConnectionLimits(2, 1000, ["192.0.2.0/24"], countThisMachine: true);
        Assert.False(limits.IsCounted(IPAddress.Parse("::ffff:192.0.2.7")));
        Assert.True(limits.IsCounted(IPAddress.Parse("192.0.3.7")));
        Assert.False(new ConnectionLimits(2, 1000, []).IsCounted(IPAddress.IPv6Loopback));
        await using var server = await Server.StartAsync(configure: b => b.Services.AddSingleton(limits));
        using var first = new TcpClient("127.0.0.1", server.Plane.HttpPort);
        using var second = new TcpClient("127.0.0.1", server.Plane.HttpPort);
        // An answer proves that the connection is counted.
        await AskAsync(first);
        await AskAsync(second);
        await Assert.ThrowsAsync<HttpRequestException>(() => server.Anybody.GetAsync("/api/server"));
        Assert.True(limits.TryEnter("192.0.2.200"));
        first.Close();
        await Patience.HoldsAsync(async () =>
        {
            try
            {
                return (await server.Anybody.GetAsync("/api/server")).Status == HttpStatusCode.OK;
            }
            catch (HttpRequestException)
            {
                // The server has not seen it go yet.
                return false;
            }
        });
    }

    [Theory]
    // Room enough: each address has its own bound.
    [InlineData(0, 0, true)]
    [InlineData(7999, 7999, true)]
    [InlineData(8000, 8000, false)]
    [InlineData(7999, 10_000, true)]
    // More than half is taken: an eighth of what is free.
    [InlineData(7999, 10_001, false)]
    [InlineData(1249, 10_001, true)]
    [InlineData(1250, 10_001, false)]
    [InlineData(12, 19_900, true)]
    [InlineData(13, 19_900, false)]
    [InlineData(0, 19_999, true)]
    [InlineData(1, 19_999, false)]
    [InlineData(0, 20_000, false)]
    public void An_address_may_have_less_the_less_is_left(int mine, int all, bool may) =>
        Assert.Equal(may, ConnectionLimits.MayOpen(mine, all, perAddress: 8000, most: 20_000));

    [Fact]
    public void Addresses_that_take_what_they_can_leave_most_of_the_second_half()
    {
        var limits = new ConnectionLimits(8000, 20_000, []);
        var taken = new List<int>();
        for (var attacker = 0; attacker < 8; attacker++)
        {
            var mine = 0;
            while (limits.TryEnter($"198.51.100.{attacker}"))
            {
                mine++;
            }

            taken.Add(mine);
        }

        Assert.Equal(8000, taken[0]);
        Assert.True(20_000 - taken.Sum() > 4500, $"{string.Join(' ', taken)} were taken.");
        // A family that comes now finds room, and an address that gave back what it had is like any other.
        for (var i = 0; i < 100; i++)
        {
            Assert.True(limits.TryEnter("192.0.2.1"));
        }

        for (var i = 0; i < 8000; i++)
        {
            limits.Leave("198.51.100.0");
        }

        Assert.True(limits.TryEnter("198.51.100.0"));
        Assert.True(limits.TryEnter("198.51.100.1"));
    }

    [Fact]
    public void The_networks_of_one_ipv6_site_have_as_much_together_as_a_few_addresses()
    {
        var limits = new ConnectionLimits(2, 1000, []);
        var site = 2 * AddressKey.TimesForSite;
        var entered = Enumerable.Range(0, 3 * site).Select(network => Key($"2001:db8:1:{network:x}::1")).Where(limits.TryEnter).ToList();
        Assert.Equal(site, entered.Count);
        // Another site has its own, and IPv4 has none.
        Assert.True(limits.TryEnter(Key("2001:db8:2::1")));
        Assert.Equal(100, Enumerable.Range(0, 100).Count(host => limits.TryEnter($"198.51.100.{host}")));
        // Whoever was refused counts for nobody, and whoever leaves makes room.
        limits.Leave(entered[0]);
        Assert.True(limits.TryEnter(Key("2001:db8:1:ffff::1")));
        Assert.False(limits.TryEnter(Key("2001:db8:1:fffe::1")));

        static string Key(string address) => AddressKey.Of(IPAddress.Parse(address));
    }

    [Fact]
    public void One_ipv6_site_does_not_take_all_connections()
    {
        var limits = new ConnectionLimits(8000, 20_000, []);
        var taken = Enumerable.Range(0, 65_536).Count(network => limits.TryEnter($"20010DB80001{network:X4}"));
        // What is left is half of what it has: of all that is free it may have sixteen eighths.
        Assert.InRange(taken, 13_000, 13_400);
        Assert.Equal(500, Enumerable.Range(0, 500).Count(_ => limits.TryEnter("192.0.2.1")));
        Assert.True(limits.TryEnter("20010DB800020000"));
    }

    [Fact]
    public async Task Whoever_comes_late_is_let_in_where_one_address_took_half()
    {
        var limits = new ConnectionLimits(30, 40, [], countThisMachine: true);
        for (var i = 0; i < 21; i++)
        {
            Assert.True(limits.TryEnter("198.51.100.1"));
        }

        Assert.False(limits.TryEnter("198.51.100.1"));
        await using var server = await Server.StartAsync(configure: b => b.Services.AddSingleton(limits));
        // Of the 19 that are free an eighth, and one: three.
        using var first = new TcpClient("127.0.0.1", server.Plane.HttpPort);
        await AskAsync(first);
        using var second = new TcpClient("127.0.0.1", server.Plane.HttpPort);
        await AskAsync(second);
        using var third = new TcpClient("127.0.0.1", server.Plane.HttpPort);
        await AskAsync(third);
        await Assert.ThrowsAsync<HttpRequestException>(() => server.Anybody.GetAsync("/api/server"));
        limits.Leave("198.51.100.1");
        limits.Leave("198.51.100.1");
        limits.Leave("198.51.100.1");
        limits.Leave("198.51.100.1");
        Assert.Equal(HttpStatusCode.OK, (await server.Anybody.GetAsync("/api/server")).Status);
    }

    [Fact]
    public void The_number_of_an_address_tells_apart_what_its_text_does()
    {
        string[] addresses =
        [
            "192.0.2.1", "192.0.2.2", "::ffff:192.0.2.1", "2001:db8:1:2::1", "2001:db8:1:2:ffff::9", "2001:db8:1:3::1",
            "2001:db8:2:1::1", "127.0.0.1", "::1", "::ffff:127.0.0.1",
        ];
        var parsed = addresses.Select(IPAddress.Parse).ToList();
        foreach (var one in parsed)
        {
            Assert.All(parsed, other => Assert.Equal(
                AddressKey.Of(one) == AddressKey.Of(other), AddressKey.NumberOf(one) == AddressKey.NumberOf(other)));
            Assert.Equal(
                IPAddress.IsLoopback(one.IsIPv4MappedToIPv6 ? one.MapToIPv4() : one), AddressKey.IsThisMachine(AddressKey.NumberOf(one)));
        }
    }

    [Fact]
    public void Its_site_is_that_of_its_text()
    {
        string[] addresses = ["192.0.2.1", "::ffff:192.0.2.1", "2001:db8:1:2::1", "2001:db8:1:3::1", "2001:db8:2:2::1", "fd00::1"];
        var sites = addresses.Select(IPAddress.Parse)
            .Select(address => (Text: AddressKey.SiteOf(AddressKey.Of(address)), Number: AddressKey.SiteOf(AddressKey.NumberOf(address)))).ToList();
        Assert.Equal([null, null, "20010DB80001", "20010DB80001", "20010DB80002", "FD0000000000"], sites.Select(site => site.Text));
        Assert.All(sites, one => Assert.All(sites, other => Assert.Equal(one.Text == other.Text, one.Number == other.Number)));
        Assert.All(sites, site => Assert.Equal(site.Text is null, site.Number is null));
        Assert.Null(AddressKey.SiteOf(AddressKey.NumberOf(null)));
    }

    private static async Task AskAsync(TcpClient connection)
    {
        var stream = connection.GetStream();
        await stream.WriteAsync("GET /health/ready HTTP/1.1\r\nHost: localhost\r\n\r\n"u8.ToArray());
        await stream.ReadExactlyAsync(new byte[1]);
    }
}
