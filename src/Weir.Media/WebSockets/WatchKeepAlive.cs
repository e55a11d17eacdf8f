using System.Collections.Concurrent;

namespace Weir.Media.WebSockets;

/// <summary>
/// Asks silent viewers whether they are still there, and lets go of those who do not answer: the connection of a phone that lost its network says
/// nothing by itself. One clock for all, because a timer for each WebSocket costs as much as sending it the picture.
/// </summary>
public sealed class WatchKeepAlive : IDisposable
{
    /// <summary>A viewer who was not heard of for this long is pinged; proxies close what is quiet for a minute.</summary>
    public static readonly TimeSpan PingAfter = TimeSpan.FromSeconds(15);

    /// <summary>What a ping may stay unanswered.</summary>
    public static readonly TimeSpan PongTimeout = TimeSpan.FromSeconds(20);

    // Short, so that thousands who came at different times are not asked, and do not answer, all at once.
    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(1);
    private static readonly int PingAt = (int)(PingAfter / Tick);
    private static readonly int LetGoAt = PingAt + (int)(PongTimeout / Tick);

    private readonly ConcurrentDictionary<Kept, bool> _all = new();
    private readonly ITimer _timer;

    public WatchKeepAlive(TimeProvider clock) => _timer = clock.CreateTimer(_ => Look(), null, Tick, Tick);

    /// <param name="wire">Knows whether anything came.</param>
    /// <param name="ping">False: the viewer cannot even be asked.</param>
    /// <param name="letGo">Ends the connection. Both are called by the clock: quick, and nothing that throws.</param>
    /// <returns>Ends the asking.</returns>
    internal IDisposable Watch(SplitStream wire, Func<bool> ping, Action letGo)
    {
        var kept = new Kept(this, wire, ping, letGo);
        _all[kept] = true;
        return kept;
    }

    public void Dispose() => _timer.Dispose();

    private void Look()
    {
        foreach (var (kept, _) in _all)
        {
            kept.Look();
        }
    }

    private sealed class Kept(WatchKeepAlive all, SplitStream wire, Func<bool> ping, Action letGo) : IDisposable
    {
        private readonly Lock _lock = new();
        private int _silentTicks;
        private bool _over;

        public void Look()
        {
            lock (_lock)
            {
                if (_over)
                {
                    return;
                }

                _silentTicks = wire.TakeHeard() ? 0 : _silentTicks + 1;
                if (_silentTicks >= LetGoAt || (_silentTicks == PingAt && !ping()))
                {
                    _over = true;
                    letGo();
                }
            }
        }

        /// <summary>Nothing is called any more when it returns: the connection may be another request's by then.</summary>
        public void Dispose()
        {
            all._all.TryRemove(this, out _);
            lock (_lock)
            {
                _over = true;
            }
        }
    }
}
