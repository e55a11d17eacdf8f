using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;
using Weir.Social.Accounts;
using Weir.Social.Admin;
using Weir.Social.Articles;
using Weir.Social.Audiences;
using Weir.Social.Blocks;
using Weir.Social.Broadcasts;
using Weir.Social.Circles;
using Weir.Social.Conversations;
using Weir.Social.Exports;
using Weir.Social.Files;
using Weir.Social.Friends;
using Weir.Social.Invitations;
using Weir.Social.Moments;
using Weir.Social.Notifications;
using Weir.Social.Notifications.Push;
using Weir.Social.OfficialAccounts;
using Weir.Social.Search;
using Weir.Social.Passkeys;
using Weir.Social.Reporting;
using Weir.Social.Sessions;

namespace Weir.Social.Data;

/// <summary>The social plane's one model. <see cref="SqliteDb"/> and <see cref="PostgresDb"/> differ in migrations and column types only.</summary>
internal abstract class WeirDb(DbContextOptions options) : DbContext(options)
{
    /// <summary>The running transaction changed an account or a session.</summary>
    public bool PeopleChanged { get; set; }

    /// <summary>The running transaction ended sessions.</summary>
    public bool SessionsEnded { get; set; }

    /// <summary>The running transaction changed what searches look at.</summary>
    public bool SearchedChanged { get; set; }

    public DbSet<Account> Accounts => Set<Account>();

    public DbSet<Session> Sessions => Set<Session>();

    public DbSet<SessionsEpoch> SessionsEpoch => Set<SessionsEpoch>();

    public DbSet<Invitation> Invitations => Set<Invitation>();

    public DbSet<Friendship> Friendships => Set<Friendship>();

    public DbSet<FriendRequest> FriendRequests => Set<FriendRequest>();

    public DbSet<Block> Blocks => Set<Block>();

    public DbSet<Circle> Circles => Set<Circle>();

    public DbSet<CircleMember> CircleMembers => Set<CircleMember>();

    public DbSet<Post> Posts => Set<Post>();

    public DbSet<Broadcast> Broadcasts => Set<Broadcast>();

    public DbSet<Moment> Moments => Set<Moment>();

    public DbSet<MomentLike> MomentLikes => Set<MomentLike>();

    public DbSet<MomentComment> MomentComments => Set<MomentComment>();

    public DbSet<MomentHiding> MomentHidings => Set<MomentHiding>();

    public DbSet<AudienceCircle> AudienceCircles => Set<AudienceCircle>();

    public DbSet<AudienceException> AudienceExceptions => Set<AudienceException>();

    public DbSet<Admission> Admissions => Set<Admission>();

    public DbSet<AdmissionCheck> AdmissionChecks => Set<AdmissionCheck>();

    public DbSet<Cut> Cuts => Set<Cut>();

    public DbSet<Mute> Mutes => Set<Mute>();

    public DbSet<LiveSettings> LiveSettings => Set<LiveSettings>();

    public DbSet<LivePermission> LivePermissions => Set<LivePermission>();

    public DbSet<Conversation> Conversations => Set<Conversation>();

    public DbSet<ConversationMember> ConversationMembers => Set<ConversationMember>();

    public DbSet<Message> Messages => Set<Message>();

    public DbSet<GroupLink> GroupLinks => Set<GroupLink>();

    public DbSet<GroupInvitation> GroupInvitations => Set<GroupInvitation>();

    public DbSet<GroupRemoval> GroupRemovals => Set<GroupRemoval>();

    public DbSet<StoredFile> Files => Set<StoredFile>();

    public DbSet<FileUse> FileUses => Set<FileUse>();

    public DbSet<OfficialAccount> OfficialAccounts => Set<OfficialAccount>();

    public DbSet<OfficialEditor> OfficialEditors => Set<OfficialEditor>();

    public DbSet<Follower> Followers => Set<Follower>();

    public DbSet<RemovedFollower> RemovedFollowers => Set<RemovedFollower>();

