using System.Globalization;

namespace Weir.Bench;

/// <summary>What the kernel says about a process: processor time and memory.</summary>
internal static class ProcessFigures
{
    // proc(5): times are in clock ticks, and the kernel shows them to user space at 100 a second.
    private const double TicksPerSecond = 100;

    /// <summary>User and system seconds since the process began.</summary>
    public static double CpuSeconds(int process)
    {
        var fields = Stat(process);
        return (long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture)) / TicksPerSecond;
    }

    /// <summary>Seconds that a core spent on processes, whichever (without interrupts).</summary>
    public static double CoreSeconds(int core)
    {
        // proc(5) stat: user, nice, system, idle, ...
        var fields = File.ReadLines("/proc/stat").First(line => line.StartsWith($"cpu{core} ", StringComparison.Ordinal)).Split(' ');
        return fields[1..4].Sum(field => long.Parse(field, CultureInfo.InvariantCulture)) / TicksPerSecond;
    }

    public static double ResidentMegabytes(int process) => Kilobytes($"/proc/{process}/smaps_rollup", "Rss:") / 1024;

    /// <summary>The same from counters that the kernel keeps anyway: a little behind, and cheap enough to be read each second.</summary>
    public static double ResidentMegabytesNow(int process) => Kilobytes($"/proc/{process}/status", "VmRSS:") / 1024;

    /// <summary>What a process has given to files on disks so far, whether or not the disk has it yet; a file system in memory does not count.</summary>
    public static double WrittenMegabytes(int process)
    {
        var line = File.ReadLines($"/proc/{process}/io").First(candidate => candidate.StartsWith("write_bytes:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ')[1], CultureInfo.InvariantCulture) / (1024.0 * 1024);
    }

    /// <summary>What waits in this machine's memory to be written to disks.</summary>
    public static double DirtyMegabytes() => (Kilobytes("/proc/meminfo", "Dirty:") + Kilobytes("/proc/meminfo", "Writeback:")) / 1024;

    /// <summary>What the kernel holds for all TCP connections of this machine.</summary>
    public static double TcpMegabytes()
    {
        // "TCP: inuse 5 orphan 0 tw 0 alloc 6 mem 12", in pages.
        var fields = File.ReadLines("/proc/net/sockstat").First(line => line.StartsWith("TCP:", StringComparison.Ordinal)).Split(' ');
        return long.Parse(fields[Array.IndexOf(fields, "mem") + 1], CultureInfo.InvariantCulture) * Environment.SystemPageSize / (1024.0 * 1024);
    }

    /// <summary>Resident memory with shared pages counted in parts: what ending this process would free.</summary>
    public static double ProportionalMegabytes(int process) => Kilobytes($"/proc/{process}/smaps_rollup", "Pss:") / 1024;

    public static IReadOnlyList<int> Children(int parent) =>
        [.. Directory.EnumerateDirectories("/proc")
            .Select(directory => int.TryParse(Path.GetFileName(directory), NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : 0)
            .Where(id => id > 0 && ParentOf(id) == parent)];

    public static string CommandLine(int process) => File.ReadAllText($"/proc/{process}/cmdline").Replace('\0', ' ');

    private static int ParentOf(int process)
    {
        try
        {
            return int.Parse(Stat(process)[1], CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            // It ended while being looked at.
            return 0;
        }
    }

    // The second field of proc(5) stat is a name that may hold spaces; what follows its closing bracket does not.
    private static string[] Stat(int process)
    {
        var stat = File.ReadAllText($"/proc/{process}/stat");
        return stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
    }

    private static double Kilobytes(string file, string name)
    {
        var line = File.ReadLines(file).First(candidate => candidate.StartsWith(name, StringComparison.Ordinal));
        return double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
    }
}
