using System.Diagnostics;
using System.Text;

namespace Weir.EndToEnd.Harness;

/// <summary>A real program beside the test. Its output is kept, bounded, for the message of a failing test.</summary>
internal sealed class ChildProcess : IAsyncDisposable
{
    private const int KeptCharacters = 64 * 1024;
    private readonly Process _process;
    private readonly StringBuilder _output = new();

    public ChildProcess(string file, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment = null, Action<string>? line = null)
    {
        var start = new ProcessStartInfo(file) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        _process = new Process { StartInfo = start };
        void Take(object _, DataReceivedEventArgs data)
        {
            if (data.Data is null)
            {
                return;
            }

            lock (_output)
            {
                if (_output.Length < KeptCharacters)
                {
                    _output.AppendLine(data.Data);
                }
            }

            line?.Invoke(data.Data);
        }

        _process.OutputDataReceived += Take;
        _process.ErrorDataReceived += Take;
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    public int ExitCode => _process.ExitCode;

    public string Output
    {
        get
        {
            lock (_output)
            {
                return _output.ToString();
            }
        }
    }

    /// <summary>Waits for its end, as long as that may take on any machine.</summary>
    public Task WaitAsync() => _process.WaitForExitAsync().WaitAsync(Patience.Limit);

    public Task WaitAsync(CancellationToken cancellation) => _process.WaitForExitAsync(cancellation);

    /// <summary>SIGTERM, as a person's Ctrl-C or an init system would.</summary>
    public void Terminate() => Signal(_process.Id, "TERM");

    /// <summary>kill -9.</summary>
    public void Kill() => Signal(_process.Id, "KILL");

    public static void Signal(int process, string signal) => Process.Start("kill", [$"-{signal}", process.ToString(System.Globalization.CultureInfo.InvariantCulture)]).WaitForExit();

    /// <summary>Asks it to end, waits so long for it, and disposes.</summary>
    public async Task EndAsync(TimeSpan patience)
    {
        if (!HasExited)
        {
            Terminate();
            using var limit = new CancellationTokenSource(patience);
            await WaitAsync(limit.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
    }
}
