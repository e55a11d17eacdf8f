using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Weir.EndToEnd.Harness;

namespace Weir.Bench.Servers;

/// <summary>Kestrel with nothing around it, which answers from memory: what Weir's HTTP could cost at least.</summary>
internal sealed class KestrelFiles : IAsyncDisposable
{
    /// <summary>The hidden command that is this server.</summary>
    public const string Command = "kestrel-files";

    private readonly ChildProcess _process;

    private KestrelFiles(ChildProcess process, int port) => (_process, Url) = (process, string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}/"));

    public string Url { get; }

    public int Process => _process.Id;

    /// <param name="root">Whose files it serves.</param>
    public static async Task<KestrelFiles> StartAsync(string root)
    {
        var port = Loopback.FreePort();
        // The load generator's settings are this program's own: a server runs as Weir does.
        var process = new ChildProcess(
            "taskset", ["-c", Cores.Server, Environment.ProcessPath!, Command, root, port.ToString(CultureInfo.InvariantCulture)],
            new Dictionary<string, string> { ["DOTNET_TieredCompilation"] = "1", ["DOTNET_TieredPGO"] = "1" });
        await Loopback.AnswersAsync(port, TimeSpan.FromSeconds(10));
        return new KestrelFiles(process, port);
    }

    /// <summary>Serves until SIGTERM.</summary>
    public static Task ServeAsync(string root, int port, CancellationToken cancellation)
    {
        var files = Directory.GetFiles(root).ToDictionary(file => "/" + Path.GetFileName(file), File.ReadAllBytes);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}"));
        var app = builder.Build();
        app.Run(async context =>
        {
            if (files.TryGetValue(context.Request.Path, out var bytes))
            {
                context.Response.ContentLength = bytes.Length;
                await context.Response.BodyWriter.WriteAsync(bytes);
            }
            else
            {
                context.Response.StatusCode = StatusCodes.Status404NotFound;
            }
        });
        return ((IHost)app).RunAsync(cancellation);
    }

    public async ValueTask DisposeAsync() => await _process.EndAsync(TimeSpan.FromSeconds(5));
}
