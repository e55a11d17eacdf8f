using Weir.Media.Broadcasting;
using Weir.Media.Broadcasting.FanOut;
using Weir.Media.Cmaf;
using Weir.Media.Formats;

namespace Weir.Media.WebSockets;

/// <summary>
/// What one viewer's WebSocket is sent, frame by frame: hello, the latest comments, then media and events in the packager's order, what concerns this
/// viewer alone in between, at last the goodbye and the close. Media and events are the same bytes for all.
/// </summary>
internal sealed class WatchFeed : Feed
{
    /// <summary>The tag of this outlet's counters.</summary>
    public static readonly KeyValuePair<string, object?> Outlet = new("outlet", "websocket");

    // Feeds of one form share bytes: hosts get events that others do not, and who wants no media gets none.
    private static readonly object[] Forms = [new(), new(), new(), new()];

    private readonly Viewer _viewer;
    private readonly Packager _packager;
    private readonly SharedLog<CmafItem> _log;
    private readonly Mailbox _mailbox;
    private readonly bool _media;
    private readonly long _epoch;
    private readonly WatchLimits _limits;
    private Replies _replies; // a struct that changes: not readonly
    private readonly Queue<ReadOnlyMemory<byte>> _own = new();
    private readonly List<byte[]> _personal = [];
    private HashSet<TimelineEvent>? _greeted;
    private InitSegment? _sent;
    private string? _mime;
    private long _cursor;
    private long _eventsFrom;
    private long _greetedUpTo;
    private long _sharedFrom = -1;
    private bool _opened;
    private bool _begun;
    private volatile bool _closing;
    private volatile bool _graceOver;

    public WatchFeed(Viewer viewer, Packager packager, Mailbox mailbox, bool media, long epoch, WatchLimits limits)
    {
        (_viewer, _packager, _mailbox, _media, _epoch, _limits) = (viewer, packager, mailbox, media, epoch, limits);
        _log = packager.Log;
        Form = Forms[(media ? 1 : 0) + (viewer.Person.IsHost ? 2 : 0)];
    }

    public override ILog Log => _log;

    public override object Form { get; }

    public override bool HasBegun => _opened && (_begun || !_media);

    /// <summary>Why it ended; set before <see cref="FeedState.Ended"/>.</summary>
    public WatchEnd? End { get; private set; }

    /// <summary>Why the viewer must go now, if they must.</summary>
    public WatchEnd? Leaving() => _mailbox.Fault is not null ? WatchEnd.ViewerAtFault
        : _viewer.Closed.IsCancellationRequested ? WatchEnds.Of(_viewer.End)
        : _mailbox.Left ? WatchEnd.ViewerLeft : null;

    /// <summary>Nothing of the rest is waited for any more.</summary>
    public void EndGrace() => _graceOver = true;

    /// <summary>A control frame that the receiving half wants sent; from any thread. False when too many wait.</summary>
    public bool Reply(byte[] frame)
    {
        if (!_replies.TryAdd(frame))
        {
            return false;
        }

        _mailbox.Nudge();
        return true;
    }

    public override FeedState Take(Batch? shared, out ReadOnlyMemory<byte> bytes)
    {
        bytes = default;
        while (true)
        {
            if (_own.TryDequeue(out bytes))
            {
                return FeedState.Bytes;
            }

            if (End is not null)
            {
                return FeedState.Ended;
            }

            if (_replies.TryTake(out var reply))
            {
                _closing |= WebSocketFrame.IsClose(reply);
                bytes = reply;
                return FeedState.Bytes;
            }

            if (!_opened)
            {
                Greet();
                continue;
            }

            if (Verdict() is { } end)
            {
                SayGoodbye(end);
                continue;
            }

            _mailbox.Take(_personal);
            if (_personal.Count > 0)
            {
                _personal.ForEach(Say);
                _personal.Clear();
                continue;
            }

            Catch();
            if (_own.Count > 0)
            {
                continue;
            }

            if (!Follow(shared, out bytes))
            {
                if (_own.Count == 0)
                {
                    // The log may have been completed in the meantime.
                    return Verdict() is null ? FeedState.Nothing : Take(shared, out bytes);
                }

                continue;
            }

            return shared is not null && _log.IsAhead(_cursor) ? FeedState.LastBytes : FeedState.Bytes;
        }
    }

