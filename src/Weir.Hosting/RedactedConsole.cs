using System.Globalization;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace Weir.Hosting;

/// <summary>
/// One line an entry, with the date and the time in UTC, secrets hidden. No code of ours logs a ticket or a key; this holds also when an
/// operator asks ASP.NET Core for its request log, or a fault's message quotes a URL.
/// </summary>
internal sealed class RedactedConsole(TimeProvider clock) : ConsoleFormatter(FormatterName)
{
    public const string FormatterName = "weir";

    public override void Write<TState>(in LogEntry<TState> logEntry, IExternalScopeProvider? scopeProvider, TextWriter textWriter)
    {
        var message = logEntry.Formatter(logEntry.State, logEntry.Exception);
        // Whoever is not ours logs whole addresses when an operator asks for its request log.
        message = logEntry.Category.StartsWith("Weir", StringComparison.Ordinal) ? Redaction.Text(message) : Redaction.Routes(message);
        var text = logEntry.Exception is null ? message : $"{message} {Redaction.Text(logEntry.Exception.ToString())}";
        textWriter.Write(clock.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z' ", CultureInfo.InvariantCulture));
        textWriter.Write(Word(logEntry.LogLevel));
        textWriter.Write(": ");
        textWriter.Write(logEntry.Category);
        textWriter.Write(' ');
        textWriter.WriteLine(Redaction.Line(text));
    }

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
