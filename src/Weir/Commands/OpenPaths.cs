using Weir.Hosting;

namespace Weir.Commands;

/// <summary>Says loudly at every start what other users of the machine can read. What is made from now on is private in any case
/// (<see cref="ProcessRights"/>).</summary>
internal static class OpenPaths
{
    public static void Warn(Settings settings)
    {
        var data = settings.DataDirectory;
        foreach (var warning in PrivatePath.Warnings(data, Path.Combine(data, "secrets"), Path.Combine(data, "files"), Path.Combine(data, "weir.db"), settings.RecordingsDirectory))
        {
            Console.Error.WriteLine($"weir: {warning}");
        }
    }
}
