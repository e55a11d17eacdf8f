using Weir.Hosting;

namespace Weir.Social.Throttling;

/// <summary>
/// Slows the guessing of passwords without letting anybody lock somebody else out. Wrong passwords count by the account and the address
/// together, and by the address; by the account alone there is a bound that only a crowd reaches. A device that signed in to the account
/// before has a count of its own and none of these. Every right sign-in makes such a device, so they have counts together as well: by the
/// account and, wide enough for a houseful of people, by the address. What was right is given back, but a few dozen sign-ins of one account
/// at once are a program that went wrong.
/// </summary>
internal sealed class SignInLimits(TimeProvider clock)
{
    /// <summary>From one address, whatever the accounts.</summary>
    private readonly AddressLimiter _address = new(clock, 30, TimeSpan.FromSeconds(10));

    private readonly AttemptLimiter _account = new(clock, 10, TimeSpan.FromSeconds(30));

    private readonly AttemptLimiter _device = new(clock, 10, TimeSpan.FromSeconds(30));

    private readonly AttemptLimiter _devicesOfAccount = new(clock, 60, TimeSpan.FromSeconds(10));

    private readonly AddressLimiter _devicesAtAddress = new(clock, 120, TimeSpan.FromSeconds(5));

    /// <summary>From everywhere: NIST SP 800-63B-4 section 3.2.2 allows 100 in a row.</summary>
    private readonly AttemptLimiter _everywhere = new(clock, 100, TimeSpan.FromMinutes(1));

    private readonly AttemptLimiter _right = new(clock, 30, TimeSpan.FromSeconds(20));

    public Rate ByAddress => _address.Rate;

    public Rate ByHandleAtAddress => _account.Rate;

    public Rate ByDevice => _device.Rate;

    public Rate ByDevicesOfAccount => _devicesOfAccount.Rate;

    public Rate ByDevicesAtAddress => _devicesAtAddress.Rate;

    public Rate ByHandle => _everywhere.Rate;

    public Rate Right => _right.Rate;

    /// <summary>Takes one attempt, or none and says how long until there is one.</summary>
    public bool TryTake(SignInAttempt attempt, out TimeSpan retryAfter)
    {
        // Only who knows the password makes right sign-ins, so nobody else can use these up.
        if (!_right.Has(out retryAfter, attempt.Handle))
        {
            return false;
        }

        if (attempt.Device is { } device)
        {
            return TryTakeKnown(attempt, device, out retryAfter);
        }

        if (!_address.TryTake(out retryAfter, attempt.Address))
        {
            return false;
        }

        if (!_account.TryTake(out retryAfter, attempt.AtAddress))
        {
            _address.GiveBack(attempt.Address);
            return false;
        }

        if (!_everywhere.TryTake(out retryAfter, attempt.Handle))
        {
            _address.GiveBack(attempt.Address);
            _account.GiveBack(attempt.AtAddress);
            return false;
        }

        return true;
    }

    /// <summary>The password was not looked at, or was right.</summary>
    public void GiveBack(SignInAttempt attempt)
    {
        if (attempt.Device is { } device)
        {
            _device.GiveBack(device);
            _devicesOfAccount.GiveBack(attempt.Handle);
            _devicesAtAddress.GiveBack(attempt.Address);
            return;
        }

        _address.GiveBack(attempt.Address);
        _account.GiveBack(attempt.AtAddress);
        _everywhere.GiveBack(attempt.Handle);
    }

    /// <summary>Somebody signed in, by whichever way.</summary>
    public void CountRight(string handle) => _right.TryTake(out _, handle);

    /// <summary>The account has a new password: wrong ones from before are not in the way of it.</summary>
    public void Forget(SignInAttempt attempt)
    {
        _account.Forget(attempt.AtAddress);
        _everywhere.Forget(attempt.Handle);
    }

    private bool TryTakeKnown(SignInAttempt attempt, string device, out TimeSpan retryAfter)
    {
        if (!_device.TryTake(out retryAfter, device))
        {
            return false;
        }

        if (!_devicesOfAccount.TryTake(out retryAfter, attempt.Handle))
        {
            _device.GiveBack(device);
            return false;
        }

        if (!_devicesAtAddress.TryTake(out retryAfter, attempt.Address))
        {
            _device.GiveBack(device);
            _devicesOfAccount.GiveBack(attempt.Handle);
            return false;
        }

        return true;
    }
}

/// <param name="Handle">Of an account or of nobody: both count alike.</param>
/// <param name="Address">See <see cref="AttemptLimiter.KeyOf"/>.</param>
/// <param name="Device">The key of a device that signed in to this account before, with the handle in it; null for others.</param>
internal readonly record struct SignInAttempt(string Handle, string Address, string? Device)
{
    public string AtAddress => $"{Handle} {Address}";
}
