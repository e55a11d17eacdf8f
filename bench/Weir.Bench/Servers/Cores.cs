namespace Weir.Bench.Servers;

/// <summary>The server has the first core to itself; whoever loads it has the others.</summary>
internal static class Cores
{
    public static string Server => "0";

    public static string Load => Environment.ProcessorCount > 1 ? $"1-{Environment.ProcessorCount - 1}" : "0";

    public static string All => Environment.ProcessorCount > 1 ? $"0-{Environment.ProcessorCount - 1}" : "0";

    public static string Remark => Environment.ProcessorCount > 1
        ? "The server is pinned to core 0, publisher and viewers to the others."
        : "One core only: the server shares it with its load, so the numbers say little.";
}
