using Microsoft.EntityFrameworkCore;
using Weir.Social.Broadcasts;
using Weir.Social.Data;

namespace Weir.Social.Audiences;

internal enum CheckOf
{
    /// <summary>
    /// The relation between <see cref="AdmissionCheck.One"/> and <see cref="AdmissionCheck.Other"/> changed: broadcasts of either that
    /// the other was admitted to.
    /// </summary>
    Pair,

    /// <summary>Everybody who was admitted to any broadcast of this host.</summary>
    Host,

    /// <summary>Every broadcast to which this account was admitted.</summary>
    Viewer,

    /// <summary>Everybody who was admitted to this broadcast.</summary>
    Broadcast,

    /// <summary>
    /// In the conversation <see cref="AdmissionCheck.One"/>: what is shown there, to the account <see cref="AdmissionCheck.Other"/> and
    /// by it.
    /// </summary>
    Conversation,
}

/// <summary>
/// Those whose admissions have to be checked after a change. Too many for the change's own transaction are kept as a row that is written
/// with the change and removed when the last of them was checked: see <see cref="AdmissionChecks"/>.
/// </summary>
internal sealed class AdmissionCheck
{
    public Guid Id { get; init; } = Guid.CreateVersion7();

    public CheckOf Of { get; init; }

    public Guid One { get; init; }

    public Guid Other { get; init; }

    public static void Configure(ModelBuilder model) => model.Entity<AdmissionCheck>(check =>
    {
        check.Property(c => c.Id).ValueGeneratedNever();
        check.Property(c => c.Of).HasConversion<string>().HasMaxLength(16);
    });

    /// <summary>All of them, inside and outside.</summary>
    public IQueryable<Viewing<Broadcast>> Admitted(WeirDb db)
    {
        var (one, other) = (One, Other);
        var all = from admission in db.Admissions
                  join broadcast in db.Broadcasts on admission.BroadcastId equals broadcast.Id
                  where broadcast.DeletedAt == null
                  select new Viewing<Broadcast> { Item = broadcast, Post = broadcast, Viewer = admission.AccountId };
        return Of switch
        {
            CheckOf.Pair => all.Where(v => (v.Item.OwnerId == one && v.Viewer == other) || (v.Item.OwnerId == other && v.Viewer == one)),
            CheckOf.Host => all.Where(v => v.Item.OwnerId == one),
            CheckOf.Viewer => all.Where(v => v.Viewer == one),
            CheckOf.Broadcast => all.Where(v => v.Item.Id == one),
            _ => all.Where(v => v.Item.ConversationId == one && (v.Viewer == other || v.Item.OwnerId == other)),
        };
    }
}
