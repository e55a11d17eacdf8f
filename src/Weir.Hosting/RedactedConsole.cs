using System.Globalization;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace Weir.Hosting;

/// <summary>
/// One line an entry, with the date and the time in UTC, secrets hidden. No code of ours logs a ticket or a key; this holds also when an
/// operator asks ASP.NET Core for its request log, or a fault's message quotes a URL. Lines of one kind are bounded by
/// <see cref="LogLines"/>, but for those of the security log, which bounds its own, and those below Information, which an operator asked for.
/// </summary>
internal sealed class RedactedConsole(TimeProvider clock) : ConsoleFormatter(FormatterName)
{
    public const string FormatterName = "weir";

    /// <summary>As Weir.Social.Security.SecurityLog has it.</summary>
    private const string SecurityCategory = "Weir.Security";

    private readonly LogLines _lines = new(clock);

    public override void Write<TState>(in LogEntry<TState> logEntry, IExternalScopeProvider? scopeProvider, TextWriter textWriter)
    {
        long leftOut = 0;
        if (logEntry.EventId.Name == "RequestBodyDrainBodyReaderInvalidState")
        {
            // Kestrel's word, at Error, for a client that closed its connection within a body.
            return;
        }

        if (logEntry.LogLevel >= LogLevel.Information && logEntry.Category != SecurityCategory
            && !_lines.TryTake(
                logEntry.Category, logEntry.EventId.Id, Template(logEntry.State), logEntry.Exception?.GetType(), out leftOut))
        {
            return;
        }

        var message = logEntry.Formatter(logEntry.State, logEntry.Exception);
        // Whoever is not ours logs whole addresses when an operator asks for its request log.
        message = logEntry.Category.StartsWith("Weir", StringComparison.Ordinal) ? Redaction.Text(message) : Redaction.Routes(message);
        var text = logEntry.Exception is null ? message : $"{message} {Redaction.Text(logEntry.Exception.ToString())}";
        textWriter.Write(clock.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z' ", CultureInfo.InvariantCulture));
        textWriter.Write(Word(logEntry.LogLevel));
        textWriter.Write(": ");
        textWriter.Write(logEntry.Category);
        textWriter.Write(' ');
        textWriter.Write(Redaction.Line(text));
        textWriter.WriteLine(leftOut == 0 ? "" : $" ({leftOut} more of this kind were left out before)");
    }

    private static string Template(object? state) =>
        state is IReadOnlyList<KeyValuePair<string, object?>> { Count: > 0 } values
        && values[^1] is { Key: "{OriginalFormat}", Value: string template } ? template : "";

    private static string Word(LogLevel level) => level switch
    {
        LogLevel.Trace => "trce",
        LogLevel.Debug => "dbug",
        LogLevel.Information => "info",
        LogLevel.Warning => "warn",
        LogLevel.Error => "fail",
        _ => "crit",
    };
}
