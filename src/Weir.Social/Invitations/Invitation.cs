using System.Buffers.Text;
using System.Security.Cryptography;
using Weir.Social.Data;

namespace Weir.Social.Invitations;

/// <summary>Makes one account. Its code is shown to its maker in the list, so it is kept as it is; it expires soon and works once.</summary>
internal sealed class Invitation
{
    public static readonly TimeSpan Lifetime = TimeSpan.FromDays(7);

    /// <summary>How many unused ones a person may have at a time.</summary>
    public const int MaxOpen = 50;

    public required string Code { get; init; }

    /// <summary>
    /// Whoever comes by it is a friend of its maker from the beginning. The code itself says so, by a sign that no other code has: it is
    /// drawn here, and nobody can guess one.
    /// </summary>
    public bool Befriends => IsBefriending(Code);

    public Guid FromId { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset ExpiresAt { get; init; }

    public Guid? UsedById { get; set; }

    public static string NewCode(bool befriends) => (befriends ? "~" : "") + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(16));

    public static bool IsBefriending(string code) => code.StartsWith('~');

    /// <summary>
    /// Those that make an account now. Whoever made one must still be somebody here: one of a person who was suspended since is none while
    /// they are, and says so like every other that is not good.
    /// </summary>
    public static IQueryable<Invitation> Good(WeirDb db, DateTimeOffset now) => db.Invitations.Where(i =>
        i.UsedById == null && i.ExpiresAt > now && db.Accounts.Any(a => a.Id == i.FromId && a.SuspendedAt == null && a.DeletedAt == null));
}
