using Microsoft.EntityFrameworkCore;
using Weir.Social.Accounts;

namespace Weir.Social.OfficialAccounts;

/// <summary>How official accounts are kept.</summary>
internal static class OfficialModel
{
    public static void Configure(ModelBuilder model)
    {
        model.Entity<OfficialAccount>(account =>
        {
            account.Property(a => a.Id).ValueGeneratedNever();
            account.Property(a => a.Handle).HasMaxLength(Handle.MaxLength);
            account.Property(a => a.Kind).HasConversion<string>().HasMaxLength(16);
            account.HasIndex(a => a.Handle).IsUnique();
        });
        model.Entity<OfficialEditor>(editor =>
        {
            editor.HasKey(e => new { e.OfficialAccountId, e.AccountId });
            editor.HasIndex(e => e.AccountId);
            editor.Property(e => e.Role).HasConversion<string>().HasMaxLength(16);
            editor.HasOne<OfficialAccount>().WithMany().HasForeignKey(e => e.OfficialAccountId);
            editor.HasOne<Account>().WithMany().HasForeignKey(e => e.AccountId);
        });
        model.Entity<Follower>(follower =>
        {
            follower.HasKey(f => new { f.OfficialAccountId, f.AccountId });
            follower.HasIndex(f => f.AccountId);
            follower.HasOne<OfficialAccount>().WithMany().HasForeignKey(f => f.OfficialAccountId);
            follower.HasOne<Account>().WithMany().HasForeignKey(f => f.AccountId);
        });
        model.Entity<RemovedFollower>(removed =>
        {
            removed.HasKey(r => new { r.OfficialAccountId, r.AccountId });
            removed.HasOne<OfficialAccount>().WithMany().HasForeignKey(r => r.OfficialAccountId);
            removed.HasOne<Account>().WithMany().HasForeignKey(r => r.AccountId);
        });
        model.Entity<OfficialSettings>(settings =>
        {
            settings.Property(s => s.Id).ValueGeneratedNever();
            settings.Property(s => s.Mode).HasConversion<string>().HasMaxLength(16);
            settings.HasData(new OfficialSettings());
        });
        model.Entity<OfficialPermission>(permission =>
        {
            permission.HasKey(p => p.AccountId);
            permission.HasOne<Account>().WithMany().HasForeignKey(p => p.AccountId);
        });
    }
}
