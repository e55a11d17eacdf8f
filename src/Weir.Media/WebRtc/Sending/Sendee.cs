using Weir.Media.Broadcasting;
using Weir.Media.WebRtc.Transport;

namespace Weir.Media.WebRtc.Sending;

/// <summary>A viewer as a sender knows them.</summary>
internal sealed class Sendee(WhepSession session, RtcPeer peer, ILog log, Action<WhepEnd> onEnd)
{
    public WhepSession Session => session;

    public RtcPeer Peer => peer;

    public ILog Log => log;

    /// <summary>The sender's batch with this peer as its goal.</summary>
    public BatchOutput? Output { get; set; }

    public SendLoop? Loop { get; set; }

    public SendGroup? Group { get; set; }

    /// <summary>Microseconds; when to come again without news.</summary>
    public long Due { get; set; } = WhepSession.Never;

    public void Finish(WhepEnd end) => onEnd(end);
}

/// <summary>All viewers of one timeline at one sender.</summary>
internal sealed class SendGroup(SendLoop loop, ILog log) : ILogListener
{
    private int _hasNews;

    public List<Sendee> Viewers { get; } = [];

    public ILog Log => log;

    public void OnAppended()
    {
        if (Interlocked.Exchange(ref _hasNews, 1) == 0)
        {
            loop.Look(this);
        }
    }

    /// <summary>Before reading: what is appended from here on is news again.</summary>
    public void TakeNews() => Interlocked.Exchange(ref _hasNews, 0);
}
