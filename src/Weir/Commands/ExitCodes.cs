namespace Weir.Commands;

/// <summary>What a supervisor or a script can tell from how a Weir process ended (numbers of sysexits.h where one fits).</summary>
internal static class ExitCodes
{
    public const int Refused = 1;
    public const int BadOptions = 64;

    /// <summary>A port is taken; starting again at once will not help.</summary>
    public const int PortTaken = 69;
}

/// <summary>An expected reason not to go on, said in one line without a stack trace.</summary>
internal sealed class RefusedException(string message, int exitCode = ExitCodes.Refused) : Exception(message)
{
    public int ExitCode { get; } = exitCode;
}
