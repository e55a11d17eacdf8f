using System.Net;
using Weir.Hosting;

namespace Weir.Social.Throttling;

/// <summary>What costs far more than other calls do. Each kind has a rate by account, which its folder keeps, and one by address.</summary>
internal enum DearCall
{
    Searches,
    Uploads,
    Exports,
    LinkCards,
    Previews,
}

/// <summary>
/// What all accounts at one address may ask for together of what is dear: some twenty times what one account may. A school behind one
/// address does not notice it, and whoever makes accounts by the dozen does.
/// </summary>
internal sealed record DearRates
{
    public Rate Searches { get; init; } = new(1200, TimeSpan.FromMilliseconds(12.5));

    public Rate Uploads { get; init; } = new(2000, TimeSpan.FromMilliseconds(100));

    public Rate Exports { get; init; } = new(100, TimeSpan.FromMinutes(15));

    public Rate LinkCards { get; init; } = new(400, TimeSpan.FromMilliseconds(150));

    public Rate Previews { get; init; } = new(600, TimeSpan.FromMilliseconds(50));
}

/// <summary>Counts what is dear by the account and by the address that it comes from.</summary>
internal sealed class DearCalls(DearRates rates, TimeProvider clock)
{
    private readonly Dictionary<DearCall, AddressLimiter> _byAddress = Enum.GetValues<DearCall>().ToDictionary(call => call, call =>
    {
        var rate = RateOf(rates, call);
        return new AddressLimiter(clock, rate.Burst, rate.Refill);
    });

    /// <summary>Takes one of the account's and one of its address's, or none and says how long until there is one.</summary>
    /// <param name="ofAccount">The account first: one that asks too often by itself takes nothing of what others at its address have.</param>
    public bool TryTake(DearCall call, AttemptLimiter ofAccount, string account, IPAddress? address, out TimeSpan retryAfter) =>
        TryTake(call, ofAccount, account, AddressKey.Of(address), out retryAfter);

    /// <param name="address">See <see cref="AddressKey.Of"/>.</param>
    public bool TryTake(DearCall call, AttemptLimiter ofAccount, string account, string address, out TimeSpan retryAfter)
    {
        if (!ofAccount.TryTake(out retryAfter, account))
        {
            return false;
        }

        if (_byAddress[call].TryTake(out retryAfter, address))
        {
            return true;
        }

        ofAccount.GiveBack(account);
        return false;
    }

    private static Rate RateOf(DearRates rates, DearCall call) => call switch
    {
        DearCall.Searches => rates.Searches,
        DearCall.Uploads => rates.Uploads,
        DearCall.Exports => rates.Exports,
        DearCall.LinkCards => rates.LinkCards,
        DearCall.Previews => rates.Previews,
        _ => throw new ArgumentOutOfRangeException(nameof(call), call, null),
    };
}
