using System.Net;

namespace Weir.EndToEnd.Harness;

/// <summary>A proxy from Debian in front of a server, in a directory of its own, with a configuration that was written for <c>weir.example.org</c>.</summary>
internal abstract class Proxy : IAsyncDisposable
{
    private ChildProcess? _process;

    protected string Directory { get; } = System.IO.Directory.CreateTempSubdirectory("weir-proxy-").FullName;

    public string Output => _process?.Output ?? "";

    protected async Task StartAsync(string program, string[] arguments, int port)
    {
        _process = new ChildProcess(program, arguments, new Dictionary<string, string> { ["HOME"] = Directory });
        try
        {
            await Eventually.TrueAsync($"{program} answers", Eventually.Patience, () => AnswersAsync(port), () => Output);
        }
        catch
        {
            await DisposeAsync();
            throw;
        }
    }

    /// <summary>The servers' ports of this one run; everything else stays as it is written.</summary>
    protected static string Here(string site, WeirServer server) => site
        .Replace("127.0.0.1:8080", $"127.0.0.1:{server.Http}", StringComparison.Ordinal)
        .Replace("127.0.0.1:8081", $"127.0.0.1:{server.LiveHttp}", StringComparison.Ordinal);

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            _process.Terminate();
            await _process.DisposeAsync();
        }

        System.IO.Directory.Delete(Directory, recursive: true);
    }

    private static async Task<bool> AnswersAsync(int port)
    {
        try
        {
            return await Stage.FetchAsync($"https://localhost:{port}/health/ready") == HttpStatusCode.OK;
        }
        catch (HttpRequestException)
        {
            // Not listening yet, or before it has its certificate.
            return false;
        }
    }
}