    public DbSet<OfficialSettings> OfficialSettings => Set<OfficialSettings>();

    public DbSet<OfficialPermission> OfficialPermissions => Set<OfficialPermission>();

    public DbSet<Notification> Notifications => Set<Notification>();

    public DbSet<NoticeSettings> NoticeSettings => Set<NoticeSettings>();

    public DbSet<PushSubscription> PushSubscriptions => Set<PushSubscription>();

    public DbSet<Star> Stars => Set<Star>();

    public DbSet<Article> Articles => Set<Article>();

    public DbSet<ArticleDay> ArticleDays => Set<ArticleDay>();

    public DbSet<ArticleLike> ArticleLikes => Set<ArticleLike>();

    public DbSet<ArticleSend> ArticleSends => Set<ArticleSend>();

    public DbSet<ArticleSendItem> ArticleSendItems => Set<ArticleSendItem>();

    public DbSet<SearchChange> SearchChanges => Set<SearchChange>();
    public DbSet<Passkey> Passkeys => Set<Passkey>();

    public DbSet<PasswordReset> PasswordResets => Set<PasswordReset>();

    public DbSet<AuditEntry> AuditEntries => Set<AuditEntry>();

    public DbSet<Report> Reports => Set<Report>();

    public DbSet<Export> Exports => Set<Export>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<Account>(account =>
        {
            account.Ignore(a => a.Email).Ignore(a => a.NormalizedEmail).Ignore(a => a.EmailConfirmed);
            account.Ignore(a => a.PhoneNumber).Ignore(a => a.PhoneNumberConfirmed).Ignore(a => a.TwoFactorEnabled);
            account.Ignore(a => a.LockoutEnd).Ignore(a => a.LockoutEnabled).Ignore(a => a.AccessFailedCount).Ignore(a => a.SecurityStamp);
            account.Ignore(a => a.Handle);
            account.Property(a => a.Id).ValueGeneratedNever();
            account.Property(a => a.About).HasMaxLength(Account.AboutLength * 2);
            account.Property(a => a.UserName).HasMaxLength(Handle.MaxLength).IsRequired();
            account.Property(a => a.MomentWindow).HasConversion<string>().HasMaxLength(16).HasDefaultValue(MomentWindow.All);
            account.Property(a => a.NormalizedUserName).HasMaxLength(Handle.MaxLength).IsRequired();
            account.Property(a => a.ConcurrencyStamp).IsConcurrencyToken();
            account.HasIndex(a => a.NormalizedUserName).IsUnique();
        });
        modelBuilder.Entity<Session>(session =>
        {
            session.Property(s => s.Id).ValueGeneratedNever();
            session.HasIndex(s => s.TokenHash).IsUnique();
            session.HasOne(s => s.Account).WithMany().HasForeignKey(s => s.AccountId);
        });
        modelBuilder.Entity<SessionsEpoch>(epoch =>
        {
            epoch.Property(e => e.Id).ValueGeneratedNever();
            epoch.HasData(new SessionsEpoch());
        });
        modelBuilder.Entity<Invitation>(invitation =>
        {
            invitation.HasKey(i => i.Code);
            invitation.HasOne<Account>().WithMany().HasForeignKey(i => i.FromId);
            invitation.HasOne<Account>().WithMany().HasForeignKey(i => i.UsedById).OnDelete(DeleteBehavior.SetNull);
        });
        modelBuilder.Entity<Friendship>(friendship =>
        {
            friendship.HasKey(f => new { f.OwnerId, f.FriendId });
            friendship.HasOne<Account>().WithMany().HasForeignKey(f => f.OwnerId);
            friendship.HasOne<Account>().WithMany().HasForeignKey(f => f.FriendId);
        });
        modelBuilder.Entity<FriendRequest>(request =>
        {
            request.Property(r => r.Id).ValueGeneratedNever();
            request.HasIndex(r => new { r.FromId, r.ToHandle }).IsUnique();
            request.HasIndex(r => r.ToHandle);
            request.HasOne<Account>().WithMany().HasForeignKey(r => r.FromId);
        });
        modelBuilder.Entity<Block>(block =>
        {
            block.HasKey(b => new { b.OwnerId, b.Handle });
            block.HasIndex(b => b.Handle);
            block.HasIndex(b => new { b.OwnerId, b.BlockedId });
            block.HasOne<Account>().WithMany().HasForeignKey(b => b.OwnerId);
            block.HasOne<Account>().WithMany().HasForeignKey(b => b.BlockedId);
        });
        modelBuilder.Entity<Circle>(circle =>
        {
            circle.Property(c => c.Id).ValueGeneratedNever();
            circle.HasOne<Account>().WithMany().HasForeignKey(c => c.OwnerId);
            circle.HasMany(c => c.Members).WithOne().HasForeignKey(m => m.CircleId);
        });
        modelBuilder.Entity<CircleMember>(member =>
        {
            member.HasKey(m => new { m.CircleId, m.AccountId });
            member.HasOne<Account>().WithMany().HasForeignKey(m => m.AccountId);
        });
        AudienceModel.Configure(modelBuilder);
        modelBuilder.Entity<Broadcast>(broadcast =>
        {
            broadcast.Ignore(b => b.IsOpen);
            broadcast.ToTable("Broadcasts");
            broadcast.Property(b => b.State).HasConversion<string>().HasMaxLength(16);
            broadcast.HasIndex(b => b.State);
        });
        // No key to accounts: the empty id is everybody without one.
        modelBuilder.Entity<Admission>(admission =>
        {
            admission.HasKey(a => new { a.BroadcastId, a.AccountId });
            admission.HasIndex(a => a.AccountId);
            admission.HasOne<Broadcast>().WithMany().HasForeignKey(a => a.BroadcastId);
        });
        AdmissionCheck.Configure(modelBuilder);
        modelBuilder.Entity<Cut>(cut =>
        {
            cut.HasKey(c => new { c.BroadcastId, c.AccountId });
            cut.HasOne<Broadcast>().WithMany().HasForeignKey(c => c.BroadcastId);
        });
        modelBuilder.Entity<Mute>(mute =>
        {
            mute.HasKey(m => new { m.BroadcastId, m.AccountId });
            mute.HasOne<Broadcast>().WithMany().HasForeignKey(m => m.BroadcastId);
        });
        modelBuilder.Entity<LiveSettings>(settings =>
        {
            settings.Property(s => s.Id).ValueGeneratedNever();
            settings.Property(s => s.Mode).HasConversion<string>().HasMaxLength(16);
            settings.HasData(new LiveSettings());
        });
        modelBuilder.Entity<LivePermission>(permission =>
        {
            permission.HasKey(p => p.AccountId);
            permission.HasOne<Account>().WithMany().HasForeignKey(p => p.AccountId);
        });
        ConversationModel.Configure(modelBuilder);
        FileModel.Configure(modelBuilder);
        OfficialModel.Configure(modelBuilder);
        NoticeModel.Configure(modelBuilder);
        ArticleModel.Configure(modelBuilder);
        MomentModel.Configure(modelBuilder);
        SearchChange.Configure(modelBuilder);
        Passkey.Configure(modelBuilder);
        PasswordReset.Configure(modelBuilder);
        AuditEntry.Configure(modelBuilder);
        Report.Configure(modelBuilder);
        Export.Configure(modelBuilder);
    }
}

internal sealed class SqliteDb(DbContextOptions<SqliteDb> options) : WeirDb(options)
{
    // SQLite has no type for it, and EF Core can neither order nor compare it there.
    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder) =>
        configurationBuilder.Properties<DateTimeOffset>().HaveConversion<Microseconds>();

    private sealed class Microseconds() : ValueConverter<DateTimeOffset, long>(time => time.ToMicroseconds(), value => Times.FromMicroseconds(value));
}

internal sealed class PostgresDb(DbContextOptions<PostgresDb> options) : WeirDb(options);
