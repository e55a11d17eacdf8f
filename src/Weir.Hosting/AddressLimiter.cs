namespace Weir.Hosting;

/// <summary>
/// An <see cref="AttemptLimiter{TKey}"/> by address (<see cref="AddressKey"/>) that a whole IPv6 network cannot walk around: a provider gives
/// away a /48 as easily as a /64, and it has 65,536 of those. So each /48 has a bucket of its own beside those of its networks.
/// </summary>
/// <param name="make">A limiter of this rate.</param>
public class AddressLimiter<TKey>(Rate rate, Func<Rate, AttemptLimiter<TKey>> make, AddressLimiter<TKey>.Site siteOf)
    where TKey : notnull
{
    private readonly AttemptLimiter<TKey> _addresses = make(rate);
    private readonly AttemptLimiter<TKey> _sites =
        make(new Rate(rate.Burst * AddressKey.TimesForSite, rate.Refill / AddressKey.TimesForSite));

    /// <summary>The IPv6 /48 that an address is in; false where it is IPv4.</summary>
    public delegate bool Site(TKey address, out TKey site);

    /// <summary>Of one address.</summary>
    public Rate Rate => rate;

    /// <summary>Takes so many attempts, or none and says how long until there are so many.</summary>
    public bool TryTake(out TimeSpan retryAfter, TKey address, int many = 1)
    {
        // The site first: one that has none left makes no more buckets of addresses.
        var hasSite = siteOf(address, out var site);
        if (hasSite && !_sites.TryTake(many, site, out retryAfter))
        {
            return false;
        }

        if (_addresses.TryTake(many, address, out retryAfter))
        {
            return true;
        }

        if (hasSite)
        {
            _sites.GiveBack(many, site);
        }

        return false;
    }

    /// <summary>The attempt was right: it does not count.</summary>
    public void GiveBack(TKey address)
    {
        _addresses.GiveBack(1, address);
        if (siteOf(address, out var site))
        {
            _sites.GiveBack(1, site);
        }
    }
}
