using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Weir.Media.Broadcasting;
using Weir.Media.Cmaf;

namespace Weir.Media.Hls;

/// <summary>
/// Low-Latency HLS of one broadcast (draft-pantos-hls-rfc8216bis): answers requests for playlists and media from the
/// fragments its packager makes. Knows neither HTTP nor who asks: the host checks tickets before, and passes a token that
/// a cut cancels, because a request may wait here for seconds.
/// </summary>
/// <remarks>
/// Playlists lie beside each other (<c>index.m3u8</c>, <c>main.m3u8</c>, <c>audio.m3u8</c>) and name media by relative
/// URIs <c>m/{mediaPath}/{main|audio}/{file}</c>. While there is no whole segment yet, playlists wait up to
/// <see cref="HlsLimits.FirstSegmentTimeout"/> and then answer 503 with Retry-After.
/// </remarks>
public sealed partial class HlsOrigin : IDisposable
{
    private readonly Packager _packager;
    private readonly HlsLimits _limits;
    private readonly TimeProvider _clock;
    private readonly ILogger<HlsOrigin> _logger;
    private readonly Lock _lock = new();
    private readonly HlsWindow _window;
    private readonly MediaPaths _paths;
    private readonly string _run = RandomNumberGenerator.GetHexString(8, lowercase: true);
    private readonly ITimer _heartbeat;
    private HlsSnapshot? _snapshot;
    private TaskCompletionSource _pulse = NewPulse();
    private long _cursor;
    private LogThrottle _losses;
    private volatile bool _ended;
    private ITimer? _afterGrace;

