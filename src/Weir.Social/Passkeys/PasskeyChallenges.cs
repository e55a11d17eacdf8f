using System.Buffers.Text;
using System.Security.Cryptography;

namespace Weir.Social.Passkeys;

/// <summary>
/// What was asked of an authenticator and waits for its answer: kept here and not in a cookie, each good once and for <see cref="Lifetime"/>. Memory is bounded: two generations of at most
/// <paramref name="capacity"/>, of which the older is forgotten first. They live in the process that made them: another node of a cluster does not know them, and the page asks anew.
/// </summary>
internal sealed class PasskeyChallenges(TimeProvider clock, int capacity = 5_000)
{
    /// <summary>People look for their phone meanwhile.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(5);

    private readonly Lock _lock = new();
    private Dictionary<string, Waiting> _young = [];
    private Dictionary<string, Waiting> _old = [];

    /// <param name="owner">Who registers; the empty id for whoever signs in.</param>
    /// <param name="passwordHash">Of the password that whoever registers was asked for.</param>
    /// <returns>The name by which the answer refers to it.</returns>
    public string Put(Guid owner, string state, string? passwordHash = null)
    {
        var id = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(16));
        lock (_lock)
        {
            if (_young.Count >= capacity)
            {
                (_old, _young) = (_young, []);
            }

            _young[id] = new Waiting(owner, new Asked(state, passwordHash), clock.GetTimestamp());
        }

        return id;
    }

    /// <summary>What was asked, once; null when there is none for this owner.</summary>
    public Asked? Take(string? id, Guid owner)
    {
        if (id is null)
        {
            return null;
        }

        lock (_lock)
        {
            return (_young.Remove(id, out var waiting) || _old.Remove(id, out waiting)) && waiting.Owner == owner && clock.GetElapsedTime(waiting.Since) < Lifetime
                ? waiting.Asked
                : null;
        }
    }

    internal sealed record Asked(string State, string? PasswordHash);

    private sealed record Waiting(Guid Owner, Asked Asked, long Since);
}
