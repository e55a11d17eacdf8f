using Weir.Social.Audiences;

namespace Weir.Social.Friends;

/// <summary>
/// Invitations to friends only, which somebody has made and nobody has accepted yet. A capability that has some adds one. To accept one
/// needs the friendship as well as to make it.
/// </summary>
internal interface IInvitesFriends
{
    /// <summary>
    /// Deletes those of either to the other, inside the running transaction: neither a new friendship nor the end of a block brings one
    /// back.
    /// </summary>
    Task WithdrawBetweenAsync(Guid one, Guid other, CancellationToken cancellation);
}

/// <summary>What ends with a friendship, whichever way it ends: one of the two removes the other, or blocks them.</summary>
internal sealed class FriendshipEnd(IEnumerable<IInvitesFriends> invitations, Cutting cutting)
{
    /// <summary>Inside the transaction that ends it, after the change.</summary>
    public async Task BetweenAsync(Guid one, Guid other, CancellationToken cancellation)
    {
        foreach (var kind in invitations)
        {
            await kind.WithdrawBetweenAsync(one, other, cancellation);
        }

        await cutting.BetweenAsync(one, other, cancellation);
    }
}
