using Microsoft.EntityFrameworkCore;
using Weir.Hosting;
using Weir.Social.Data;

namespace Weir.Social.Maintenance;

/// <summary>
/// A backup knows nothing of what was ended after it: sessions, tickets, links that set a password, invitations that were used or revoked,
/// links and questions to join a group. None of them may come back to life. Passwords and passkeys are those of the day of the backup:
/// nobody could come in without them.
/// Tickets and the media's addresses are signed with the node's key, which is not restored but made anew; the rest ends with the first
/// start, in whichever database it is.
/// </summary>
internal static class AfterRestore
{
    private const string Marker = "restored";

    /// <summary>In the directory that is about to become the data directory. What to say to the person who restores.</summary>
    public static async Task<IReadOnlyList<string>> PrepareAsync(string directory, SocialOptions options, CancellationToken cancellation)
    {
        var nodeKey = Path.Combine(directory, Path.GetRelativePath(options.DataDirectory, options.NodeKeyFile));
        File.Delete(nodeKey);
        await using (var marker = Backup.CreatePrivate(Path.Combine(directory, Marker)))
        {
            await marker.WriteAsync("Sessions, invitations and links end at the next start.\n"u8.ToArray(), cancellation);
            marker.Flush(flushToDisk: true);
        }

        return
        [
            "Everybody has to sign in again, with the password of the day of the backup: sessions end at the first start, and tickets are void.",
            "Passkeys are those of that day too: whoever removed one since must remove it again. Invitations and links into groups are void.",
            "Live nodes on other machines need the new secrets/node.key, which the first start makes.",
        ];
    }

    /// <summary>At the start, before anybody is answered. Nothing to do but after a restore.</summary>
    public static async Task FinishAsync(WeirDb db, SocialOptions options, CancellationToken cancellation)
    {
        var marker = Path.Combine(options.DataDirectory, Marker);
        if (!File.Exists(marker))
        {
            return;
        }

        await using (var transaction = await db.Database.BeginTransactionAsync(cancellation))
        {
            await db.Sessions.ExecuteDeleteAsync(cancellation);
            await db.PasswordResets.ExecuteDeleteAsync(cancellation);
            await db.Invitations.Where(i => i.UsedById == null).ExecuteDeleteAsync(cancellation);
            await db.GroupLinks.ExecuteDeleteAsync(cancellation);
            await db.GroupInvitations.ExecuteDeleteAsync(cancellation);
            // Their files are in no backup.
            await db.Exports.ExecuteDeleteAsync(cancellation);
            await db.SessionsEpoch.ExecuteUpdateAsync(set => set.SetProperty(e => e.Value, e => e.Value + 1), cancellation);
            await transaction.CommitAsync(cancellation);
        }

        // Only now: a start that was stopped does it again.
        File.Delete(marker);
        DirectorySync.Flush(options.DataDirectory);
    }
}
