using System.Diagnostics;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using Weir.Commands;
using Weir.Hosting;

namespace Weir.Supervision;

/// <summary>
/// Keeps the live plane running as a child process with its own heap, a lower priority and a name of its own. It is
/// started again when it ends: at once, unless it ended soon after its start, for then starts are spaced ever wider. One that runs and
/// answers nothing is killed and started again.
/// </summary>
internal sealed class LiveSupervisor(
    IReadOnlyList<string> arguments,
    IReadOnlyDictionary<string, string> environment,
    LiveHealth health,
    TimeProvider clock,
    ILogger<LiveSupervisor> log)
{
    private static readonly TimeSpan ShortestInterval = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LongestInterval = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Steady = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(3.5);

    private static readonly Counter<long> Hung = new Meter(ConnectionLimits.MeterName).CreateCounter<long>(
        "weir_live_plane_hung", description: "Live planes that were killed and replaced because they answered nothing any more");

    /// <summary>Share of the memory that the live plane's heap may take, so that it ends before the machine suffers.</summary>
    private const int HeapPercent = 50;

    /// <summary>
    /// Bytes of new objects after which the collector looks. Left to itself it waits for a share of the processor's cache, which can be 80 MB, and stops everybody for as long as seconds of
    /// pictures and thousands of viewers take to be moved. Much less, and it looks so often that what HLS still holds, and thousands of requests a second, cost more (docs/performance.md).
    /// </summary>
    private const int YoungBytes = 16 << 20;

    /// <summary>Completes if the very first start fails.</summary>
    private readonly TaskCompletionSource<int> _failedAtStart = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Waits for the first connection of the live plane. An exit code if it cannot start, for a reason that a restart would not mend.</summary>
    public async Task<int?> ReadyAsync(Func<bool> connected, CancellationToken stopping)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20), clock);
        while (!connected())
        {
            if (_failedAtStart.Task.IsCompleted)
            {
                return await _failedAtStart.Task;
            }

            if (!await timer.WaitForNextTickAsync(stopping))
            {
                break;
            }
        }

        return null;
    }

    public async Task RunAsync(CancellationToken stopping)
    {
        var interval = ShortestInterval;
        for (var first = true; !stopping.IsCancellationRequested; first = false)
        {
            var startedAt = clock.GetTimestamp();
            using var child = Start();
            try
            {
                await EndedAsync(child, stopping);
            }
            catch (OperationCanceledException)
            {
                await EndAsync(child);
                return;
            }

            if (first && child.ExitCode is ExitCodes.PortTaken or ExitCodes.BadOptions)
            {
                _failedAtStart.TrySetResult(child.ExitCode);
                return;
            }

            // Only what is left of the interval is waited: a plane that served for a while is back at once, however often it ends.
            var ran = clock.GetElapsedTime(startedAt);
            interval = ran > Steady ? ShortestInterval : interval;
            var pause = interval > ran ? interval - ran : TimeSpan.Zero;
            interval = interval * 2 < LongestInterval ? interval * 2 : LongestInterval;
            log.LogError("The live plane ended with {ExitCode}; it starts again in {Pause:0.0} s. Everything social goes on", child.ExitCode, pause.TotalSeconds);
            await Task.Delay(pause, clock, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Waits until it ends, by itself or killed because it hangs.</summary>
    private async Task EndedAsync(Process child, CancellationToken stopping)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        var exit = child.WaitForExitAsync(stopping);
        var silent = health.SilentAsync(ended.Token);
        if (await Task.WhenAny(exit, silent) == silent && silent.IsCompletedSuccessfully)
        {
            if (health.IsOutOfMemory)
            {
                log.LogError("The live plane has been out of memory for {Limit:0} s and is killed", health.Limit.TotalSeconds);
            }
            else
            {
                log.LogError("The live plane has answered nothing for {Limit:0} s and is killed", health.Limit.TotalSeconds);
            }

            Hung.Add(1);
            child.Kill();
        }

        try
        {
            await exit;
        }
        finally
        {
            await ended.CancelAsync();
            try
            {
                await silent;
            }
            catch (OperationCanceledException)
            {
                // It ended by itself, or everything does.
            }
        }
    }

    private Process Start()
    {
        // Started as `weir`, or as `dotnet weir.dll` from a build without a host of its own.
        var own = Environment.ProcessPath ?? throw new InvalidOperationException("The process has no path.");
        var start = new ProcessStartInfo(own) { UseShellExecute = false, RedirectStandardInput = true };
        if (Path.GetFileNameWithoutExtension(own) == "dotnet")
        {
            start.ArgumentList.Add(typeof(LiveSupervisor).Assembly.Location);
        }

        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        ChildEnvironment.Reduce(start);
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        start.Environment["DOTNET_GCHeapHardLimitPercent"] = HeapPercent.ToString("x", System.Globalization.CultureInfo.InvariantCulture);
        start.Environment["DOTNET_GCgen0size"] = YoungBytes.ToString("x", System.Globalization.CultureInfo.InvariantCulture);
        var child = Process.Start(start) ?? throw new InvalidOperationException("The live plane could not be started.");
        try
        {
            child.PriorityClass = ProcessPriorityClass.BelowNormal;
        }
        catch (Exception fault) when (fault is InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            log.LogWarning("The live plane's priority cannot be lowered: {Reason}", fault.Message);
        }

        return child;
    }

    private async Task EndAsync(Process child)
    {
        // Closing its standard input asks it to end; what has not ended by then is killed.
        child.StandardInput.Close();
        using var limit = new CancellationTokenSource(EndLimit, clock);
        try
        {
            await child.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            log.LogError("The live plane did not end in time and is killed");
            child.Kill();
        }
    }
}
