using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Weir.Social.Accounts;
using Weir.Social.Conversations;
using Weir.Social.Data;
using Weir.Social.Files;

namespace Weir.Social.Moments;

/// <summary>How moments are kept.</summary>
internal static class MomentModel
{
    public static void Configure(ModelBuilder model)
    {
        model.Entity<Moment>(moment =>
        {
            moment.ToTable("Moments");
            moment.Property(m => m.Content).HasConversion(content => MessageContent.ToJson(content!), json => MessageContent.FromJson(json));
        });
        model.Entity<MomentLike>(like =>
        {
            like.HasKey(l => new { l.MomentId, l.AuthorId });
            ConfigureInteraction(like);
        });
        model.Entity<MomentComment>(comment =>
        {
            comment.Property(c => c.Id).ValueGeneratedNever();
            comment.HasIndex(c => new { c.MomentId, c.CreatedAt });
            comment.HasIndex(c => c.ReplyToId);
            ConfigureInteraction(comment);
            // Answers stay when what they answer goes.
            comment.HasOne<MomentComment>().WithMany().HasForeignKey(c => c.ReplyToId).OnDelete(DeleteBehavior.SetNull);
        });
        model.Entity<MomentHiding>(hiding =>
        {
            hiding.HasKey(h => new { h.OwnerId, h.OtherId, h.Theirs });
            hiding.HasIndex(h => h.OtherId);
            hiding.HasOne<Account>().WithMany().HasForeignKey(h => h.OwnerId);
            hiding.HasOne<Account>().WithMany().HasForeignKey(h => h.OtherId);
        });
    }

    /// <summary>The moment stops being: what it said and showed, and what others said under it. Inside the running transaction.</summary>
    public static async Task EmptyAsync(WeirDb db, Moment moment, DateTimeOffset now, CancellationToken cancellation)
    {
        moment.DeletedAt = now;
        moment.Text = "";
        moment.Content = null;
        await db.AudienceCircles.Where(c => c.PostId == moment.Id).ExecuteDeleteAsync(cancellation);
        await db.AudienceExceptions.Where(e => e.PostId == moment.Id).ExecuteDeleteAsync(cancellation);
        await db.MomentLikes.Where(l => l.MomentId == moment.Id).ExecuteDeleteAsync(cancellation);
        await db.MomentComments.Where(c => c.MomentId == moment.Id).ExecuteDeleteAsync(cancellation);
        await FileUses.ReleaseAsync(db, FilePlace.Moment, moment.Id, now, cancellation);
    }

    /// <summary>Everything of an account that is being deleted.</summary>
    public static async Task ForgetAsync(WeirDb db, Guid account, DateTimeOffset now, CancellationToken cancellation)
    {
        foreach (var moment in await db.Moments.Where(m => m.OwnerId == account && m.DeletedAt == null).ToListAsync(cancellation))
        {
            await EmptyAsync(db, moment, now, cancellation);
        }

        await db.MomentLikes.Where(l => l.AuthorId == account).ExecuteDeleteAsync(cancellation);
        await db.MomentComments.Where(c => c.AuthorId == account).ExecuteDeleteAsync(cancellation);
        await db.MomentHidings.Where(h => h.OwnerId == account || h.OtherId == account).ExecuteDeleteAsync(cancellation);
    }

    private static void ConfigureInteraction<T>(EntityTypeBuilder<T> interaction)
        where T : Interaction
    {
        interaction.HasOne(i => i.Moment).WithMany().HasForeignKey(i => i.MomentId);
        interaction.HasOne(i => i.Author).WithMany().HasForeignKey(i => i.AuthorId);
        interaction.HasIndex(i => i.AuthorId);
    }
}
