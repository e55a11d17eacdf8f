using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;
using Weir.Social.Accounts;

namespace Weir.Social.Tests.SignIn;

/// <summary>The hashing of passwords, which a test can hold up, and whose work it can count.</summary>
internal sealed class GatedHashing() : PasswordHashing(Options.Create(new PasswordHasherOptions { IterationCount = 1000 }))
{
    private readonly ManualResetEventSlim _open = new(true);
    private int _begun;

    public List<string> Done { get; } = [];

    /// <summary>How many were begun, those that are held up too.</summary>
    public int Begun => Volatile.Read(ref _begun);

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
        Assert.True(_open.Wait(Patience.Limit));
        lock (Done)
        {
            Done.Add(password);
        }
    }
}
