using System.CommandLine;
using Weir.Social;
using Weir.Social.Maintenance;

namespace Weir.Commands;

/// <summary>What the person at the server's keyboard does beside a running Weir, or without one.</summary>
internal static class MaintenanceCommands
{
    public static Command ResetPassword()
    {
        var handle = new Argument<string>("handle") { Description = "Whose password" };
        var command = new Command("reset-password", "Give an account a new random password and end its sessions") { handle };
        Settings.AddTo(command, "--data", "--database");
        command.SetAction((line, cancellation) => SayAsync(async () =>
        {
            var options = SocialSettings.From(new Settings(line), demo: false, liveIsChild: false);
            var password = await Social.Maintenance.ResetPassword.RunAsync(options, line.GetValue(handle)!, cancellation);
            Console.WriteLine($"New password, shown once: {password}");
        }));
        return command;
    }

    public static Command MakeAdministrator()
    {
        var handle = new Argument<string>("handle") { Description = "Who administers this server from now on" };
        var command = new Command("make-administrator", "Make an account an administrator, also while Weir runs") { handle };
        Settings.AddTo(command, "--data", "--database");
        command.SetAction((line, cancellation) => SayAsync(async () =>
        {
            var options = SocialSettings.From(new Settings(line), demo: false, liveIsChild: false);
            var who = line.GetValue(handle)!;
            Console.WriteLine(await Social.Maintenance.MakeAdministrator.RunAsync(options, who, cancellation)
                ? $"{who} is an administrator now. The audit trail says so."
                : $"{who} is an administrator already. Nothing was changed.");
        }));
        return command;
    }

    public static Command Backup()
    {
        var file = new Argument<string>("file") { Description = "The file to write" };
        var command = new Command("backup", "Write everything into one file, also while Weir runs") { file };
        Settings.AddTo(command, "--data", "--recordings", "--database");
        command.SetAction((line, cancellation) => SayAsync(async () =>
        {
            var settings = new Settings(line);
            var options = SocialSettings.From(settings, demo: false, liveIsChild: false);
            Say("Backed up", await Social.Maintenance.Backup.RunAsync(options, line.GetValue(file)!, settings.RecordingsDirectory, cancellation: cancellation));
        }));
        return command;
    }

    public static Command Restore()
    {
        var file = new Argument<string>("file") { Description = "A file that `weir backup` wrote" };
        var command = new Command("restore", "Restore a backup into an empty data directory") { file };
        Settings.AddTo(command, "--data", "--recordings", "--database");
        command.SetAction((line, cancellation) => SayAsync(async () =>
        {
            var settings = new Settings(line);
            var options = SocialSettings.From(settings, demo: false, liveIsChild: false);
            Say("Restored", await Social.Maintenance.Restore.RunAsync(options, line.GetValue(file)!, settings.RecordingsDirectory, cancellation));
        }));
        return command;
    }

    private static void Say(string what, Backup.Result result)
    {
        foreach (var note in result.Notes)
        {
            Console.WriteLine(note);
        }

        Console.WriteLine($"{what} {result.Files} files, {result.Bytes / 1e6:0.0} MB.");
    }

    private static async Task<int> SayAsync(Func<Task> work)
    {
        try
        {
            await work();
            return 0;
        }
        catch (Exception fault) when (fault is MaintenanceException or LaterDatabaseException or IOException or UnauthorizedAccessException)
        {
            throw new RefusedException(fault.Message);
        }
    }
}
