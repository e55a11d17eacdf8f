using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Weir.EndToEnd.Harness;

/// <summary>A real `weir up` on free ports in a directory of its own.</summary>
internal sealed class WeirServer : IAsyncDisposable
{
    public const string SetupCode = "end-to-end-code";
    private readonly bool _ownsDirectory;
    private ChildProcess? _process;

    public WeirServer(string? data = null)
    {
        _ownsDirectory = data is null;
        Data = data ?? Directory.CreateTempSubdirectory("weir-e2e-").FullName;
        Http = FreePort();
        LiveHttp = FreePort();
        Rtmp = FreePort();
        Rtc = FreePort();
    }

    public string Data { get; }

    public int Http { get; }

    public int LiveHttp { get; }

    public int Rtmp { get; }

    public int Rtc { get; }

    public string Url => $"http://localhost:{Http}";

    public string LiveUrl => $"http://localhost:{LiveHttp}";

    public string Output => _process?.Output ?? "";

    public ChildProcess Process => _process ?? throw new InvalidOperationException("Not started.");

    /// <summary>Starts it and waits for its one line. Returns how long that took.</summary>
    public async Task<TimeSpan> StartAsync(params string[] more)
    {
        var ready = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var began = DateTime.UtcNow;
        _process = new ChildProcess(
            Root.App,
            ["up", "--data", Data, "--http", Text(Http), "--live-http", Text(LiveHttp), "--rtmp", Text(Rtmp), "--rtc", Text(Rtc), "--web", Root.Web, .. more],
            new Dictionary<string, string> { ["WEIR_SETUP_CODE"] = SetupCode },
            line =>
            {
                if (line == $"Weir is ready at http://localhost:{Http}")
                {
                    ready.TrySetResult();
                }
            });
        var exited = _process.WaitAsync(CancellationToken.None);
        var first = await Task.WhenAny(ready.Task, exited, Task.Delay(TimeSpan.FromSeconds(30)));
        Assert.True(first == ready.Task, $"weir up did not become ready:\n{_process.Output}");
        return DateTime.UtcNow - began;
    }

    /// <summary>The process id of the live plane: the child with the word `live` as an argument of its own.</summary>
    public int LiveProcess() =>
        Directory.EnumerateDirectories("/proc")
            .Select(directory => int.TryParse(Path.GetFileName(directory), NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : 0)
            .Where(id => id > 0)
            .Single(id => IsLiveChild(id));

    public async Task StopAsync()
    {
        Process.Terminate();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(5.5));
        await Process.WaitAsync(limit.Token);
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            await _process.DisposeAsync();
        }

        if (_ownsDirectory)
        {
            Directory.Delete(Data, recursive: true);
        }
    }

    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private bool IsLiveChild(int id)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{id}/stat");
            var parent = int.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[1], CultureInfo.InvariantCulture);
            return parent == Process.Id && File.ReadAllText($"/proc/{id}/cmdline").Split('\0').Contains("live");
        }
        catch (IOException)
        {
            // It ended while being looked at.
            return false;
        }
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
