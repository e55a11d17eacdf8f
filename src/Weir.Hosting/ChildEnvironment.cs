using System.Diagnostics;

namespace Weir.Hosting;

/// <summary>
/// What a child process gets of this one's environment: what programs need to run, and nothing that an operator put there for Weir. The
/// database's password and the set-up code may stand in it, and the children read what strangers send.
/// </summary>
public static class ChildEnvironment
{
    private static readonly string[] Names =
    [
        "PATH", "HOME", "USER", "LOGNAME", "TZ", "LANG", "LANGUAGE", "TMPDIR", "TMP", "TEMP", "LD_LIBRARY_PATH", "LD_PRELOAD", "MALLOC_ARENA_MAX", "SSL_CERT_FILE", "SSL_CERT_DIR",
        // Windows starts nothing without these.
        "SystemRoot", "SystemDrive", "PATHEXT", "USERPROFILE", "LOCALAPPDATA", "APPDATA", "ProgramData",
    ];

    /// <summary>The runtime's own settings, and what is logged.</summary>
    private static readonly string[] Prefixes = ["LC_", "DOTNET_", "COMPlus_", "Logging__"];

    /// <summary>Takes everything else away.</summary>
    public static void Reduce(ProcessStartInfo start)
    {
        foreach (var name in start.Environment.Keys.Where(name => !IsAllowed(name)).ToList())
        {
            start.Environment.Remove(name);
        }
    }

    public static bool IsAllowed(string name)
    {
        var comparison = OperatingSystem.IsWindows() ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal;
        return Names.Any(allowed => allowed.Equals(name, comparison)) || Prefixes.Any(prefix => name.StartsWith(prefix, comparison));
    }
}
