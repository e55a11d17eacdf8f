using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Weir.Hosting;

namespace Weir.Social.Tests;

/// <summary>Open connections of one address.</summary>
public sealed class ConnectionLimitTests
{
    [Fact]
    public async Task An_address_has_so_many_connections_and_others_go_on()
    {
        var limits = new ConnectionLimits(2, ["192.0.2.0/24"], countThisMachine: true);
        Assert.False(limits.IsCounted(IPAddress.Parse("::ffff:192.0.2.7")));
        Assert.True(limits.IsCounted(IPAddress.Parse("192.0.3.7")));
        Assert.False(new ConnectionLimits(2, []).IsCounted(IPAddress.IPv6Loopback));
        await using var server = await Server.StartAsync(configure: b => b.Services.AddSingleton(limits));
        using var first = new System.Net.Sockets.TcpClient("127.0.0.1", server.Plane.HttpPort);
        using var second = new System.Net.Sockets.TcpClient("127.0.0.1", server.Plane.HttpPort);
        await Patience.HoldsAsync(() =>
        {
            var free = limits.TryEnter("127.0.0.1");
            if (free)
            {
                limits.Leave("127.0.0.1");
            }

            return !free;
        });
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
}
