using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;
using Weir.Social.Accounts;

namespace Weir.Social.Tests.SignIn;

/// <summary>The hashing of passwords, which a test can hold up, and whose work it can count.</summary>
internal sealed class GatedHashing() : PasswordHashing(Options.Create(new PasswordHasherOptions { IterationCount = 1000 }))
{
    private readonly ManualResetEventSlim _open = new(true);
    private volatile string? _only;
    private int _begun;
    private int _held;

    public List<string> Done { get; } = [];

    /// <summary>How many were begun, those that are held up too.</summary>
    public int Begun => Volatile.Read(ref _begun);

    /// <summary>How many are held up now.</summary>
    public int Held => Volatile.Read(ref _held);

    /// <summary>Holds up this password and no other.</summary>
    public void Close(string only)
    {
        _only = only;
        IsOpen = false;
    }

    public bool IsOpen
    {
        set
        {
            if (value)
            {
                _open.Set();
            }
            else
            {
                _open.Reset();
            }
        }
    }

    public override string HashPassword(Account user, string password)
    {
        Hold(password);
        return base.HashPassword(user, password);
    }

    public override PasswordVerificationResult VerifyHashedPassword(Account user, string hashedPassword, string providedPassword)
    {
        Hold(providedPassword);
        return base.VerifyHashedPassword(user, hashedPassword, providedPassword);
    }

    private void Hold(string password)
    {
        Interlocked.Increment(ref _begun);
        if (_only is null || _only == password)
        {
            Interlocked.Increment(ref _held);
            Assert.True(_open.Wait(Patience.Limit));
            Interlocked.Decrement(ref _held);
        }

        lock (Done)
        {
            Done.Add(password);
        }
    }
}
