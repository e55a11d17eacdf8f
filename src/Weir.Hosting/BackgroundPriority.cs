using System.Runtime.InteropServices;

namespace Weir.Hosting;

/// <summary>
/// Lowers the priority of one thread, so that its work takes what the other threads of the machine leave; and runs what takes a processor
/// for long on such a thread. On the pool's threads, of which there are as many as processors at first, it would hold up every call.
/// </summary>
public static class BackgroundPriority
{
    private const int Process = 0;
    private const int Nice = 5;
    private const int LowestPriority = 19;

    /// <summary>Of the calling thread, which must be one of its own and not the pool's. Where it cannot be had, nothing changes.</summary>
    /// <returns>Whether the priority is lower now.</returns>
    public static bool Take()
    {
        if (!OperatingSystem.IsLinux())
        {
            Thread.CurrentThread.Priority = ThreadPriority.BelowNormal;
            return true;
        }

        // .NET sets no priorities on Linux. There a nice value belongs to a thread, and id 0 is the calling one (sched(7), setpriority(2)).
        // Added to what the process has: an operator may have given it one.
        return SetPriority(Process, 0, Math.Min(GetPriority(Process, 0) + Nice, LowestPriority)) == 0;
    }

    /// <summary>On a thread of its own; what comes after it runs on the pool again. The caller bounds how many run at a time.</summary>
    public static Task<T> RunAsync<T>(Func<T> work, CancellationToken cancellation) => Task.Factory.StartNew(
        () =>
        {
            Take();
            return work();
        },
        cancellation,
        TaskCreationOptions.LongRunning | TaskCreationOptions.RunContinuationsAsynchronously,
        TaskScheduler.Default);

    [DllImport("libc", EntryPoint = "getpriority", SetLastError = true)]
    private static extern int GetPriority(int which, uint who);

    [DllImport("libc", EntryPoint = "setpriority", SetLastError = true)]
    private static extern int SetPriority(int which, uint who, int value);
}
