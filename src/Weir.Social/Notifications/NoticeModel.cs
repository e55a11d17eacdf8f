using Microsoft.EntityFrameworkCore;
using Weir.Social.Accounts;
using Weir.Social.Data;
using Weir.Social.Notifications.Push;
using Weir.Social.Sessions;

namespace Weir.Social.Notifications;

/// <summary>How notices are kept.</summary>
internal static class NoticeModel
{
    public static void Configure(ModelBuilder model)
    {
        model.Entity<Notification>(notice =>
        {
            notice.Property(n => n.Id).ValueGeneratedNever();
            notice.Property(n => n.Kind).HasConversion<string>().HasMaxLength(24);
            notice.HasIndex(n => new { n.AccountId, n.At });
            // Who likes, takes it back and likes again is told of once.
            notice.HasIndex(n => new { n.AccountId, n.Kind, n.SubjectId, n.DetailId, n.ActorId }).IsUnique();
            notice.HasIndex(n => n.At);
            notice.HasIndex(n => new { n.Waits, n.AccountId }).HasFilter("\"Waits\"");
            notice.HasOne<Account>().WithMany().HasForeignKey(n => n.AccountId);
        });
        model.Entity<NoticeSettings>(settings =>
        {
            settings.HasKey(s => s.AccountId);
            settings.Property(s => s.Choices).HasMaxLength(4000);
            settings.Property(s => s.TimeZone).HasMaxLength(NoticeSettings.MaxTimeZone);
            settings.HasOne<Account>().WithMany().HasForeignKey(s => s.AccountId);
        });
        model.Entity<Star>(star =>
        {
            star.HasKey(s => new { s.OwnerId, s.TargetId });
            star.HasIndex(s => s.TargetId);
            star.HasOne<Account>().WithMany().HasForeignKey(s => s.OwnerId);
        });
        model.Entity<PushSubscription>(subscription =>
        {
            subscription.HasKey(s => s.SessionId);
            subscription.Property(s => s.Endpoint).HasMaxLength(PushSubscription.MaxEndpoint);
            subscription.Property(s => s.Language).HasMaxLength(8);
            subscription.HasIndex(s => s.Endpoint);
            subscription.HasOne<Session>().WithOne().HasForeignKey<PushSubscription>(s => s.SessionId).OnDelete(DeleteBehavior.Cascade);
        });
    }

    /// <summary>Everything of an account that is being deleted.</summary>
    public static async Task ForgetAsync(WeirDb db, Guid account, CancellationToken cancellation)
    {
        await db.Notifications.Where(n => n.AccountId == account || n.ActorId == account).ExecuteDeleteAsync(cancellation);
        await db.NoticeSettings.Where(s => s.AccountId == account).ExecuteDeleteAsync(cancellation);
        await db.Stars.Where(s => s.OwnerId == account || s.TargetId == account).ExecuteDeleteAsync(cancellation);
    }
}
