using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;
using Weir.Social.Accounts;
using Weir.Social.Admin;
using Weir.Social.Audiences;
using Weir.Social.Blocks;
using Weir.Social.Broadcasts;
using Weir.Social.Circles;
using Weir.Social.Conversations;
using Weir.Social.Friends;
using Weir.Social.Invitations;
using Weir.Social.Sessions;

namespace Weir.Social.Data;

/// <summary>The social plane's one model. <see cref="SqliteDb"/> and <see cref="PostgresDb"/> differ in migrations and column types only.</summary>
internal abstract class WeirDb(DbContextOptions options) : DbContext(options)
{
    public DbSet<Account> Accounts => Set<Account>();

    public DbSet<Session> Sessions => Set<Session>();

    public DbSet<Invitation> Invitations => Set<Invitation>();

    public DbSet<Friendship> Friendships => Set<Friendship>();

    public DbSet<FriendRequest> FriendRequests => Set<FriendRequest>();

    public DbSet<Block> Blocks => Set<Block>();

    public DbSet<Circle> Circles => Set<Circle>();

    public DbSet<CircleMember> CircleMembers => Set<CircleMember>();

    public DbSet<Broadcast> Broadcasts => Set<Broadcast>();

    public DbSet<AudienceCircle> AudienceCircles => Set<AudienceCircle>();

    public DbSet<AudienceException> AudienceExceptions => Set<AudienceException>();

    public DbSet<Admission> Admissions => Set<Admission>();

    public DbSet<Cut> Cuts => Set<Cut>();

    public DbSet<Mute> Mutes => Set<Mute>();

    public DbSet<LiveSettings> LiveSettings => Set<LiveSettings>();

    public DbSet<LivePermission> LivePermissions => Set<LivePermission>();

    public DbSet<Conversation> Conversations => Set<Conversation>();

    public DbSet<ConversationMember> ConversationMembers => Set<ConversationMember>();

    public DbSet<Message> Messages => Set<Message>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<Account>(account =>
        {
            account.Ignore(a => a.Email).Ignore(a => a.NormalizedEmail).Ignore(a => a.EmailConfirmed);
            account.Ignore(a => a.PhoneNumber).Ignore(a => a.PhoneNumberConfirmed).Ignore(a => a.TwoFactorEnabled);
            account.Ignore(a => a.LockoutEnd).Ignore(a => a.LockoutEnabled).Ignore(a => a.AccessFailedCount).Ignore(a => a.SecurityStamp);
            account.Ignore(a => a.Handle);
            account.Property(a => a.Id).ValueGeneratedNever();
            account.Property(a => a.UserName).HasMaxLength(Handle.MaxLength).IsRequired();
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
        modelBuilder.Entity<Broadcast>(broadcast =>
        {
            broadcast.Ignore(b => b.IsOpen);
            broadcast.Property(b => b.Id).ValueGeneratedNever();
            broadcast.Property(b => b.State).HasConversion<string>().HasMaxLength(16);
            broadcast.Property(b => b.Kind).HasConversion<string>().HasMaxLength(16);
            broadcast.HasOne(b => b.Host).WithMany().HasForeignKey(b => b.HostId);
            broadcast.HasMany(b => b.Circles).WithOne().HasForeignKey(c => c.BroadcastId);
            broadcast.HasMany(b => b.Exceptions).WithOne().HasForeignKey(e => e.BroadcastId);
            broadcast.HasIndex(b => new { b.HostId, b.CreatedAt });
            broadcast.HasIndex(b => b.State);
        });
        modelBuilder.Entity<AudienceCircle>(circle =>
        {
            circle.HasKey(c => new { c.BroadcastId, c.CircleId, c.Except });
            circle.HasOne<Circle>().WithMany().HasForeignKey(c => c.CircleId);
        });
        modelBuilder.Entity<AudienceException>(exception =>
        {
            exception.HasKey(e => new { e.BroadcastId, e.Handle });
            exception.HasIndex(e => e.Handle);
            exception.HasOne<Account>().WithMany().HasForeignKey(e => e.AccountId);
        });
        // No key to accounts: the empty id is everybody without one.
        modelBuilder.Entity<Admission>(admission =>
        {
            admission.HasKey(a => new { a.BroadcastId, a.AccountId });
            admission.HasIndex(a => a.AccountId);
            admission.HasOne<Broadcast>().WithMany().HasForeignKey(a => a.BroadcastId);
        });
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
