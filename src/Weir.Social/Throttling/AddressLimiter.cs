using Weir.Hosting;

namespace Weir.Social.Throttling;

/// <summary>
/// An <see cref="AttemptLimiter"/> by address (<see cref="AddressKey"/>). One customer may have a whole IPv6 /48, which is 65,536 addresses
/// here, so that has a bucket of its own beside theirs.
/// </summary>
internal sealed class AddressLimiter(TimeProvider clock, int burst, TimeSpan refill)
{
    private readonly AttemptLimiter _addresses = new(clock, burst, refill);
    private readonly AttemptLimiter _sites = new(clock, burst * AddressKey.TimesForSite, refill / AddressKey.TimesForSite);

    /// <summary>Of one address.</summary>
    public Rate Rate => _addresses.Rate;

    /// <summary>Takes one attempt, or none and says how long until there is one.</summary>
    public bool TryTake(out TimeSpan retryAfter, string address)
    {
        // The site first: one that has none left makes no more buckets of addresses.
        var site = AddressKey.SiteOf(address);
        if (site is not null && !_sites.TryTake(out retryAfter, site))
        {
            return false;
        }

        if (_addresses.TryTake(out retryAfter, address))
        {
            return true;
        }

        if (site is not null)
        {
            _sites.GiveBack(site);
        }

        return false;
    }

    /// <summary>The attempt was right: it does not count.</summary>
    public void GiveBack(string address)
    {
        _addresses.GiveBack(address);
        if (AddressKey.SiteOf(address) is { } site)
        {
            _sites.GiveBack(site);
        }
    }
}