    public HlsOrigin(Packager packager, string mediaPath, HlsLimits limits, TimeProvider clock, ILogger<HlsOrigin> logger)
    {
        (_packager, _limits, _clock, _logger) = (packager, limits, clock, logger);
        _window = new HlsWindow(limits, clock);
        _paths = new MediaPaths(mediaPath, limits.OldPathGrace, clock);

        // One timer wakes everybody who waits too long, instead of one each.
        _heartbeat = clock.CreateTimer(_ => Pulse(), null, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));
    }

    internal long Held
    {
        get
        {
            lock (_lock)
            {
                return _window.Held;
            }
        }
    }

    /// <summary>Follows the packager until its log is complete.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        while (true)
        {
            var completed = _packager.Log.IsCompleted;
            Drain();
            if (completed)
            {
                lock (_lock)
                {
                    _window.End();
                    _ended = true;
                    Publish();
                }

                return;
            }

            await _packager.Log.WaitAsync(_cursor, cancellation);
        }
    }

    /// <summary>
    /// Media is served under another path from now on; the old one works for <see cref="HlsLimits.OldPathGrace"/> more, for what
    /// there is and the part that is being made.
    /// Until every old entry has left the skip window, delta updates are answered with full playlists.
    /// </summary>
    public void Rekey(string mediaPath)
    {
        lock (_lock)
        {
            if (_paths.Replace(mediaPath, _snapshot?.Next ?? (-1, 0)))
            {
                Publish();

                // Whoever waits for a part under the old path hears of it when the path dies, not when the part comes.
                _afterGrace?.Dispose();
                _afterGrace = _clock.CreateTimer(_ => Pulse(), null, _limits.OldPathGrace, Timeout.InfiniteTimeSpan);
            }
        }
    }

    /// <param name="cut">A second reason to wait no longer. The two are joined only for who has to wait: most requests do not.</param>
    /// <exception cref="OperationCanceledException">The client went, or the viewer was cut.</exception>
    public async ValueTask<HlsResponse> PlaylistAsync(HlsPlaylistRequest request, CancellationToken cancellation, CancellationToken cut = default)
    {
        if (request.Name is not ("index.m3u8" or "main.m3u8" or "audio.m3u8"))
        {
            return HlsResponse.NotFound;
        }

        if (!request.Directives.TryRead(out var msn, out var part))
        {
            return HlsResponse.BadRequest;
        }

        var snapshot = Volatile.Read(ref _snapshot)
            ?? await WaitAsync(static snapshot => snapshot is not null, _limits.FirstSegmentTimeout, cancellation, cut);
        if (snapshot is null)
        {
            return _ended ? HlsResponse.NotFound : HlsResponse.NotYet;
        }

        if (request.Name == "index.m3u8")
        {
            return Playlist(request, [MultivariantPlaylist.ForViewer(snapshot, request.Ticket)], blocking: false, snapshot);
        }

        var rendition = request.Name == "audio.m3u8" ? Rendition.Audio : Rendition.Main;
        if (rendition == Rendition.Audio && !snapshot.HasAudioRendition)
        {
            return HlsResponse.NotFound;
        }

        if (msn is { } number)
        {
            if (IsTooFarAhead(snapshot, number, part))
            {
                return HlsResponse.BadRequest;
            }

            if (!snapshot.Contains(number, part))
            {
                snapshot = await WaitAsync(
                    later => later is not null && later.Contains(number, part), TimeSpan.FromSeconds(3 * snapshot.Target), cancellation, cut);
                if (snapshot is null)
                {
                    // 6.2.5.2: after three target durations the answer is 503.
                    return HlsResponse.NotYet;
                }
            }
        }

        var delta = request.Directives.Skip is "YES" or "v2" && snapshot.DeltasAllowed;
        var body = snapshot.Body(rendition, delta);
        var other = rendition == Rendition.Main ? Rendition.Audio : Rendition.Main;
        byte[] tail = snapshot.HasAudioRendition && !snapshot.IsEnded ? MediaPlaylist.RenderReport(snapshot, other, request.Ticket) : [];
        var response = Playlist(request, request.AcceptsGzip ? body.Gzip(tail) : body.Plain(tail), msn is not null, snapshot);
        return request.AcceptsGzip ? response with { ContentEncoding = "gzip" } : response;
    }

    /// <summary>Answers <c>m/{mediaPath}/{rendition}/{file}</c>; the part a PRELOAD-HINT names waits until it is there.</summary>
    /// <exception cref="OperationCanceledException">The client went.</exception>
    public async ValueTask<HlsResponse> MediaAsync(string mediaPath, string rendition, string file, CancellationToken cancellation)
    {
        if (!MediaNames.TryParse(rendition, file, _run, out var name) || !_paths.IsValid(mediaPath, name)
            || Volatile.Read(ref _snapshot) is not { } snapshot)
        {
            return HlsResponse.NotFound;
        }

        if (name.InitHash is { } hash)
        {
            foreach (var segment in snapshot.Held)
            {
                if (segment.Init(name.Rendition) is { } init && MediaNames.Hash(init) == hash)
                {
                    return Media(snapshot, name.Rendition, [init.Data]);
                }
            }

            return HlsResponse.NotFound;
        }

        if (name.Part is not { } part)
        {
            return snapshot.Find(name.Segment) is { IsComplete: true } whole && !whole.IsMissingIn(name.Rendition)
                ? Media(snapshot, name.Rendition, whole.Body(name.Rendition))
                : HlsResponse.NotFound;
        }

        if (snapshot.Next == (name.Segment, part) && !snapshot.IsEnded)
        {
            var later = await WaitAsync(
                later => later is null || later.IsEnded || later.Next != (name.Segment, part) || !_paths.IsValid(mediaPath, name),
                TimeSpan.FromSeconds(3 * snapshot.Target), cancellation);
            snapshot = later ?? snapshot;
            if (!_paths.IsValid(mediaPath, name))
            {
                return HlsResponse.NotFound;
            }
        }

        return snapshot.Find(name.Segment) is { } parent && part < parent.Parts.Length && !parent.Parts[part].IsMissingIn(name.Rendition)
            ? Media(snapshot, name.Rendition, parent.Parts[part].Body(name.Rendition))
            : HlsResponse.NotFound;
    }

    public void Dispose()
    {
        _heartbeat.Dispose();
        lock (_lock)
        {
            _afterGrace?.Dispose();
        }

        Pulse();
    }

    /// <summary>Takes what the packager's log holds now.</summary>
    internal void Drain()
    {
        var log = _packager.Log;
        lock (_lock)
        {
            var changed = false;
            while (_cursor < log.Next)
            {
                if (log.TryGet(_cursor, out var item))
                {
                    _cursor++;
                    changed |= item is Fragment fragment && _window.Add(fragment, _packager.TargetDuration, _packager.PartTarget);
                }
                else if (_cursor < log.First)
                {
                    if (_losses.ShouldLog(out var times))
                    {
                        LogLost(_packager.Broadcast.Id, log.First - _cursor, times);
                    }

                    _window.Restart();
                    _cursor = log.First;
                }
            }

            if (changed)
            {
                Publish();
            }
        }
    }

    private void Publish()
    {
        var deltas = _snapshot is not { } before || _paths.IsOlderThan(TimeSpan.FromMicroseconds(before.SkipUntil));
        Volatile.Write(ref _snapshot, _window.Snapshot(_paths.Current, _run, deltas, _ended));
        Pulse();
    }

    private async ValueTask<HlsSnapshot?> WaitAsync(Func<HlsSnapshot?, bool> isReady, TimeSpan limit, CancellationToken cancellation, CancellationToken cut = default)
    {
        using var both = cut.CanBeCanceled ? CancellationTokenSource.CreateLinkedTokenSource(cancellation, cut) : null;
        var until = both?.Token ?? cancellation;
        var began = _clock.GetTimestamp();
        while (true)
        {
            var pulse = Volatile.Read(ref _pulse);
            var snapshot = Volatile.Read(ref _snapshot);
            if (isReady(snapshot))
            {
                return snapshot;
            }

            if (_clock.GetElapsedTime(began) >= limit || (_ended && snapshot is null))
            {
                return null;
            }

            await pulse.Task.WaitAsync(until);
        }
    }

    private void Pulse() => Interlocked.Exchange(ref _pulse, NewPulse()).TrySetResult();

    private static TaskCompletionSource NewPulse() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    // 6.2.5.2: more than two segments ahead, or beyond the advance part limit.
    private static bool IsTooFarAhead(HlsSnapshot snapshot, long msn, int? part)
    {
        if (snapshot.IsEnded)
        {
            return false;
        }

        var limit = snapshot.PartTarget < 1_000_000 ? (3_000_000 + snapshot.PartTarget - 1) / snapshot.PartTarget : 3;
        var open = snapshot.Next;
        return msn > snapshot.LastWhole + 2
            || (part is { } index && msn >= open.Msn && index > (msn == open.Msn ? open.Part - 1 : -1) + limit);
    }

    // One with a ticket inside is its viewer's alone. What a blocking answer holds stays true for its URL. Without a directive a part more makes it old, but whoever gets it
    // from a cache has what was missed by the next, blocking request, which is answered at once.
    private static HlsResponse Playlist(
        HlsPlaylistRequest request, IReadOnlyList<ReadOnlyMemory<byte>> body, bool blocking, HlsSnapshot snapshot) =>
        new(200, HlsResponse.PlaylistType, request switch
        {
            { IsPublic: false } or { Ticket: not null } => "private, no-store",
            _ => $"public, max-age={(blocking ? 3 * snapshot.Target : Math.Max(1, snapshot.Target / 2))}",
        }, body);

    // Caches may keep media as long as a playlist names it. They do not hear of a cut: so much longer its address works there.
    private HlsResponse Media(HlsSnapshot snapshot, Rendition rendition, IReadOnlyList<ReadOnlyMemory<byte>> body) =>
        new(200, rendition == Rendition.Main ? "video/mp4" : "audio/mp4", $"public, max-age={_limits.PlaylistTargets * snapshot.Target}, immutable", body);

    [LoggerMessage(Level = LogLevel.Warning, Message = "HLS of broadcast {Broadcast:N} fell behind by {Items} items and begins a new playlist; times so far: {Times}")]
    private partial void LogLost(Guid broadcast, long items, long times);
}