    public override async ValueTask WaitAsync(CancellationToken cancellation)
    {
        var news = _mailbox.News;
        if (Verdict() is null && _replies.IsEmpty)
        {
            // Whoever loses is told so: it would wait on, one more for each entry of the log.
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            var first = await Task.WhenAny(_log.WaitAsync(_cursor, either.Token).AsTask(), news.WaitAsync(either.Token));
            await either.CancelAsync();
            await first;
        }
    }

    private void Greet()
    {
        // The cursor first: what is posted from here on comes by the log, what was posted before by Latest.
        _opened = true;
        _cursor = _eventsFrom = _log.Next;
        _mime = _media ? _packager.Init?.Mime : null;
        Hello();
        var broadcast = _viewer.Broadcast;
        var latest = broadcast.Comments.Latest();
        _greeted = [.. latest];
        foreach (var comment in latest)
        {
            Say(broadcast.Comments.Shown(comment).Span);
        }

        _greetedUpTo = broadcast.Timeline.Log.Next;
        if (broadcast.Comments.IsMuted(_viewer.Person.Account))
        {
            _mailbox.SetMuted(true);
        }
    }

    private void Hello() => Say(WatchFrames.Hello(_viewer, _packager, _mime, _epoch));

    /// <summary>Ends at once for everything but the end of the broadcast: the rest is delivered first, and then what is known of the replay.</summary>
    private WatchEnd? Verdict() => Leaving() is { } end && (end != WatchEnd.Ended || _graceOver) ? end
        : _log.IsCompleted && _opened && _cursor >= _log.Next && _viewer.Ending is not null ? WatchEnd.Ended : null;

    private void SayGoodbye(WatchEnd end)
    {
        if (WatchCloses.LastWord(end, _viewer.Ending) is { } word)
        {
            Say(word);
        }

        // A fault that the receiving half saw itself was answered by its own close.
        if (!_closing)
        {
            var (code, reason) = WatchCloses.Of(end, _mailbox.Fault);
            _own.Enqueue(WebSocketFrame.Close(code, reason));
        }

        End = end;
    }

    /// <summary>Finds the place to begin, or a newer one for a viewer who is behind.</summary>
    private void Catch()
    {
        if (_media && !_begun)
        {
            Begin();
        }
        else
        {
            SkipWhenBehind();
        }
    }

    private void Begin()
    {
        var join = _packager.JoinIndex;
        if (join >= 0)
        {
            // Events between the keyframe and the greeting were greeted with; the order of the rest is the log's.
            _eventsFrom = Math.Max(_eventsFrom, _cursor);
            _cursor = Math.Min(_cursor, join);
            _begun = true;
        }
    }

    private void SkipWhenBehind()
    {
        var first = _log.First;
        if (_cursor < first)
        {
            // Lost the place: what is gone is gone, the newest keyframe is where it heals.
            MediaMeter.ViewerSkips.Add(1, Outlet);
            if (_media)
            {
                SkipTo(_packager.JoinIndex, first);
            }

            _cursor = Math.Max(_cursor, first);
            return;
        }

        var join = _packager.JoinIndex;
        if (_media && join > _cursor && _log.TryGet(_cursor, out var item) && item is Fragment next
            && _packager.Edge - next.Start > (long)_limits.MaxLag.TotalMicroseconds)
        {
            MediaMeter.ViewerSkips.Add(1, Outlet);
            SkipTo(join, _cursor);
        }
    }

