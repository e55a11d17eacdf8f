using System.Net;
using Weir.Hosting;

namespace Weir.Social.Throttling;

/// <summary>
/// Slows guessing. Each key (an address, a handle) has a bucket of attempts that refills one by one. Memory is bounded: two generations of at most
/// <paramref name="capacity"/> buckets each; when the young one is full the old one is forgotten, so an attacker who fills the table
/// only frees keys that were not tried for longest.
/// </summary>
internal sealed class AttemptLimiter(TimeProvider clock, int burst, TimeSpan refill, int capacity = 20_000)
{
    /// <summary>How many at once, and how soon one more; for docs/limits.md.</summary>
    public Rate Rate { get; } = new(burst, refill);

    private readonly Lock _lock = new();
    private Dictionary<string, Bucket> _young = [];
    private Dictionary<string, Bucket> _old = [];

    /// <summary>Takes one attempt from each key's bucket, or none and says how long until there is one.</summary>
    public bool TryTake(out TimeSpan retryAfter, params ReadOnlySpan<string> keys)
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
                SocialMetrics.Throttled.Add(1);
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
    public bool TryTake(int many, string key, out TimeSpan retryAfter)
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
                SocialMetrics.Throttled.Add(1);
                return false;
            }

            bucket.Taken += many;
            return true;
        }
    }

    /// <summary>What was found out only afterwards counts too.</summary>
    public void Charge(int many, string key)
    {
        lock (_lock)
        {
            Find(key).Taken += many;
        }
    }

    /// <summary>Whether there is an attempt left, of which none is taken.</summary>
    public bool Has(out TimeSpan retryAfter, string key)
    {
        lock (_lock)
        {
            var wait = Find(key).Wait(clock.GetTimestamp(), burst, refill, clock);
            retryAfter = wait > TimeSpan.Zero ? wait : TimeSpan.Zero;
            if (retryAfter > TimeSpan.Zero)
            {
                SocialMetrics.Throttled.Add(1);
                return false;
            }

            return true;
        }
    }

    /// <summary>All attempts of this key are there again.</summary>
    public void Forget(string key)
    {
        lock (_lock)
        {
            _young.Remove(key);
            _old.Remove(key);
        }
    }

    /// <summary>The attempt was right: it does not count.</summary>
    public void GiveBack(params ReadOnlySpan<string> keys)
    {
        lock (_lock)
        {
            foreach (var key in keys)
            {
                var bucket = Find(key);
                bucket.Taken = Math.Max(0, bucket.Taken - 1);
            }
        }
    }

    /// <summary>The key of an address: a whole IPv6 /64 is one, because one customer has that many.</summary>
    public static string KeyOf(IPAddress? address) => AddressKey.Of(address);

    private Bucket Find(string key)
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

            return Taken < burst ? TimeSpan.Zero : refill - clock.GetElapsedTime(Since, now);
        }
    }
}

/// <summary>The limits that stand before guessable secrets, where only failures count, and before what one person could make without end.</summary>
internal sealed class Limits(TimeProvider clock)
{
    public SignInLimits SignIn { get; } = new(clock);

    /// <summary>
    /// Passwords that are asked for again inside a session, by the session; right ones count too, because each is hashed.
    /// </summary>
    public AttemptLimiter PasswordChecks { get; } = new(clock, 10, TimeSpan.FromSeconds(30));

    /// <summary>The same of all sessions of an account together, by the account.</summary>
    public AttemptLimiter PasswordChecksByAccount { get; } = new(clock, 40, TimeSpan.FromSeconds(10));

    /// <summary>Sign-ups that were no success, from one address: each may have told that a handle is taken.</summary>
    public AttemptLimiter SignUpsByAddress { get; } = new(clock, 30, TimeSpan.FromSeconds(10));

    /// <summary>The same by one invitation.</summary>
    public AttemptLimiter SignUpsByInvitation { get; } = new(clock, 10, TimeSpan.FromSeconds(30));

    /// <summary>Wrong set-up codes, from everywhere together.</summary>
    public AttemptLimiter Setup { get; } = new(clock, 10, TimeSpan.FromSeconds(30));

    /// <summary>Unknown invitation codes from one address.</summary>
    public AttemptLimiter Invitations { get; } = new(clock, 30, TimeSpan.FromSeconds(10));

    /// <summary>Passkeys that were refused, from one address.</summary>
    public AttemptLimiter PasskeysByAddress { get; } = new(clock, 30, TimeSpan.FromSeconds(10));

    /// <summary>Questions for passkeys from one address: each takes a place in memory.</summary>
    public AttemptLimiter PasskeyChallenges { get; } = new(clock, 30, TimeSpan.FromSeconds(2));

    /// <summary>Unknown codes of links that set a password, from one address.</summary>
    public AttemptLimiter PasswordResets { get; } = new(clock, 30, TimeSpan.FromSeconds(10));

    /// <summary>Friend requests of one person; every one counts. Asking and withdrawing again is asking.</summary>
    public AttemptLimiter FriendRequests { get; } = new(clock, 250, TimeSpan.FromSeconds(20));

    /// <summary>Reports of one person; every one counts.</summary>
    public AttemptLimiter Reports { get; } = new(clock, 20, TimeSpan.FromMinutes(2));

    /// <summary>Broadcasts that one person makes; every one counts, also when it is ended or deleted again.</summary>
    public AttemptLimiter Broadcasts { get; } = new(clock, 100, TimeSpan.FromSeconds(30));

    /// <summary>Renewals of one person's encoder key.</summary>
    public AttemptLimiter EncoderKeys { get; } = new(clock, 30, TimeSpan.FromSeconds(10));

    /// <summary>Exports of one person; every one counts.</summary>
    public AttemptLimiter Exports { get; } = new(clock, 4, TimeSpan.FromHours(6));

    /// <summary>Unknown links of groups from one account.</summary>
    public AttemptLimiter GroupLinks { get; } = new(clock, 30, TimeSpan.FromSeconds(10));
}
