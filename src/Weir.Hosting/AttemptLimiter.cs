namespace Weir.Hosting;

/// <summary>So many at once, then one in <paramref name="Refill"/>.</summary>
public readonly record struct Rate(int Burst, TimeSpan Refill);

/// <summary>
/// Slows guessing, and whoever asks too often. Each key (an address, a handle, an account) has a bucket of attempts that refills one by
/// one. Memory is bounded: two generations of at most <paramref name="capacity"/> buckets each; when the young one is full the old one is
/// forgotten, so an attacker who fills the table only frees keys that were not tried for longest.
/// </summary>
public class AttemptLimiter<TKey>(TimeProvider clock, int burst, TimeSpan refill, int capacity = 20_000)
    where TKey : notnull
{
    /// <summary>How many at once, and how soon one more; for docs/limits.md.</summary>
    public Rate Rate { get; } = new(burst, refill);

    private readonly Lock _lock = new();
    private Dictionary<TKey, Bucket> _young = [];
    private Dictionary<TKey, Bucket> _old = [];

    /// <summary>Takes one attempt from each key's bucket, or none and says how long until there is one.</summary>
    public bool TryTake(out TimeSpan retryAfter, params ReadOnlySpan<TKey> keys)
    {
        lock (_lock)
        {
            retryAfter = TimeSpan.Zero;
            foreach (var key in keys)
            {
                var wait = Find(key).Wait(clock.GetTimestamp(), burst, refill, clock);
                retryAfter = wait > retryAfter ? wait : retryAfter;
            }

            if (retryAfter > TimeSpan.Zero)
            {
                Refused();
                return false;
            }

            foreach (var key in keys)
            {
                Find(key).Taken++;
            }

            return true;
        }
    }

    /// <summary>Takes several of one key's bucket, or none and says how long until there are so many.</summary>
    public bool TryTake(int many, TKey key, out TimeSpan retryAfter)
    {
        lock (_lock)
        {
            var bucket = Find(key);
            retryAfter = bucket.Wait(clock.GetTimestamp(), burst, refill, clock);
            if (retryAfter == TimeSpan.Zero && bucket.Taken + many > burst)
            {
                retryAfter = refill * Math.Min(bucket.Taken + many - burst, burst);
            }

            if (retryAfter > TimeSpan.Zero)
            {
                Refused();
                return false;
            }

            bucket.Taken += many;
            return true;
        }
    }

    /// <summary>What was found out only afterwards counts too.</summary>
    /// <param name="most">The key owes no more than so many in all.</param>
    public void Charge(int many, TKey key, int most = int.MaxValue)
    {
        lock (_lock)
        {
            var bucket = Find(key);
            bucket.Taken = Math.Max(bucket.Taken, (int)Math.Min((long)bucket.Taken + many, most));
        }
    }

    /// <summary>Whether there is an attempt left, of which none is taken.</summary>
    public bool Has(out TimeSpan retryAfter, TKey key)
    {
        lock (_lock)
        {
            var wait = Find(key).Wait(clock.GetTimestamp(), burst, refill, clock);
            retryAfter = wait > TimeSpan.Zero ? wait : TimeSpan.Zero;
            if (retryAfter > TimeSpan.Zero)
            {
                Refused();
                return false;
            }

            return true;
        }
    }

    /// <summary>All attempts of this key are there again.</summary>
    public void Forget(TKey key)
    {
        lock (_lock)
        {
            _young.Remove(key);
            _old.Remove(key);
        }
    }

    /// <summary>The attempt was right: it does not count.</summary>
    public void GiveBack(params ReadOnlySpan<TKey> keys)
    {
        lock (_lock)
        {
            foreach (var key in keys)
            {
                GiveBack(1, key);
            }
        }
    }

    /// <summary>The same of several that one key took.</summary>
    public void GiveBack(int many, TKey key)
    {
        lock (_lock)
        {
            var bucket = Find(key);
            bucket.Taken = Math.Max(0, bucket.Taken - many);
        }
    }

    /// <summary>For whoever counts.</summary>
    protected virtual void Refused()
    {
    }

    private Bucket Find(TKey key)
    {
        if (_young.TryGetValue(key, out var bucket))
        {
            return bucket;
        }

        if (!_old.Remove(key, out bucket))
        {
            bucket = new Bucket { Since = clock.GetTimestamp() };
        }

        if (_young.Count >= capacity)
        {
            (_old, _young) = (_young, []);
        }

        _young[key] = bucket;
        return bucket;
    }

    private sealed class Bucket
    {
        public long Since;
        public int Taken;

        public TimeSpan Wait(long now, int burst, TimeSpan refill, TimeProvider clock)
        {
            var passed = clock.GetElapsedTime(Since, now);
            var back = (int)Math.Min(int.MaxValue, passed / refill);
            if (back >= Taken)
            {
                Taken = 0;
                Since = now;
            }
            else if (back > 0)
            {
                Taken -= back;
                Since += (long)(refill.TotalSeconds * back * clock.TimestampFrequency);
            }

            // What was charged afterwards may be more than there was: all of it comes back first.
            return Taken < burst ? TimeSpan.Zero : (refill * (Taken - burst + 1)) - clock.GetElapsedTime(Since, now);
        }
    }
}
