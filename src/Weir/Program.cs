using System.CommandLine;
using Weir;
using Weir.Commands;
using Weir.Hosting;

ProcessRights.Reduce();
var root = new RootCommand("Weir: a social messenger with live broadcasting for people who know each other.")
{
    UpCommand.Create(),
    SocialCommand.Create(),
    LiveCommand.Create(),
    MaintenanceCommands.ResetPassword(),
    MaintenanceCommands.MakeAdministrator(),
    MaintenanceCommands.Backup(),
    MaintenanceCommands.Restore(),
};

if (args is ["live", ..])
{
    // Read once, by the pool's first thread. Frames come every few milliseconds: threads that look for more work before they sleep would do so all the
    // time, which takes as much of a core as sending to a thousand viewers who wait 350 ms (docs/performance.md).
    AppContext.SetData("System.Threading.ThreadPool.UnfairSemaphoreSpinLimit", 0);
}
else
{
    NativeHeap.KeepSmall();
    // SQLite answers on the thread that asks. Searches, of which there are as many at a time as processors, exports, the search index and the
    // writers' commits hold one each for as long as the disk takes, and the pool would begin with as many as there are processors and add
    // one or two a second.
    ThreadPool.GetMinThreads(out _, out var completions);
    ThreadPool.SetMinThreads((2 * Environment.ProcessorCount) + 4, completions);
}

try
{
    // The hosts handle SIGTERM and Ctrl-C themselves: they have connections to close first.
    return await root.Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null, EnableDefaultExceptionHandler = false });
}
catch (InvalidOptionsException faults)
{
    foreach (var fault in faults.Faults)
    {
        Console.Error.WriteLine($"weir: {fault}");
    }

    return ExitCodes.BadOptions;
}
catch (RefusedException refused)
{
    Console.Error.WriteLine($"weir: {refused.Message}");
    return refused.ExitCode;
}
