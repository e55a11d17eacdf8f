using System.Net.WebSockets;
using Weir.Media.Broadcasting;
using Weir.Media.Cmaf;

namespace Weir.Media.WebSockets;

/// <summary>The only writer of a viewer's socket: one cursor, one loop.</summary>
internal sealed class WatchSender : IDisposable
{
    /// <summary>The tag of this outlet's counters.</summary>
    public static readonly KeyValuePair<string, object?> Outlet = new("outlet", "websocket");

    private readonly WebSocket _socket;
    private readonly Viewer _viewer;
    private readonly Packager _packager;
    private readonly SharedLog<CmafItem> _log;
    private readonly Mailbox _mailbox;
    private readonly bool _media;
    private readonly long _epoch;
    private readonly WatchLimits _limits;
    private readonly CancellationTokenSource _sendDeadline;
    private readonly ITimer _grace;
    private readonly CancellationTokenRegistration _onClosed;
    private readonly List<byte[]> _personal = [];
    private HashSet<TimelineEvent>? _greeted;
    private InitSegment? _sent;
    private string? _mime;
    private long _cursor;
    private long _eventsFrom;
    private bool _begun;
    private bool _graceOver;

    public WatchSender(
        WebSocket socket, Viewer viewer, Packager packager, Mailbox mailbox, bool media, long epoch, WatchLimits limits, TimeProvider clock)
    {
        (_socket, _viewer, _packager, _mailbox, _media, _epoch, _limits) = (socket, viewer, packager, mailbox, media, epoch, limits);
        _log = packager.Log;
        _sendDeadline = new CancellationTokenSource(Timeout.InfiniteTimeSpan, clock);
        _grace = clock.CreateTimer(_ => EndGrace(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _onClosed = viewer.Closed.UnsafeRegister(
            _ =>
            {
                _grace.Change(viewer.End == ViewerEnd.Ended ? limits.EndGrace : limits.CutGrace, Timeout.InfiniteTimeSpan);
                mailbox.Nudge();
            },
            null);
    }

    public async Task<WatchEnd> RunAsync()
    {
        try
        {
            await GreetAsync();
            while (true)
            {
                if (Verdict() is { } end)
                {
                    await SayGoodbyeAsync(end);
                    return end;
                }

                if (!await StepAsync())
                {
                    await WaitAsync();
                }
            }
        }
        catch (OperationCanceledException)
        {
            // A send was given up: the socket is aborted and cannot carry a close code any more.
            return Volatile.Read(ref _graceOver) ? Leaving() ?? WatchEnd.Ended : WatchEnd.TooSlow;
        }
        catch (Exception exception) when (exception is WebSocketException or IOException or ObjectDisposedException)
        {
            return Leaving() ?? WatchEnd.ViewerLeft;
        }
    }

    public void Dispose()
    {
        _onClosed.Dispose();
        _grace.Dispose();
        _sendDeadline.Dispose();
    }

    private void EndGrace()
    {
        Volatile.Write(ref _graceOver, true);
        try
        {
            _sendDeadline.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The session ended by itself at the same moment.
        }
    }

    private async Task GreetAsync()
    {
        // The cursor first: what is posted from here on comes by the log, what was posted before by Latest.
        _cursor = _eventsFrom = _log.Next;
        _mime = _media ? _packager.Init?.Mime : null;
        await HelloAsync();
        var latest = _viewer.Broadcast.Comments.Latest();
        _greeted = [.. latest];
        foreach (var comment in latest)
        {
            await SendTextAsync(comment.Json);
        }

        if (_viewer.Broadcast.Comments.IsMuted(_viewer.Person.Account))
        {
            _mailbox.SetMuted(true);
        }
    }

    private ValueTask HelloAsync()
    {
        var person = _viewer.Person;
        var broadcast = _viewer.Broadcast;
        return SendTextAsync(WatchJson.Bytes(new HelloMessage(
            "hello",
            _mime,
            broadcast.State == BroadcastState.Live,
            Math.Max(_packager.Edge, broadcast.Timeline.Edge) / 1000,
            new HelloYou(person.Account.ToString("N"), person.Name, person.IsHost, person.MayComment),
            _epoch)));
    }

    private WatchEnd? Leaving() => _mailbox.Fault is not null ? WatchEnd.ViewerAtFault
        : _viewer.Closed.IsCancellationRequested ? _viewer.End switch
        {
            ViewerEnd.Cut => WatchEnd.Cut,
            ViewerEnd.Stopping => WatchEnd.Stopping,
            _ => WatchEnd.Ended,
        }
        : _mailbox.Left ? WatchEnd.ViewerLeft : null;

    /// <summary>Ends at once for everything but the end of the broadcast, of which the rest is delivered first.</summary>
    private WatchEnd? Verdict() => Leaving() is { } end && (end != WatchEnd.Ended || Volatile.Read(ref _graceOver)) ? end
        : _log.IsCompleted && _cursor >= _log.Next ? WatchEnd.Ended : null;

    private async ValueTask SayGoodbyeAsync(WatchEnd end)
    {
        if (end == WatchEnd.Cut)
        {
            await SendTextAsync(WatchJson.Cut);
        }
        else if (end == WatchEnd.Ended)
        {
            await SendTextAsync(WatchJson.Ended);
        }
    }

    /// <summary>Sends the next thing there is. False: nothing to send.</summary>
    private async ValueTask<bool> StepAsync()
    {
        _mailbox.Take(_personal);
        if (_personal.Count > 0)
        {
            foreach (var message in _personal)
            {
                await SendTextAsync(message);
            }

            _personal.Clear();
            return true;
        }

        if (_media && !_begun)
        {
            Begin();
        }
        else
        {
            SkipWhenBehind();
        }

        if (!_log.TryGet(_cursor, out var item))
        {
            return false;
        }

        if (item is Fragment fragment)
        {
            if (_media && _begun)
            {
                await SendFragmentsAsync(fragment);
            }
            else
            {
                _cursor++;
            }
        }
        else
        {
            var happened = ((CmafEvent)item).Event;
            if (_cursor >= _eventsFrom && Concerns(happened))
            {
                await SendTextAsync(happened.Json);
            }

            _cursor++;
        }

        return true;
    }

    private bool Concerns(TimelineEvent happened) =>
        (!happened.HostOnly || _viewer.Person.IsHost) && !(_greeted is { Count: > 0 } && _greeted.Remove(happened));

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
                _personal.Add(kept.Event.Json.ToArray());
            }
        }