    /// <summary>Goes on at the keyframe; events of weight that are still held come first.</summary>
    private void SkipTo(long join, long from)
    {
        if (join < 0)
        {
            _begun = false;
            _cursor = _log.Next;
            join = _cursor;
        }

        for (var i = from; i < join; i++)
        {
            if (i >= _eventsFrom && _log.TryGet(i, out var item) && item is CmafEvent { Event.Droppable: false } kept && Concerns(kept.Event))
            {
                Say(kept.Event.Json.Span);
            }
        }

        _eventsFrom = Math.Max(_eventsFrom, join);
        _cursor = join;
    }

    /// <summary>The next bytes of the log. False: none now, or something of this viewer's own comes first.</summary>
    private bool Follow(Batch? shared, out ReadOnlyMemory<byte> bytes)
    {
        bytes = default;
        while (_log.TryGet(_cursor, out var item))
        {
            if (item is Fragment fragment && _media && _begun && fragment.Init != _sent)
            {
                Tell(fragment.Init);
                return false;
            }

            if (shared is null || IsGreeting() || (_media && !_begun))
            {
                var mine = Single(item);
                _cursor++;
                if (mine.IsEmpty)
                {
                    continue;
                }

                bytes = mine;
                return true;
            }

            if (shared.From != _cursor || shared.To == _cursor)
            {
                Gather(shared);
            }

            if (shared.First is InitSegment init && init != _sent)
            {
                Tell(init);
                return false;
            }

            _cursor = shared.To;
            if (!shared.Bytes.IsEmpty)
            {
                bytes = shared.Bytes;
                return true;
            }
        }

        return false;
    }

    /// <summary>
    /// Until the greeting is behind, each event is looked at for whether it was in it: a comment of the greeting may still be on its way through
    /// the packager.
    /// </summary>
    private bool IsGreeting()
    {
        if (_greeted is null)
        {
            return false;
        }

        if (_sharedFrom < 0 && _packager.Position >= _greetedUpTo)
        {
            _sharedFrom = _log.Next;
        }

        if (_sharedFrom < 0 || _cursor < Math.Max(_sharedFrom, _eventsFrom))
        {
            return true;
        }

        _greeted = null;
        return false;
    }

    private ReadOnlyMemory<byte> Single(CmafItem item) => item is Fragment fragment
        ? _media && _begun ? WatchFrames.Framed(fragment) : default
        : item is CmafEvent happened && _cursor >= _eventsFrom && Concerns(happened.Event)
            ? WebSocketFrame.Message(WebSocketOpcode.Text, happened.Event.Json.Span)
            : default;

    /// <summary>Everything from the cursor on, up to where the init segment changes.</summary>
    private void Gather(Batch batch)
    {
        batch.Begin(_cursor);
        for (var index = _cursor; _log.TryGet(index, out var item); index++)
        {
            if (item is Fragment fragment && _media)
            {
                if ((batch.First is not null && batch.First != fragment.Init) || !batch.TryAdd(WatchFrames.Framed(fragment)))
                {
                    return;
                }

                batch.First = fragment.Init;
            }
            else if (item is CmafEvent { Event: var happened } && (!happened.HostOnly || _viewer.Person.IsHost))
            {
                if (!batch.TryAdd(WebSocketFrame.Message(WebSocketOpcode.Text, happened.Json.Span)))
                {
                    return;
                }
            }
            else
            {
                batch.Pass();
            }
        }
    }

    private bool Concerns(TimelineEvent happened) =>
        (!happened.HostOnly || _viewer.Person.IsHost) && !(_greeted is { Count: > 0 } && _greeted.Remove(happened));

    private void Tell(InitSegment init)
    {
        if (init.Mime != _mime)
        {
            _mime = init.Mime;
            Hello();
        }

        _own.Enqueue(WebSocketFrame.Message(WebSocketOpcode.Binary, init.Data.Span));
        _sent = init;
    }

    private void Say(byte[] json) => Say(json.AsSpan());

    private void Say(ReadOnlySpan<byte> json) => _own.Enqueue(WebSocketFrame.Message(WebSocketOpcode.Text, json));
}
