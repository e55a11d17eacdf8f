using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Weir.Social.Audiences;
using Weir.Social.Data;
using Weir.Social.Moments;

namespace Weir.Social.Tests;

public sealed class UpgradesOnSqlite : UpgradeTests
{
    protected override Task<SocialOptions> OptionsAsync(string directory) => Task.FromResult(new SocialOptions { DataDirectory = directory });

    // As the databases of that version wrote it.
    protected override object Time(DateTimeOffset time) => time.ToMicroseconds();

    [Fact]
    public async Task A_first_start_makes_what_all_migrations_make()
    {
        await using var made = Database.OpenSqlite(Path.Combine(Directory, "made"), pooling: false);
        await SqliteUpgrade.CreateAsync(made, default);
        await using var migrated = Database.OpenSqlite(Path.Combine(Directory, "migrated"), pooling: false);
        await migrated.Database.MigrateAsync();

        Assert.Empty(await made.Database.GetPendingMigrationsAsync());
        Assert.Equal(await SchemaAsync(migrated), await SchemaAsync(made));
    }

    /// <summary>Every column, key, index and trigger, a line each. A column that a later version added stands last and has a value for the rows before it: no matter.</summary>
    private static async Task<string> SchemaAsync(WeirDb db)
    {
        var lines = await db.Database.SqlQueryRaw<string>(
            """
            SELECT m.name || ' ' || c.name || ' ' || c.type || ' ' || c."notnull" || ' ' || c.pk AS Value FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table'
            UNION ALL SELECT m.name || ' ' || f."from" || ' refers ' || f."table" || ' ' || COALESCE(f."to", '') || ' ' || f.on_delete FROM sqlite_master m, pragma_foreign_key_list(m.name) f WHERE m.type = 'table'
            UNION ALL SELECT m.tbl_name || ' ' || m.name || ' ' || COALESCE(m.sql, '') FROM sqlite_master m WHERE m.type IN ('index', 'trigger')
            """).ToListAsync();
        return string.Join('\n', lines.Where(line => !line.StartsWith("__EFMigrationsLock", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task An_upgrade_that_fails_leaves_the_file_as_it_was_and_can_be_done_again()
    {
        var options = await OptionsAsync(Directory);
        await using var db = Database.Open(options);
        await db.GetService<IMigrator>().MigrateAsync("Groups");
        // In the way of the last migration: the ones before it have rebuilt tables by then.
        await db.Database.ExecuteSqlRawAsync("CREATE TABLE \"SearchChanges\" (\"Id\" INTEGER)");
        var before = await db.Database.GetAppliedMigrationsAsync();
        // What one that was killed left behind.
        await File.WriteAllTextAsync(options.DatabaseFile + ".upgrade", "half of it");

        await Assert.ThrowsAsync<Microsoft.Data.Sqlite.SqliteException>(() => db.MigrateAsync(default));

        Assert.Equal(before, await db.Database.GetAppliedMigrationsAsync());
        Assert.Equal(0, await db.Database.SqlQueryRaw<int>("SELECT COUNT(*) AS Value FROM sqlite_master WHERE name IN ('Posts', 'Moments', 'Reports')").SingleAsync());
        Assert.Empty(System.IO.Directory.GetFiles(Directory, "*.upgrade*"));

        await db.Database.ExecuteSqlRawAsync("DROP TABLE \"SearchChanges\"");
        await db.MigrateAsync(default);
        Assert.Empty(await db.Database.GetPendingMigrationsAsync());
        Assert.Equal("wal", await db.Database.SqlQueryRaw<string>("SELECT journal_mode AS Value FROM pragma_journal_mode").SingleAsync());
    }

    [Fact]
    public async Task A_file_that_a_running_server_has_open_is_not_upgraded_under_it()
    {
        var options = await OptionsAsync(Directory);
        await using var running = Database.Open(options);
        await running.GetService<IMigrator>().MigrateAsync("Groups");
        await running.Database.OpenConnectionAsync();
        await running.Database.ExecuteSqlRawAsync("PRAGMA journal_mode=WAL");
        await using var transaction = await running.Database.BeginTransactionAsync();
        await running.Accounts.Select(a => a.Id).CountAsync();

        await using var db = Database.Open(options);
        await Assert.ThrowsAnyAsync<Exception>(() => db.MigrateAsync(default));

        Assert.NotEmpty(await running.Database.GetPendingMigrationsAsync());
    }
}

public sealed class UpgradesOnPostgres(PostgresServer shared) : UpgradeTests
{
    protected override async Task<SocialOptions> OptionsAsync(string directory) =>
        new() { DataDirectory = directory, Database = DatabaseProvider.Postgres, ConnectionString = await shared.Cluster.CreateDatabaseAsync() };

    protected override object Time(DateTimeOffset time) => time;
}

/// <summary>A database that an earlier version filled comes through with everything in it.</summary>
public abstract class UpgradeTests : IAsyncLifetime
{
    private static readonly DateTimeOffset Day = new(2026, 11, 20, 8, 30, 0, TimeSpan.Zero);
    protected string Directory { get; } = System.IO.Directory.CreateTempSubdirectory("weir-upgrade-").FullName;
    private WeirDb _db = null!;

    protected abstract Task<SocialOptions> OptionsAsync(string directory);

    protected abstract object Time(DateTimeOffset time);

    public async ValueTask InitializeAsync() => _db = Database.Open(await OptionsAsync(Directory));

    public async ValueTask DisposeAsync()
    {
        await _db.DisposeAsync();
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        System.IO.Directory.Delete(Directory, recursive: true);
    }

    [Fact]
    public async Task Broadcasts_keep_their_host_their_time_and_whom_they_are_for()
    {
        var migrator = _db.GetService<IMigrator>();
        await migrator.MigrateAsync("Groups");
        var (anna, ben) = (Guid.NewGuid(), Guid.NewGuid());
        var (circle, other) = (Guid.NewGuid(), Guid.NewGuid());
        var (shown, gone) = (Guid.NewGuid(), Guid.NewGuid());
        foreach (var (id, handle) in new[] { (anna, "anna"), (ben, "ben") })
        {
            await InsertAsync("Accounts", ("Id", id), ("Name", handle), ("IsAdmin", false), ("CreatedAt", Time(Day)), ("EncoderKeyGeneration", 1), ("EncoderKeyCreatedAt", Time(Day)), ("UserName", handle), ("NormalizedUserName", handle));
        }

        foreach (var id in new[] { circle, other })
        {
            await InsertAsync("Circles", ("Id", id), ("OwnerId", anna), ("Name", "Family"), ("CreatedAt", Time(Day)));
        }

        await InsertAsync("CircleMembers", ("CircleId", circle), ("AccountId", ben));
        await InsertAsync("Friendships", ("OwnerId", anna), ("FriendId", ben), ("Since", Time(Day)));
        await InsertAsync("Friendships", ("OwnerId", ben), ("FriendId", anna), ("Since", Time(Day)));
        foreach (var (id, kind) in new[] { (shown, "Circles"), (gone, "Public") })
        {
            (string, object)[] deleted = id == gone ? [("DeletedAt", Time(Day.AddDays(1)))] : [];
            await InsertAsync(
                "Broadcasts",
                [
                    ("Id", id), ("HostId", anna), ("Title", "Sunday"), ("Kind", kind), ("State", "Ended"), ("CreatedAt", Time(Day)), ("Revision", 7L), ("MediaDuration", 5_000_000L), ("Recorded", true),
                    ("PeakViewers", 3), ("Comments", 4), ("Width", 1280), ("Height", 720), ("Epoch", 2L), .. deleted,
                ]);
        }

        await InsertAsync("AudienceCircles", ("BroadcastId", shown), ("CircleId", circle), ("Except", false));
        await InsertAsync("AudienceCircles", ("BroadcastId", shown), ("CircleId", other), ("Except", true));
        await InsertAsync("AudienceExceptions", ("BroadcastId", shown), ("Handle", "nobody_yet"));
        await InsertAsync("Admissions", ("BroadcastId", shown), ("AccountId", ben));
        await InsertAsync("Cuts", ("BroadcastId", shown), ("AccountId", ben), ("Epoch", 1L));
        await InsertAsync("Mutes", ("BroadcastId", shown), ("AccountId", ben));

        await _db.MigrateAsync(default);

        var kept = await _db.Broadcasts.Include(b => b.Circles).Include(b => b.Exceptions).AsSplitQuery().SingleAsync(b => b.Id == shown);
        Assert.Equal((anna, "Sunday", AudienceKind.Circles, Day, (DateTimeOffset?)null), (kept.OwnerId, kept.Title, kept.Kind, kept.CreatedAt, kept.DeletedAt));
        Assert.Equal((7, 5_000_000, true, 3, 4, 1280, 720, 2), (kept.Revision, kept.MediaDuration, kept.Recorded, kept.PeakViewers, kept.Comments, kept.Width, kept.Height, kept.Epoch));
        Assert.Equal([(circle, false), (other, true)], kept.Circles.OrderBy(c => c.Except).Select(c => (c.CircleId, c.Except)));
        Assert.Equal("nobody_yet", Assert.Single(kept.Exceptions).Handle);
        Assert.Equal(Day.AddDays(1), (await _db.Broadcasts.SingleAsync(b => b.Id == gone)).DeletedAt);
        Assert.Equal((1, 1, 1), (await _db.Admissions.CountAsync(), await _db.Cuts.CountAsync(), await _db.Mutes.CountAsync()));
        Assert.Equal([shown], await _db.Broadcasts.AsSeenBy(ben).WhereVisible(_db, Day).Select(v => v.Item.Id).ToListAsync());
        Assert.Equal(MomentWindow.All, (await _db.Accounts.SingleAsync(a => a.Id == anna)).MomentWindow);

        // What refers to it still goes with it.
        _db.Broadcasts.Remove(kept);
        await _db.SaveChangesAsync();
        Assert.Equal((0, 0, 0, 0, 1), (await _db.AudienceCircles.CountAsync(), await _db.AudienceExceptions.CountAsync(), await _db.Admissions.CountAsync(), await _db.Mutes.CountAsync(), await _db.Posts.CountAsync()));
    }

    private Task InsertAsync(string table, params (string Column, object Value)[] row)
    {
        var columns = string.Join(", ", row.Select(c => JsonSerializer.Serialize(c.Column)));
        var values = string.Join(", ", Enumerable.Range(0, row.Length).Select(i => $"{{{i}}}"));
        var sql = $"INSERT INTO {JsonSerializer.Serialize(table)} ({columns}) VALUES ({values})";
        return _db.Database.ExecuteSqlRawAsync(sql, row.Select(c => c.Value));
    }
}
