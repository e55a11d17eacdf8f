using Weir.Hosting;

namespace Weir.Live.Http;

/// <summary>
/// An <see cref="AttemptLimiter{TKey}"/> by the number of an address (<see cref="AddressKey.NumberOf"/>), with a bucket for each IPv6 /48
/// as a whole beside those of its networks.
/// </summary>
internal sealed class AddressLimiter(TimeProvider clock, Rate rate)
{
    private readonly AttemptLimiter<ulong> _addresses = new(clock, rate.Burst, rate.Refill);

    private readonly AttemptLimiter<ulong> _sites =
        new(clock, rate.Burst * AddressKey.TimesForSite, rate.Refill / AddressKey.TimesForSite);

    /// <summary>Takes several, or none and says how long until there are so many.</summary>
    public bool TryTake(int many, ulong address, out TimeSpan retryAfter)
    {
        // The site first: one that has none left makes no more buckets of addresses.
        var site = AddressKey.SiteOf(address);
        if (site is { } whole && !_sites.TryTake(many, whole, out retryAfter))
        {
            return false;
        }

        if (_addresses.TryTake(many, address, out retryAfter))
        {
            return true;
        }

        if (site is { } taken)
        {
            _sites.GiveBack(many, taken);
        }

        return false;
    }
}
