using Weir.Contracts;
using Weir.Media.Broadcasting;
using Weir.Media.Transcoding;

namespace Weir.Live.Broadcasts;

/// <summary>One open session of one viewer at this node.</summary>
internal sealed class LiveViewer : Viewer
{
    private readonly LiveBroadcast _broadcast;
    private readonly CancellationTokenSource _closed = new();
    private int _end;
    private int _disposed;
    private Ending? _ending;
    private RenditionLease? _rendition;
    private Timeline? _timeline;

    public LiveViewer(LiveBroadcast broadcast, Ticket? ticket, ulong session, Outlet outlet)
    {
        _broadcast = broadcast;
        Session = session;
        Account = ticket?.Account ?? Guid.Empty;
        Epoch = ticket?.Epoch ?? 0;
        Ticket = ticket;
        Outlet = outlet;
        Closed = _closed.Token;
        Person = new Commenter(Account, ticket?.Name ?? "", ticket?.IsHost ?? false, ticket is { MayComment: true, IsAnonymous: false });
    }

    /// <summary>Same for all sessions of one ticket.</summary>
    public ulong Session { get; }

    public Guid Account { get; }

    public uint Epoch { get; }

    /// <summary>Null: nobody's, of a public broadcast.</summary>
    public Ticket? Ticket { get; }

    public bool HasTicket => Ticket is not null;

    public Outlet Outlet { get; }

    /// <summary>How to tell this session that its account may not, or may again, comment.</summary>
    public Action<bool>? OnMuted { get; set; }

    public override Broadcast Broadcast => _broadcast.Broadcast;

    /// <summary>Chosen when it is asked for first. Where sound cannot be transcoded it is the broadcast's own.</summary>
    public override Timeline Timeline => _timeline ??= Choose();

    public LiveBroadcast Live => _broadcast;

    public override Commenter Person { get; }

    public override CancellationToken Closed { get; }

    public override ViewerEnd End => (ViewerEnd)Volatile.Read(ref _end);

    /// <summary>Null until the recording is closed, or its disk took too long.</summary>
    public override Ending? Ending => Volatile.Read(ref _ending);

    /// <summary>The broadcast has ended: what is left arrives, then this.</summary>
    public void Close(Ending ending)
    {
        Volatile.Write(ref _ending, ending);
        Close(ViewerEnd.Ended);
    }

    public void Close(ViewerEnd why)
    {
        if (Interlocked.CompareExchange(ref _end, (int)why, (int)ViewerEnd.None) != (int)ViewerEnd.None)
        {
            return;
        }

        // Off the caller's thread: it may be the one that applies commands for everybody.
        ThreadPool.UnsafeQueueUserWorkItem(static source => Cancel(source), _closed, preferLocal: false);
    }

    public override void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            _broadcast.Viewers.Remove(this);
            _rendition?.Dispose();
        }
    }

    /// <summary>Players of RTMP and FLV know AAC and few know Opus; WebRTC knows Opus and no AAC.</summary>
    private Timeline Choose()
    {
        Codec? wanted = (Outlet, Broadcast.Timeline.Audio?.Codec) switch
        {
            (Outlet.HttpFlv or Outlet.Rtmp, Codec.Opus) => Codec.Aac,
            // Also where there is no sound yet: when it begins, the session goes on.
            (Outlet.Whep, Codec.Aac or null) => Codec.Opus,
            _ => null,
        };
        _rendition = wanted is { } codec ? _broadcast.Renditions.Lease(codec) : null;
        return _rendition?.Timeline ?? Broadcast.Timeline;
    }

    // The source is never disposed: it holds no timer, and a late Close must not throw.
    private static void Cancel(CancellationTokenSource source) => source.Cancel();
}
