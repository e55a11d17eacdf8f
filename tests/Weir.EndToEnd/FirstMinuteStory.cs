using System.Net;
using Weir.EndToEnd.Harness;

namespace Weir.EndToEnd;

/// <summary>What somebody reads who starts Weir: the last line is the address to open, and nothing follows it.</summary>
public sealed class FirstMinuteStory
{
    [Theory]
    [InlineData]
    [InlineData("--tls", "self")]
    public async Task The_last_line_of_a_first_start_is_the_address_of_the_set_up(params string[] options)
    {
        await using var server = new WeirServer();
        await server.StartAsync(options);
        var setup = $"Set it up: {server.Url}/setup#{WeirServer.SetupCode}";
        await Eventually.TrueAsync(
            "the set-up's address is said", Eventually.Patience, () => Task.FromResult(Lines(server).Contains(setup)), () => server.Output);
        await LookAroundAsync(server);
        Assert.Equal([$"Weir is ready at {server.Url}", setup], Lines(server)[^2..]);
    }

    [Fact]
    public async Task The_last_line_of_another_start_is_the_address_of_the_pages()
    {
        await using var server = new WeirServer();
        await server.StartAsync();
        using (await Api.SetUpAsync(server, "host", "Hanna Host"))
        {
            await server.StopAsync();
        }

        await server.StartAsync();
        await LookAroundAsync(server);
        Assert.Equal($"Weir is ready at {server.Url}", Lines(server)[^1]);
        Assert.DoesNotContain("Set it up", server.Output);
    }

    [Fact]
    public async Task The_demo_says_where_it_is_and_is_quiet_about_what_it_plays()
    {
        await using var server = new WeirServer();
        await server.StartAsync("--demo");
        await ExamplePages.AllAsync(server);
        await LookAroundAsync(server);
        Assert.DoesNotContain("Set it up", server.Output);
        // A busy machine may lose pictures of the replay, which is sent much faster than it was filmed. There is no other line.
        var after = Lines(server).SkipWhile(line => line != $"Weir is ready at {server.Url}").Skip(1);
        Assert.All(after, line => Assert.Contains("Packaging of broadcast", line));
    }

    private static async Task LookAroundAsync(WeirServer server)
    {
        foreach (var path in new[] { "/", "/setup", "/health/ready" })
        {
            Assert.Equal(HttpStatusCode.OK, await Stage.FetchAsync(server.Url + path));
        }

        Assert.Equal(HttpStatusCode.OK, await Stage.FetchAsync($"{server.LiveUrl}/health/ready"));
    }

    private static string[] Lines(WeirServer server) => server.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
}
