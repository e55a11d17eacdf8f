using System.Runtime.InteropServices;

namespace Weir;

/// <summary>What a Weir process gives up before it does anything; its children never had it.</summary>
internal static class ProcessRights
{
    private const int PrSetNoNewPrivileges = 38;
    private const uint OwnerOnly = 0b000_111_111;

    public static void Reduce()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        // Every file and directory that is made from here on is its owner's alone, also those that SQLite makes.
        _ = SetMask(OwnerOnly);
        if (OperatingSystem.IsLinux() && Control(PrSetNoNewPrivileges, 1, 0, 0, 0) != 0)
        {
            // A kernel, or a sandbox around this process, that does not know it: everything works as without.
            Console.Error.WriteLine("weir: this system does not let a process give up rights that programs could give it (no_new_privs).");
        }
    }

    [DllImport("libc", EntryPoint = "umask")]
    private static extern uint SetMask(uint mask);

    [DllImport("libc", EntryPoint = "prctl")]
    private static extern int Control(int option, nuint argument2, nuint argument3, nuint argument4, nuint argument5);
}
