namespace Weir.Social.Tests;

/// <summary>How lines of HTTP/1.1 end.</summary>
public sealed class LineEndTests
{
    [Fact]
    public async Task A_request_with_bare_line_feeds_is_refused()
    {
        await using var server = await Server.StartAsync();
        Assert.StartsWith("HTTP/1.1 200", await SayAsync(server, "GET /api/server HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"), StringComparison.Ordinal);
        foreach (var request in new[]
        {
            "GET /api/server HTTP/1.1\nHost: localhost\nConnection: close\n\n",
            "GET /api/server HTTP/1.1\r\nHost: localhost\nConnection: close\r\n\r\n",
            "GET /api/server HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\n",
        })
        {
            Assert.StartsWith("HTTP/1.1 400", await SayAsync(server, request), StringComparison.Ordinal);
        }

        static async Task<string> SayAsync(Server server, string request)
        {
            using var client = new System.Net.Sockets.TcpClient("127.0.0.1", server.Plane.HttpPort);
            await client.GetStream().WriteAsync(System.Text.Encoding.ASCII.GetBytes(request));
            using var reader = new StreamReader(client.GetStream());
            return (await reader.ReadToEndAsync().WaitAsync(Patience.Limit));
        }
    }
}
