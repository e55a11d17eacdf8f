using System.Net;
using Weir.Hosting;

namespace Weir.Social.Throttling;

/// <summary>Counts what it refuses. Its keys are texts: addresses, handles, accounts.</summary>
internal sealed class AttemptLimiter(TimeProvider clock, int burst, TimeSpan refill, int capacity = 20_000)
    : AttemptLimiter<string>(clock, burst, refill, capacity)
{
    /// <summary>The key of an address: a whole IPv6 /64 is one, because one customer has that many.</summary>
    public static string KeyOf(IPAddress? address) => AddressKey.Of(address);

    protected override void Refused() => SocialMetrics.Throttled.Add(1);
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
    public AddressLimiter SignUpsByAddress { get; } = new(clock, 30, TimeSpan.FromSeconds(10));

    /// <summary>The same by one invitation.</summary>
    public AttemptLimiter SignUpsByInvitation { get; } = new(clock, 10, TimeSpan.FromSeconds(30));

    /// <summary>Wrong set-up codes, from everywhere together.</summary>
    public AttemptLimiter Setup { get; } = new(clock, 10, TimeSpan.FromSeconds(30));

    /// <summary>Unknown invitation codes from one address.</summary>
    public AddressLimiter Invitations { get; } = new(clock, 30, TimeSpan.FromSeconds(10));

    /// <summary>Passkeys that were refused, from one address.</summary>
    public AddressLimiter PasskeysByAddress { get; } = new(clock, 30, TimeSpan.FromSeconds(10));

    /// <summary>Questions for passkeys from one address: each takes a place in memory.</summary>
    public AddressLimiter PasskeyChallenges { get; } = new(clock, 30, TimeSpan.FromSeconds(2));

    /// <summary>Unknown codes of links that set a password, from one address.</summary>
    public AddressLimiter PasswordResets { get; } = new(clock, 30, TimeSpan.FromSeconds(10));

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
