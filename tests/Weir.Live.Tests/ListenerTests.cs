using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Weir.Live.Tests;

public sealed class ListenerTests
{
    [Fact]
    public async Task Answers_wait_for_no_acknowledgement()
    {
        // RTMP's handshake and the answers to connect, createStream and play are small writes that follow each other: with Nagle's algorithm each would
        // wait for the player's delayed acknowledgement.
        var data = Directory.CreateTempSubdirectory("weir-listener-");
        try
        {
            await using var node = LiveNode.Build(LoneNode.Options(data));
            Assert.True(node.Services.GetRequiredService<IOptions<SocketTransportOptions>>().Value.NoDelay);
        }
        finally
        {
            data.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task MPEG_TS_sent_to_the_RTMP_port_is_closed()
    {
        var data = Directory.CreateTempSubdirectory("weir-listener-");
        try
        {
            await using var node = LiveNode.Build(LoneNode.Options(data));
            await node.StartAsync(TestContext.Current.CancellationToken);
            var rtmp = new Uri(node.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.ElementAt(1));
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, rtmp.Port), TestContext.Current.CancellationToken);
            var packets = new byte[188 * 7];
            for (var i = 0; i < packets.Length; i += 188)
            {
                packets[i] = 0x47;
            }

            // An encoder only sends; it has to notice by that.
            using var patience = new CancellationTokenSource(Patience.Limit);
            await Assert.ThrowsAsync<SocketException>(async () =>
            {
                while (true)
                {
                    await socket.SendAsync(packets, SocketFlags.None, patience.Token);
                }
            });
            await node.StopAsync(TestContext.Current.CancellationToken);
        }
        finally
        {
            data.Delete(recursive: true);
        }
    }
}
