using Weir.Hosting;

namespace Weir.Social.Throttling;

/// <summary>
/// Places for what is under way at the same time: so many of one key (an account), so many of all accounts at one address, so many in all.
/// An IPv6 /48 counts as one address, because sixteen addresses would have them all. Nobody waits for a place, so memory is bounded by
/// the places.
/// </summary>
internal sealed class Places(int each, int ofAddress, int all)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, int> _taken = [];
    private readonly Dictionary<string, int> _takenAt = [];
    private int _all;

    /// <param name="address">See <see cref="AddressKey.Of"/>; null where it is not known, and then it does not count.</param>
    public PlaceRefusal TryEnter(string key, string? address, out IDisposable? place)
    {
        place = null;
        var site = address is null ? null : AddressKey.SiteOf(address) ?? address;
        lock (_lock)
        {
            if (_taken.GetValueOrDefault(key) >= each || (site is not null && _takenAt.GetValueOrDefault(site) >= ofAddress))
            {
                SocialMetrics.Throttled.Add(1);
                return PlaceRefusal.YoursAreTaken;
            }

            if (_all >= all)
            {
                SocialMetrics.Throttled.Add(1);
                return PlaceRefusal.AllAreTaken;
            }

            Count(_taken, key, 1);
            Count(_takenAt, site, 1);
            _all++;
        }

        place = new Place(this, key, site);
        return PlaceRefusal.None;
    }

    private void Leave(string key, string? site)
    {
        lock (_lock)
        {
            Count(_taken, key, -1);
            Count(_takenAt, site, -1);
            _all--;
        }
    }

    private static void Count(Dictionary<string, int> taken, string? key, int change)
    {
        if (key is null)
        {
            return;
        }

        var many = taken.GetValueOrDefault(key) + change;
        if (many == 0)
        {
            taken.Remove(key);
        }
        else
        {
            taken[key] = many;
        }
    }

    private sealed class Place(Places places, string key, string? site) : IDisposable
    {
        private bool _left;

        public void Dispose()
        {
            if (!Interlocked.Exchange(ref _left, true))
            {
                places.Leave(key, site);
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
