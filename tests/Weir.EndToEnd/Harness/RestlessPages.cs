using System.Diagnostics;
using Microsoft.Playwright;

namespace Weir.EndToEnd.Harness;

/// <summary>
/// Finds a page that asks the same thing again as soon as it has the answer: what a page shows must not make it ask. It costs every story nothing,
/// because only the page's own requests are counted.
/// </summary>
internal sealed class RestlessPages
{
    private const int Most = 25;
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(4);
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Queue<long>> _asked = [];
    private readonly SortedSet<string> _found = [];

    public void Watch(IPage page) => page.Request += (_, request) => Note(request.Method, new Uri(request.Url).PathAndQuery);

    /// <summary>What was asked for more than <see cref="Most"/> times within <see cref="Window"/>.</summary>
    public IReadOnlyList<string> Found()
    {
        lock (_gate)
        {
            return [.. _found];
        }
    }

    private void Note(string method, string path)
    {
        if (!path.StartsWith("/api/", StringComparison.Ordinal))
        {
            return;
        }
        lock (_gate)
        {
            var call = $"{method} {path}";
            var times = _asked.TryGetValue(call, out var known) ? known : _asked[call] = new();
            times.Enqueue(Stopwatch.GetTimestamp());
            while (Stopwatch.GetElapsedTime(times.Peek()) > Window)
            {
                times.Dequeue();
            }
            if (times.Count > Most)
            {
                _found.Add(call);
            }
        }
    }
}
