using Microsoft.EntityFrameworkCore;
using Weir.Social.Accounts;
using Weir.Social.Circles;
using Weir.Social.Conversations;
using Weir.Social.OfficialAccounts;

namespace Weir.Social.Audiences;

/// <summary>How posts and their audiences are kept: one table for what all posts have, one a kind.</summary>
internal static class AudienceModel
{
    public static void Configure(ModelBuilder model)
    {
        model.Entity<Post>(post =>
        {
            post.ToTable("Posts").UseTptMappingStrategy();
            post.Property(p => p.Id).ValueGeneratedNever();
            post.Property(p => p.Kind).HasConversion<string>().HasMaxLength(16);
            post.HasOne(p => p.Owner).WithMany().HasForeignKey(p => p.OwnerId);
            post.HasOne<Conversation>().WithMany().HasForeignKey(p => p.ConversationId);
            post.HasOne<OfficialAccount>().WithMany().HasForeignKey(p => p.OfficialAccountId);
            post.HasMany(p => p.Circles).WithOne().HasForeignKey(c => c.PostId);
            post.HasMany(p => p.Exceptions).WithOne().HasForeignKey(e => e.PostId);
            post.HasIndex(p => new { p.OwnerId, p.CreatedAt });
            post.HasIndex(p => p.CreatedAt);
        });
        model.Entity<AudienceCircle>(circle =>
        {
            circle.HasKey(c => new { c.PostId, c.CircleId, c.Except });
            circle.HasOne<Circle>().WithMany().HasForeignKey(c => c.CircleId);
        });
        model.Entity<AudienceException>(exception =>
        {
            exception.HasKey(e => new { e.PostId, e.Handle });
            exception.HasIndex(e => e.Handle);
            exception.HasOne<Account>().WithMany().HasForeignKey(e => e.AccountId);
        });
    }
}
