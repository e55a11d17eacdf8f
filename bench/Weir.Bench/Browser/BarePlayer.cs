using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Weir.Bench.Browser;

/// <summary>Serves one of the smallest pages that can do what is measured: what the product's player adds shows against it.</summary>
internal sealed class BarePlayer : IAsyncDisposable
{
    private readonly WebApplication _server;

    private BarePlayer(WebApplication server) => _server = server;

    /// <summary>The page; the WebSocket's address belongs behind a <c>#</c>.</summary>
    public string Url => _server.Urls.First() + "/";

    public static async Task<BarePlayer> StartAsync(string name = "bare.html")
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        var server = builder.Build();
        server.Urls.Add("http://127.0.0.1:0");
        var page = Resource(name);
        server.MapGet("/", () => TypedResults.Content(page, "text/html; charset=utf-8"));
        await server.StartAsync();
        return new BarePlayer(server);
    }

    /// <summary>A file that is built into the program.</summary>
    public static string Resource(string name)
    {
        using var stream = typeof(BarePlayer).Assembly.GetManifestResourceStream(name) ?? throw new InvalidOperationException($"{name} is not built in.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();
}