        _eventsFrom = Math.Max(_eventsFrom, join);
        _cursor = join;
    }

    private async ValueTask SendFragmentsAsync(Fragment fragment)
    {
        if (fragment.Init != _sent)
        {
            if (fragment.Init.Mime != _mime)
            {
                _mime = fragment.Init.Mime;
                await HelloAsync();
            }

            await SendAsync(fragment.Init.Data, WebSocketMessageType.Binary, end: true);
            _sent = fragment.Init;
        }

        // One message for what has piled up: fewer wake-ups on both sides for somebody who has to catch up.
        var bytes = 0;
        while (true)
        {
            bytes += fragment.Data.Length;
            _cursor++;
            var more = _log.TryGet(_cursor, out var next) && next is Fragment follower && follower.Init == _sent
                && bytes + follower.Data.Length <= _limits.MaxMergedBytes ? (Fragment)next : null;
            await SendAsync(fragment.Data, WebSocketMessageType.Binary, end: more is null);
            if (more is null)
            {
                return;
            }

            fragment = more;
        }
    }

    private ValueTask SendTextAsync(ReadOnlyMemory<byte> json) => SendAsync(json, WebSocketMessageType.Text, end: true);

    private async ValueTask SendAsync(ReadOnlyMemory<byte> bytes, WebSocketMessageType type, bool end)
    {
        var sending = _socket.SendAsync(bytes, type, end, _sendDeadline.Token);
        if (sending.IsCompletedSuccessfully)
        {
            sending.GetAwaiter().GetResult();
            return;
        }

        if (!Volatile.Read(ref _graceOver))
        {
            _sendDeadline.CancelAfter(_limits.SendTimeout);
        }

        await sending;
        if (!Volatile.Read(ref _graceOver))
        {
            _sendDeadline.CancelAfter(Timeout.InfiniteTimeSpan);
        }
    }

    private async Task WaitAsync()
    {
        var news = _mailbox.News;
        if (Verdict() is not null)
        {
            return;
        }

        await Task.WhenAny(_log.WaitAsync(_cursor, _sendDeadline.Token).AsTask(), news);
    }
}
