using Microsoft.EntityFrameworkCore;
using Weir.Social.Accounts;

namespace Weir.Social.Conversations;

/// <summary>How conversations are kept.</summary>
internal static class ConversationModel
{
    public static void Configure(ModelBuilder model)
    {
        model.Entity<Conversation>(conversation =>
        {
            conversation.Ignore(c => c.IsGroup);
            conversation.Property(c => c.Id).ValueGeneratedNever();
            conversation.HasIndex(c => new { c.OneId, c.OtherId }).IsUnique();
            conversation.HasOne<Account>().WithMany().HasForeignKey(c => c.OneId);
            conversation.HasOne<Account>().WithMany().HasForeignKey(c => c.OtherId);
            conversation.HasMany(c => c.Members).WithOne().HasForeignKey(m => m.ConversationId);
        });
        model.Entity<ConversationMember>(member =>
        {
            member.HasKey(m => new { m.ConversationId, m.AccountId });
            member.HasIndex(m => m.AccountId);
            member.Property(m => m.Role).HasConversion<string>().HasMaxLength(16);
            member.HasOne<Account>().WithMany().HasForeignKey(m => m.AccountId);
        });
        model.Entity<Message>(message =>
        {
            message.HasKey(m => new { m.ConversationId, m.Seq });
            message.Property(m => m.Seq).ValueGeneratedNever();
            message.Property(m => m.Content).HasConversion(content => MessageContent.ToJson(content!), json => MessageContent.FromJson(json));
            message.HasIndex(m => m.Id).IsUnique();
            message.HasOne<Conversation>().WithMany().HasForeignKey(m => m.ConversationId);
            // Who sent it is known to exist (accounts stay as rows), and an index on it would be the dearest part of an insert.
        });
        model.Entity<GroupLink>(link =>
        {
            link.Property(l => l.Id).ValueGeneratedNever();
            link.Property(l => l.Code).HasMaxLength(GroupLink.CodeLength);
            link.HasIndex(l => new { l.ConversationId, l.CreatedById });
            link.HasOne<Conversation>().WithMany().HasForeignKey(l => l.ConversationId);
        });
        model.Entity<GroupInvitation>(invitation =>
        {
            invitation.HasKey(i => new { i.ConversationId, i.AccountId });
            invitation.HasIndex(i => i.AccountId);
            invitation.HasOne<Conversation>().WithMany().HasForeignKey(i => i.ConversationId);
            invitation.HasOne<Account>().WithMany().HasForeignKey(i => i.AccountId);
        });
        model.Entity<GroupRemoval>(removal =>
        {
            removal.HasKey(r => new { r.ConversationId, r.AccountId });
            removal.HasOne<Conversation>().WithMany().HasForeignKey(r => r.ConversationId);
        });
    }
}
