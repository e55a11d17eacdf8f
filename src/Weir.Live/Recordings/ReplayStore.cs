using System.Diagnostics.CodeAnalysis;
using Weir.Contracts;
using Weir.Media.Recording;

namespace Weir.Live.Recordings;

/// <summary>
/// The recordings on this node's disk. A replay is opened for whoever asks first and shared; the least recently used is
/// closed when too many are open, or they have too much in memory.
/// </summary>
/// <param name="mostEntries">
/// Comments and segments of all that are open, a fifth of a kilobyte each; only those that somebody reads may have more.
/// </param>
internal sealed class ReplayStore(string directory, int mostEntries = 1_000_000)
{
    private const int MostOpen = 64;
    private readonly Lock _lock = new();
    private readonly Dictionary<Guid, Entry> _open = [];
    private long _uses;

    public string DirectoryOf(Guid broadcast) => Path.Combine(directory, broadcast.ToText());

    /// <summary>
    /// The recording of a broadcast that ended without this node (it was down then): marked as finished now. Null when
    /// there is nothing left to finish.
    /// </summary>
    public Lease? FinishAbandoned(Guid broadcast)
    {
        var path = DirectoryOf(broadcast);
        if (!Directory.Exists(path) || IsFinished(broadcast) || !TryOpen(broadcast, out var lease))
        {
            return null;
        }

        File.Create(Path.Combine(path, RecordingFiles.Finished)).Dispose();
        return lease;
    }

    /// <summary>The broadcast of this recording ended.</summary>
    public bool IsFinished(Guid broadcast) => File.Exists(Path.Combine(DirectoryOf(broadcast), RecordingFiles.Finished));

    /// <summary>False when nothing was recorded. Not for a broadcast that is still being recorded.</summary>
    public bool TryOpen(Guid broadcast, [NotNullWhen(true)] out Lease? lease)
    {
        lock (_lock)
        {
            lease = null;
            if (!_open.TryGetValue(broadcast, out var entry))
            {
                if (!Directory.Exists(DirectoryOf(broadcast)) || Replay.Open(DirectoryOf(broadcast)) is not { } replay)
                {
                    return false;
                }

                MakeRoom(replay);
                _open[broadcast] = entry = new Entry(replay);
            }

            entry.Users++;
            entry.LastUse = ++_uses;
            lease = new Lease(this, broadcast, entry);
            return true;
        }
    }

    /// <summary>Removes a recording from the disk; those who read it at the moment read to their end.</summary>
    public void Delete(Guid broadcast)
    {
        lock (_lock)
        {
            if (_open.Remove(broadcast, out var entry) && entry.Users == 0)
            {
                entry.Replay.Dispose();
            }

            RecordingFiles.Delete(DirectoryOf(broadcast));
        }
    }

    private void MakeRoom(Replay coming)
    {
        var entries = coming.Entries + _open.Values.Sum(entry => (long)entry.Replay.Entries);
        foreach (var (broadcast, entry) in _open.Where(pair => pair.Value.Users == 0).OrderBy(pair => pair.Value.LastUse).ToArray())
        {
            if (_open.Count < MostOpen && entries <= mostEntries)
            {
                return;
            }

            entries -= entry.Replay.Entries;
            _open.Remove(broadcast);
            entry.Replay.Dispose();
        }
    }

    private void Release(Guid broadcast, Entry entry)
    {
        lock (_lock)
        {
            if (--entry.Users == 0 && _open.GetValueOrDefault(broadcast) != entry)
            {
                entry.Replay.Dispose();
            }
        }
    }

    private sealed class Entry(Replay replay)
    {
        public Replay Replay { get; } = replay;

        public int Users { get; set; }

        public long LastUse { get; set; }
    }

    /// <summary>Keeps a replay open while somebody uses it.</summary>
    public sealed class Lease : IDisposable
    {
        private readonly ReplayStore _store;
        private readonly Guid _broadcast;
        private object? _entry;

        internal Lease(ReplayStore store, Guid broadcast, object entry)
        {
            _store = store;
            _broadcast = broadcast;
            _entry = entry;
            Replay = ((Entry)entry).Replay;
        }

        public Replay Replay { get; }

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _entry, null) is Entry entry)
            {
                _store.Release(_broadcast, entry);
            }
        }
    }
}
