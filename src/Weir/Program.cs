using System.CommandLine;
using Weir.Commands;
using Weir.Hosting;

var root = new RootCommand("Weir: a social messenger with live broadcasting for people who know each other.")
{
    UpCommand.Create(),
    SocialCommand.Create(),
    LiveCommand.Create(),
    MaintenanceCommands.ResetPassword(),
    MaintenanceCommands.Backup(),
    MaintenanceCommands.Restore(),
};

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
