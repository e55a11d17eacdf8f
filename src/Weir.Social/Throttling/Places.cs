namespace Weir.Social.Throttling;

/// <summary>
/// Places for what is under way at the same time: so many of one key (an account, an address), so many in all. Nobody waits for one, so
/// memory is bounded by the places.
/// </summary>
internal sealed class Places(int each, int all)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, int> _taken = [];
    private int _all;

    public PlaceRefusal TryEnter(string key, out IDisposable? place)
    {
        place = null;
        lock (_lock)
        {
            var mine = _taken.GetValueOrDefault(key);
            if (mine >= each)
            {
                SocialMetrics.Throttled.Add(1);
                return PlaceRefusal.YoursAreTaken;
            }

            if (_all >= all)
            {
                SocialMetrics.Throttled.Add(1);
                return PlaceRefusal.AllAreTaken;
            }

            _taken[key] = mine + 1;
            _all++;
        }

        place = new Place(this, key);
        return PlaceRefusal.None;
    }

    private void Leave(string key)
    {
        lock (_lock)
        {
            _all--;
            var mine = _taken[key] - 1;
            if (mine == 0)
            {
                _taken.Remove(key);
            }
            else
            {
                _taken[key] = mine;
            }
        }
    }

    private sealed class Place(Places places, string key) : IDisposable
    {
        private bool _left;

        public void Dispose()
        {
            if (!Interlocked.Exchange(ref _left, true))
            {
                places.Leave(key);
            }
        }
    }
}

internal enum PlaceRefusal
{
    None,

    /// <summary>429: others go on.</summary>
    YoursAreTaken,

    /// <summary>503.</summary>
    AllAreTaken,
}
