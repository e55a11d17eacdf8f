using System.Diagnostics.Metrics;

namespace Weir.Hosting;

/// <summary>
/// Bounds the log, whatever a client does that is worth a line: so many lines of one kind at once, then one a second. The next one that is
/// written says how many were left out. A kind is a statement in the code, with the type of the fault that it reports.
/// </summary>
public sealed class LogLines(TimeProvider clock)
{
    public const int Burst = 100;

    /// <summary>One more line of a kind comes back in so many seconds.</summary>
    public const int SecondsOfLine = 1;

    /// <summary>Statements are few; should a text come in place of one, memory is bounded all the same.</summary>
    private const int MaxKinds = 2048;

    private static readonly Counter<long> LeftOut = new Meter(ConnectionLimits.MeterName).CreateCounter<long>(
        "weir_log_lines_left_out", description: "Log lines that were not written, because there were too many of their kind");

    private readonly Lock _lock = new();
    private readonly Dictionary<(string Category, int Id, string Template, Type? Fault), Kind> _kinds = [];

    /// <param name="leftOut">How many of this kind were not written since the last one that was.</param>
    public bool TryTake(string category, int id, string template, Type? fault, out long leftOut)
    {
        lock (_lock)
        {
            var now = clock.GetTimestamp();
            var key = (category, id, template, fault);
            if (!_kinds.TryGetValue(key, out var kind))
            {
                if (_kinds.Count >= MaxKinds)
                {
                    _kinds.Clear();
                }

                _kinds[key] = kind = new Kind { At = now };
            }

            kind.Lines = Math.Min(Burst, kind.Lines + (clock.GetElapsedTime(kind.At, now).TotalSeconds / SecondsOfLine));
            kind.At = now;
            leftOut = kind.LeftOut;
            if (kind.Lines < 1)
            {
                kind.LeftOut++;
                LeftOut.Add(1, new KeyValuePair<string, object?>("category", category));
                return false;
            }

            kind.Lines--;
            kind.LeftOut = 0;
            return true;
        }
    }

    private sealed class Kind
    {
        public double Lines { get; set; } = Burst;

        public long At { get; set; }

        public long LeftOut { get; set; }
    }
}
