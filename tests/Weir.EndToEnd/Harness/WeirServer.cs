using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Weir.EndToEnd.Harness;

/// <summary>A real `weir up` on free ports in a directory of its own.</summary>
internal sealed class WeirServer : IAsyncDisposable
{
    public const string SetupCode = "end-to-end-code";
    private const int FirstPort = 20_000;
    private const int Ports = 12_000;
    private static int _ports = Environment.ProcessId * 61 % Ports;
    private readonly bool _ownsDirectory;
    private ChildProcess? _process;
    private ServerLog? _log;
    private string _scheme = "http";

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

    public string Url => $"{_scheme}://localhost:{Http}";

    public string LiveUrl => $"{_scheme}://localhost:{LiveHttp}";

    public string Output => _process?.Output ?? "";

    public ChildProcess Process => _process ?? throw new InvalidOperationException("Not started.");

    /// <summary>Starts it and waits for its one line.</summary>
    public async Task StartAsync(params string[] more)
    {
        _scheme = more.Contains("--tls") ? "https" : "http";
        var ready = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var log = _log ??= new ServerLog(Text(Http));
        _process = new ChildProcess(
            Root.App,
            ["up", "--data", Data, "--http", Text(Http), "--live-http", Text(LiveHttp), "--rtmp", Text(Rtmp), "--rtc", Text(Rtc), "--web", Root.Web, .. more],
            // Profiles for a better second compilation cost a third of a start and pay after minutes, which these servers do not live.
            new Dictionary<string, string> { ["WEIR_SETUP_CODE"] = SetupCode, ["DOTNET_TieredPGO"] = "0" },
            line =>
            {
                log.Write(line);
                if (line.StartsWith("Weir is ready at ", StringComparison.Ordinal))
                {
                    ready.TrySetResult();
                }
            });
        var exited = _process.WaitAsync(CancellationToken.None);
        var first = await Task.WhenAny(ready.Task, exited, Task.Delay(Eventually.Patience));
        Assert.True(first == ready.Task, $"weir up did not become ready:\n{_process.Output}");
    }

    /// <summary>The process id of the live plane: the child with the word `live` as an argument of its own.</summary>
    public int LiveProcess() => LiveProcesses().Single();

    /// <summary>None while another one is being started.</summary>
    public IEnumerable<int> LiveProcesses() =>
        Directory.EnumerateDirectories("/proc")
            .Select(directory => int.TryParse(Path.GetFileName(directory), NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : 0)
            .Where(id => id > 0)
            .Where(id => IsLiveChild(id));

    public async Task StopAsync()
    {
        Process.Terminate();
        await Process.WaitAsync();
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

    /// <summary>Below the ports that the kernel gives to outgoing connections: one of those could take it between here and its use. Each is given once.</summary>
    public static int FreePort()
    {
        while (true)
        {
            var port = FirstPort + (Interlocked.Increment(ref _ports) % Ports);
            try
            {
                using var tcp = new TcpListener(IPAddress.Any, port);
                tcp.Start();
                using var udp = new UdpClient(port);
                return port;
            }
            catch (SocketException)
            {
                // Somebody else's.
            }
        }
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
