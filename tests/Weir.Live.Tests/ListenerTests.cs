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
}
