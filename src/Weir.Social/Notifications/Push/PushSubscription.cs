using System.Net.Http.Headers;

namespace Weir.Social.Notifications.Push;

/// <summary>A browser that takes pushes, for the session in it; it ends with the session.</summary>
internal sealed class PushSubscription
{
    public const int MaxEndpoint = 1000;

    public Guid SessionId { get; init; }

    public required string Endpoint { get; set; }

    /// <summary>The browser's key, an uncompressed point of P-256.</summary>
    public required byte[] Key { get; set; }

    public required byte[] Auth { get; set; }

    /// <summary>In which language its notifications are worded.</summary>
    public string Language { get; set; } = "en";
}

/// <summary>Bounds of pushing.</summary>
internal sealed record PushLimits
{
    /// <summary>Pushes that wait to be sent. Of more, the oldest is dropped: what it told of is in the app.</summary>
    public int MaxWaiting { get; init; } = 4096;

    public int AtOnce { get; init; } = 8;

    public int Attempts { get; init; } = 4;

    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(10);

    public TimeSpan FirstRetry { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>A service that asks for longer is asked no more about this push.</summary>
    public TimeSpan MaxRetry { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How long a message waits for being read somewhere before it is pushed; what follows it meanwhile goes along.</summary>
    public TimeSpan MessageDelay { get; init; } = TimeSpan.FromSeconds(3);

    public TimeSpan Interval { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>For tests, whose push service is on this machine and without TLS.</summary>
    public bool AllowLocal { get; init; }

    /// <summary>How long to wait before a push is sent again; null when it is not.</summary>
    /// <param name="asked">What the service's answer says.</param>
    /// <param name="attempt">The one that failed, from 1 on.</param>
    public TimeSpan? Wait(RetryConditionHeaderValue? asked, int attempt, DateTimeOffset now)
    {
        var wait = asked?.Delta ?? asked?.Date - now ?? FirstRetry * Math.Pow(4, attempt - 1);
        return attempt >= Attempts || wait > MaxRetry ? null : wait > TimeSpan.Zero ? wait : TimeSpan.Zero;
    }
}
