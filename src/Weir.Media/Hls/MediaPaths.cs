using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Weir.Media.Hls;

/// <summary>The unguessable path element under which media is served: the current one, and those just replaced.</summary>
internal sealed class MediaPaths(string current, TimeSpan grace, TimeProvider clock)
{
    private const int MostOld = 4;
    private readonly Lock _lock = new();
    private readonly Queue<(string Path, long ReplacedAt, (long Msn, int Part) Next)> _old = new();
    private string _current = current;
    private long? _rekeyedAt;

    public string Current
    {
        get
        {
            lock (_lock)
            {
                return _current;
            }
        }
    }

    /// <param name="next">The part that comes next: playlists name it, and nothing after it, under the path until now.</param>
    public bool Replace(string path, (long Msn, int Part) next)
    {
        lock (_lock)
        {
            if (path == _current)
            {
                return false;
            }

            _rekeyedAt = clock.GetTimestamp();
            _old.Enqueue((_current, _rekeyedAt.Value, next));
            _current = path;
            if (_old.Count > MostOld)
            {
                _old.Dequeue();
            }

            return true;
        }
    }

    /// <summary>Whether a media file is served under the path: under an old one only what was made before it was replaced.</summary>
    public bool IsValid(string path, in MediaName name)
    {
        lock (_lock)
        {
            while (_old.TryPeek(out var oldest) && clock.GetElapsedTime(oldest.ReplacedAt) >= grace)
            {
                _old.Dequeue();
            }

            var valid = IsSame(path, _current);
            foreach (var old in _old)
            {
                valid |= IsSame(path, old.Path) && IsUpTo(name, old.Next);
            }

            return valid;
        }
    }

    private static bool IsUpTo(in MediaName name, (long Msn, int Part) next) =>
        name.InitHash is not null || name.Segment < next.Msn || (name.Segment == next.Msn && name.Part <= next.Part);

    // In constant time: the answer's duration must not tell how much of a guess was right.
    private static bool IsSame(string a, string b) =>
        CryptographicOperations.FixedTimeEquals(MemoryMarshal.AsBytes(a.AsSpan()), MemoryMarshal.AsBytes(b.AsSpan()));

    /// <summary>Whether nobody can hold playlist entries with an older path, if playlists cover this long.</summary>
    public bool IsOlderThan(TimeSpan age)
    {
        lock (_lock)
        {
            return _rekeyedAt is not { } at || clock.GetElapsedTime(at) >= age;
        }
    }
}
