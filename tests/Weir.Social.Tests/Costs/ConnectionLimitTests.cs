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
        var limits = new ConnectionLimits(2, ["192.0.2.0/24"], countThisMachine: true);
        Assert.False(limits.IsCounted(IPAddress.Parse("::ffff:192.0.2.7")));
        Assert.True(limits.IsCounted(IPAddress.Parse("192.0.3.7")));
        Assert.False(new ConnectionLimits(2, []).IsCounted(IPAddress.IPv6Loopback));
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

    private static async Task AskAsync(TcpClient connection)
    {
        var stream = connection.GetStream();
        await stream.WriteAsync("GET /health/ready HTTP/1.1\r\nHost: localhost\r\n\r\n"u8.ToArray());
        await stream.ReadExactlyAsync(new byte[1]);
    }
}
