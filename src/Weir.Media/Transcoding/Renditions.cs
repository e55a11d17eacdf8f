using Microsoft.Extensions.Logging;
using Weir.Media.Broadcasting;

namespace Weir.Media.Transcoding;

/// <summary>Somebody reads a rendition until this is disposed.</summary>
public sealed class RenditionLease : IDisposable
{
    private readonly Renditions _renditions;
    private readonly Codec _codec;
    private int _disposed;

    internal RenditionLease(Renditions renditions, Codec codec, Timeline timeline) => (_renditions, _codec, Timeline) = (renditions, codec, timeline);

    public Timeline Timeline { get; }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            _renditions.Release(_codec);
        }
    }
}

/// <summary>
/// The renditions of one broadcast: each begins with its first reader and ends some time after its last, so that one who reloads the page does not begin
/// it anew. One child process each at most, and no more of all broadcasts together than <see cref="Transcoders"/> lets start.
/// </summary>
/// <param name="host">Whose broadcast it is.</param>
public sealed class Renditions(Broadcast broadcast, Guid host, Transcoders transcoders, TimeProvider time, ILogger log) : IAsyncDisposable
{
    private static readonly TimeSpan Linger = TimeSpan.FromSeconds(10);
    private readonly Lock _lock = new();
    private readonly Dictionary<Codec, Held> _held = [];
    private bool _disposed;

    /// <summary>Null where there is no ffmpeg, or the broadcast goes away.</summary>
    /// <param name="codec">What all sound is in.</param>
    public RenditionLease? Lease(Codec codec)
    {
        lock (_lock)
        {
            if (transcoders.Program is null || _disposed || broadcast.Timeline.Log.IsCompleted)
            {
                return null;
            }

            if (!_held.TryGetValue(codec, out var held))
            {
                held = _held[codec] = new Held(new Rendition(broadcast, codec, transcoders, host, time, log));
            }

            held.Readers++;
            held.Version++;
            return new RenditionLease(this, codec, held.Rendition.Timeline);
        }
    }

    /// <summary>How many there are at the moment.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _held.Count;
            }
        }
    }

    /// <summary>Whether sound would be transcoded for one who read it now: a process does so already, or could be started.</summary>
    public bool CanTranscode(Codec codec)
    {
        lock (_lock)
        {
            return _held.TryGetValue(codec, out var held) && held.Rendition.IsTranscoding || transcoders.HasPlace(host);
        }
    }

    public async ValueTask DisposeAsync()
    {
        Held[] held;
        lock (_lock)
        {
            _disposed = true;
            held = [.. _held.Values];
            _held.Clear();
        }

        foreach (var one in held)
        {
            await one.Rendition.DisposeAsync();
        }
    }

    internal void Release(Codec codec)
    {
        lock (_lock)
        {
            if (_held.TryGetValue(codec, out var held) && --held.Readers == 0)
            {
                _ = EndLaterAsync(codec, held, held.Version);
            }
        }
    }

    private async Task EndLaterAsync(Codec codec, Held held, int version)
    {
        await Task.Delay(Linger, time);
        lock (_lock)
        {
            if (held.Readers > 0 || held.Version != version || !_held.TryGetValue(codec, out var now) || now != held)
            {
                return;
            }

            _held.Remove(codec);
        }

        await held.Rendition.DisposeAsync();
    }

    private sealed class Held(Rendition rendition)
    {
        public Rendition Rendition => rendition;

        public int Readers { get; set; }

        /// <summary>Rises with each reader, so that an old last one does not end it for a new one.</summary>
        public int Version { get; set; }
    }
}
