using Microsoft.Extensions.Logging;
using Weir.Media.WebRtc.Transport;

namespace Weir.Media.WebRtc.Sending;

/// <summary>The few threads that send to all WHEP viewers; one a core.</summary>
public sealed partial class RtcSenders(RtcEndpoint endpoint, int count, ILogger<RtcSenders> log) : IDisposable
{
    private readonly Lock _lock = new();
    private SendLoop[]? _loops;

    /// <summary>Begins to send; from then on the session belongs to a sender until it ends or is removed.</summary>
    internal void Add(Sendee viewer)
    {
        SendLoop loop;
        lock (_lock)
        {
            _loops ??= [.. Enumerable.Range(0, Math.Max(1, count)).Select(number => new SendLoop(endpoint, number, LogFault))];
            loop = _loops.MinBy(candidate => candidate.Count)!;
        }

        viewer.Loop = loop;
        loop.Add(viewer);
    }

    internal static void Remove(Sendee viewer) => viewer.Loop?.Remove(viewer);

    public void Dispose()
    {
        lock (_lock)
        {
            foreach (var loop in _loops ?? [])
            {
                loop.Dispose();
            }

            _loops = [];
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Sending to a WHEP viewer failed")]
    private partial void LogFault(Exception fault);
}
