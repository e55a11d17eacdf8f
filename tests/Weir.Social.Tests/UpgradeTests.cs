using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Weir.Social.Articles;
using Weir.Social.Audiences;
using Weir.Social.Broadcasts;
using Weir.Social.Data;
using Weir.Social.Files;
using Weir.Social.Moments;

namespace Weir.Social.Tests;

public sealed class UpgradesOnSqlite : UpgradeTests
{
    protected override Task<SocialOptions> OptionsAsync(string directory) => Task.FromResult(new SocialOptions { DataDirectory = directory });

    // As the databases of that version wrote it.
    protected override object Time(DateTimeOffset time) => time.ToMicroseconds();

    protected override object List(params Guid[] ids) => JsonSerializer.Serialize(ids);

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
        await db.GetService<IMigrator>().MigrateAsync("Conversations");
        // In the way of the last statements: rebuilt tables get their indexes back after they have taken the old ones' place for good.
        await db.Database.ExecuteSqlRawAsync("DROP INDEX \"IX_Broadcasts_State\"; CREATE TABLE \"IX_Broadcasts_State\" (\"Id\" INTEGER)");
        var before = await db.Database.GetAppliedMigrationsAsync();
        await InPlaceItLeavesNeitherVersionAsync(options.DatabaseFile);
        // What one that was killed left behind.
        await File.WriteAllTextAsync(options.DatabaseFile + ".upgrade", "half of it");

        await Assert.ThrowsAsync<Microsoft.Data.Sqlite.SqliteException>(() => db.MigrateAsync(default));

        Assert.Equal(before, await db.Database.GetAppliedMigrationsAsync());
        Assert.Equal((0, 1), await StandAsync(db));
        Assert.Empty(System.IO.Directory.GetFiles(Directory, "*.upgrade*"));

        await db.Database.ExecuteSqlRawAsync("DROP TABLE \"IX_Broadcasts_State\"");
        await db.MigrateAsync(default);
        Assert.Empty(await db.Database.GetPendingMigrationsAsync());
        Assert.Equal("wal", await db.Database.SqlQueryRaw<string>("SELECT journal_mode AS Value FROM pragma_journal_mode").SingleAsync());
    }

    /// <summary>What the copy is for: the same upgrade in the file itself has rebuilt tables before it fails, and the history does not have it.</summary>
    private async Task InPlaceItLeavesNeitherVersionAsync(string file)
    {
        var other = Path.Combine(Directory, "in-place");
        await using (var from = new Microsoft.Data.Sqlite.SqliteConnection(Database.SqliteConnection(file, pooling: false)))
        await using (var to = new Microsoft.Data.Sqlite.SqliteConnection(Database.SqliteConnection(other, pooling: false)))
        {
            await from.OpenAsync();
            await to.OpenAsync();
            from.BackupDatabase(to);
        }

        await using var db = Database.OpenSqlite(other, pooling: false);
        await Assert.ThrowsAsync<Microsoft.Data.Sqlite.SqliteException>(() => db.Database.MigrateAsync());
        Assert.NotEmpty(await db.Database.GetPendingMigrationsAsync());
        Assert.Equal((3, 0), await StandAsync(db));
    }

    /// <returns>How many of the new version's tables there are, and whether broadcasts still have the old version's column.</returns>
    private static async Task<(int Tables, int Hosts)> StandAsync(WeirDb db) => (
        await db.Database.SqlQueryRaw<int>("SELECT COUNT(*) AS Value FROM sqlite_master WHERE name IN ('Posts', 'Moments', 'Reports')").SingleAsync(),
        await db.Database.SqlQueryRaw<int>("SELECT COUNT(*) AS Value FROM pragma_table_info('Broadcasts') WHERE name = 'HostId'").SingleAsync());

    [Fact]
    public async Task A_file_that_a_running_server_has_open_is_not_upgraded_under_it()
    {
        var options = await OptionsAsync(Directory);
        await using var running = Database.Open(options);
        await running.GetService<IMigrator>().MigrateAsync("Conversations");
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

    protected override object List(params Guid[] ids) => ids;
}

/// <summary>A database that an earlier version filled comes through with everything in it.</summary>
public abstract class UpgradeTests : IAsyncLifetime
{
    [Fact]
    public async Task A_database_of_a_later_version_is_refused_with_both_versions_and_left_alone()
    {
        await _db.MigrateAsync(default);
        Assert.Equal("Weir 0.1.0", SchemaVersion.Mine);
        var known = _db.Database.GetMigrations().Last();
        Assert.Equal(SchemaVersion.Mine, await ByAsync());
        await _db.Database.ExecuteSqlRawAsync("""INSERT INTO "__EFMigrationsHistory" ("MigrationId", "ProductVersion") VALUES ('29990101000000_Later', 'Weir 9.9.0')""");

        var refused = await Assert.ThrowsAsync<LaterDatabaseException>(() => _db.MigrateAsync(default));

        foreach (var part in new[] { "29990101000000_Later", "Weir 9.9.0", SchemaVersion.Mine, known })
        {
            Assert.Contains(part, refused.Message, StringComparison.Ordinal);
        }

        // Also one that wants to be upgraded: a branch of the history that this version does not know.
        await _db.Database.ExecuteSqlAsync($"""DELETE FROM "__EFMigrationsHistory" WHERE "MigrationId" = {known}""");
        await Assert.ThrowsAsync<LaterDatabaseException>(() => _db.MigrateAsync(default));

        Task<string> ByAsync() => _db.Database.SqlQuery<string>($"""SELECT "ProductVersion" AS "Value" FROM "__EFMigrationsHistory" WHERE "MigrationId" = {known}""").SingleAsync();
    }

    private static readonly DateTimeOffset Day = new(2026, 11, 20, 8, 30, 0, TimeSpan.Zero);
    protected string Directory { get; } = System.IO.Directory.CreateTempSubdirectory("weir-upgrade-").FullName;
    private WeirDb _db = null!;

    protected abstract Task<SocialOptions> OptionsAsync(string directory);

    protected abstract object Time(DateTimeOffset time);

    protected abstract object List(params Guid[] ids);

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
        var (anna, ben) = await AccountsAsync();
        var (circle, other) = (Guid.NewGuid(), Guid.NewGuid());
        var (shown, gone) = (Guid.NewGuid(), Guid.NewGuid());
        foreach (var id in new[] { circle, other })
        {
            await InsertAsync("Circles", ("Id", id), ("OwnerId", anna), ("Name", "Family"), ("CreatedAt", Time(Day)));
        }

        await InsertAsync("CircleMembers", ("CircleId", circle), ("AccountId", ben));
        foreach (var (id, kind) in new[] { (shown, "Circles"), (gone, "Public") })
        {
            (string, object)[] deleted = id == gone ? [("DeletedAt", Time(Day.AddDays(1)))] : [];
            await InsertAsync(
                "Broadcasts",
                [
                    ("Id", id), ("HostId", anna), ("Title", "Sunday"), ("Kind", kind), ("State", "Ended"), ("CreatedAt", Time(Day)), ("StartedAt", Time(Day.AddHours(1))), ("EndedAt", Time(Day.AddHours(2))),
                    ("Revision", 7L), ("MediaDuration", 5_000_000L), ("Recorded", true),
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
        Assert.Equal(("Ended", Day.AddHours(1), Day.AddHours(2), false), (kept.State.ToString(), kept.StartedAt, kept.EndedAt, kept.Conversational));
        Assert.Equal((7, 5_000_000, true, 3, 4, 1280, 720, 2), (kept.Revision, kept.MediaDuration, kept.Recorded, kept.PeakViewers, kept.Comments, kept.Width, kept.Height, kept.Epoch));
        Assert.Equal([(circle, false), (other, true)], kept.Circles.OrderBy(c => c.Except).Select(c => (c.CircleId, c.Except)));
        Assert.Equal("nobody_yet", Assert.Single(kept.Exceptions).Handle);
        Assert.Equal(Day.AddDays(1), (await _db.Broadcasts.SingleAsync(b => b.Id == gone)).DeletedAt);
        Assert.Equal(
            new HashSet<(Guid, Guid, AudienceKind, DateTimeOffset, DateTimeOffset?, bool)> { (shown, anna, AudienceKind.Circles, Day, null, false), (gone, anna, AudienceKind.Public, Day, Day.AddDays(1), false) },
            (await _db.Posts.AsNoTracking().ToListAsync()).Select(p => (p.Id, p.OwnerId, p.Kind, p.CreatedAt, p.DeletedAt, p is Moment)).ToHashSet());
        Assert.Equal((shown, ben), Assert.Single((await _db.Admissions.AsNoTracking().ToListAsync()).Select(a => (a.BroadcastId, a.AccountId))));
        Assert.Equal((shown, ben, 1), Assert.Single((await _db.Cuts.AsNoTracking().ToListAsync()).Select(c => (c.BroadcastId, c.AccountId, c.Epoch))));
        Assert.Equal((shown, ben), Assert.Single((await _db.Mutes.AsNoTracking().ToListAsync()).Select(m => (m.BroadcastId, m.AccountId))));
        Assert.Equal((circle, ben), Assert.Single((await _db.CircleMembers.AsNoTracking().ToListAsync()).Select(m => (m.CircleId, m.AccountId))));
        Assert.Equal([circle, other], (await _db.Circles.Where(c => c.OwnerId == anna && c.Name == "Family").Select(c => c.Id).ToListAsync()).OrderBy(id => id != circle));
        Assert.Equal([shown], await _db.Broadcasts.AsSeenBy(ben).WhereVisible(_db, Day).Select(v => v.Item.Id).ToListAsync());

        // What refers to it still goes with it.
        _db.Broadcasts.Remove(kept);
        await _db.SaveChangesAsync();
        Assert.Equal((0, 0, 0, 0, 1), (await _db.AudienceCircles.CountAsync(), await _db.AudienceExceptions.CountAsync(), await _db.Admissions.CountAsync(), await _db.Mutes.CountAsync(), await _db.Posts.CountAsync()));
    }

    [Fact]
    public async Task Readers_keep_the_pictures_of_what_was_published_and_get_none_of_the_draft()
    {
        var (owner, _) = await AccountsAsync();
        await _db.GetService<IMigrator>().MigrateAsync("DeclinedRequestsAndStreamKeys");
        var (account, shown, cover, draft, other) = (Guid.NewGuid(), Guid.NewGuid(), Guid.NewGuid(), Guid.NewGuid(), Guid.NewGuid());
        _db.OfficialAccounts.Add(new() { Id = account, Handle = "river", Name = "River", CreatedAt = Day });
        Article Article(bool published, string markdown, Guid? its) => new()
        {
            Id = Guid.NewGuid(), OfficialAccountId = account, CreatedById = owner, SavedById = owner, CreatedAt = Day, SavedAt = Day,
            IsPublished = published, Markdown = markdown, CoverId = its, DraftMarkdown = $"![](/api/files/{draft:N})",
        };
        var (article, hidden) = (Article(true, $"Words ![](/api/files/{shown:N})", cover), Article(false, $"![](/api/files/{other:N})", null));
        _db.Articles.AddRange(article, hidden);
        _db.Files.AddRange(new[] { shown, cover, draft, other }.Select(id => new StoredFile
        {
            Id = id, OwnerId = owner, Kind = FileKind.Picture, Name = "x", Type = "image/webp", CreatedAt = Day,
        }));
        _db.FileUses.AddRange(new[] { (shown, article), (cover, article), (draft, article), (other, hidden) }.Select(use => new FileUse
        {
            FileId = use.Item1, Place = FilePlace.Article, PlaceId = use.Item2.Id,
        }));
        await _db.SaveChangesAsync();

        await _db.MigrateAsync(default);

        var uses = await _db.FileUses.AsNoTracking().Where(u => u.Place == FilePlace.PublishedArticle).ToListAsync();
        Assert.Equal(new HashSet<(Guid, Guid)> { (shown, article.Id), (cover, article.Id) }, uses.Select(u => (u.FileId, u.PlaceId)).ToHashSet());
        Assert.Equal(4, await _db.FileUses.CountAsync(u => u.Place == FilePlace.Article));
    }

    [Fact]
    public async Task What_was_deleted_loses_its_texts()
    {
        var (owner, _) = await AccountsAsync();
        await _db.GetService<IMigrator>().MigrateAsync("DeclinedRequestsAndStreamKeys");
        var account = Guid.NewGuid();
        _db.OfficialAccounts.Add(new() { Id = account, Handle = "river", Name = "River", CreatedAt = Day });
        Article Article(DateTimeOffset? deleted, string slug) => new()
        {
            Id = Guid.NewGuid(), OfficialAccountId = account, CreatedById = owner, SavedById = owner, CreatedAt = Day, SavedAt = Day,
            Title = "Title", Summary = "Summary", Markdown = "Text", DraftTitle = "Title", DraftSummary = "Summary", DraftMarkdown = "Text",
            Slug = slug, DeletedAt = deleted,
        };
        Broadcast Broadcast(DateTimeOffset? deleted) => new()
        {
            Id = Guid.NewGuid(), OwnerId = owner, CreatedAt = Day, DeletedAt = deleted, Title = "Title",
            Exceptions = { new() { Handle = "nobody_yet" } },
        };
        var (article, gone, shown, over) = (Article(null, "one"), Article(Day, "other"), Broadcast(null), Broadcast(Day));
        _db.AddRange(article, gone, shown, over, new ArticleLike { ArticleId = gone.Id, AccountId = owner, At = Day });
        await _db.SaveChangesAsync();

        await _db.MigrateAsync(default);

        _db.ChangeTracker.Clear();
        var kept = await _db.Articles.SingleAsync(a => a.DeletedAt == null);
        Assert.Equal(("Title", "Summary", "Text", "Text", "one"), (kept.Title, kept.Summary, kept.Markdown, kept.DraftMarkdown, kept.Slug));
        var emptied = await _db.Articles.SingleAsync(a => a.DeletedAt != null);
        Assert.All([emptied.Title, emptied.Summary, emptied.Markdown, emptied.DraftTitle, emptied.DraftSummary, emptied.DraftMarkdown], Assert.Empty);
        Assert.Null(emptied.Slug);
        Assert.Empty(await _db.ArticleLikes.ToListAsync());
        Assert.Equal(["", "Title"], await _db.Broadcasts.Select(b => b.Title).Order().ToListAsync());
        Assert.Equal(shown.Id, Assert.Single(await _db.AudienceExceptions.ToListAsync()).PostId);
    }

    [Fact]
    public async Task Accounts_friends_and_conversations_stay()
    {
        var (anna, ben) = await AccountsAsync();
        var (pair, group) = (Guid.NewGuid(), Guid.NewGuid());
        var session = Guid.NewGuid();
        await InsertAsync("Sessions", ("Id", session), ("AccountId", ben), ("TokenHash", new byte[] { 1, 2, 3 }), ("CreatedAt", Time(Day)), ("LastSeenAt", Time(Day)), ("Client", "web"));
        await InsertAsync("Blocks", ("OwnerId", ben), ("Handle", "nobody_yet"), ("CreatedAt", Time(Day)));
        await InsertAsync("Conversations", ("Id", pair), ("OneId", anna), ("OtherId", ben), ("CreatedAt", Time(Day)), ("LastSeq", 2L), ("LastAt", Time(Day.AddHours(2))), ("MembersVersion", 1));
        await InsertAsync("Conversations", ("Id", group), ("Name", "Sunday"), ("CreatedAt", Time(Day)), ("LastSeq", 1L), ("LastAt", Time(Day)), ("MembersVersion", 4));
        foreach (var (conversation, account, role) in new[] { (pair, anna, "Member"), (pair, ben, "Member"), (group, anna, "Owner"), (group, ben, "Member") })
        {
            (string, object)[] pinned = account == anna ? [("PinnedAt", Time(Day.AddHours(3)))] : [];
            await InsertAsync("ConversationMembers", [("ConversationId", conversation), ("AccountId", account), ("Role", role), ("JoinedAt", Time(Day)), ("FromSeq", 0L), ("ReadSeq", 1L), ("Muted", account == ben), .. pinned]);
        }

        var (asked, recalled, greeted) = (Guid.NewGuid(), Guid.NewGuid(), Guid.NewGuid());
        await InsertAsync("Messages", ("ConversationId", pair), ("Seq", 1L), ("Id", asked), ("SenderId", anna), ("ClientId", "a"), ("Text", "Sunday?"), ("Mentions", List()), ("SentAt", Time(Day.AddHours(1))));
        await InsertAsync(
            "Messages", ("ConversationId", pair), ("Seq", 2L), ("Id", recalled), ("SenderId", ben), ("ClientId", "b"), ("ReplyToSeq", 1L), ("Mentions", List()), ("SentAt", Time(Day.AddHours(2))), ("RecalledAt", Time(Day.AddHours(3))));
        await InsertAsync("Messages", ("ConversationId", group), ("Seq", 1L), ("Id", greeted), ("SenderId", anna), ("ClientId", "c"), ("Text", "Hello @ben"), ("Mentions", List(ben)), ("SentAt", Time(Day)));

        await _db.MigrateAsync(default);

        var accounts = await _db.Accounts.OrderBy(a => a.UserName).ToListAsync();
        Assert.Equal([(anna, "anna", Day, MomentWindow.All, "", null), (ben, "ben", Day, MomentWindow.All, "", (Guid?)null)], accounts.Select(a => (a.Id, a.Name, a.CreatedAt, a.MomentWindow, a.About, a.AvatarId)));
        Assert.Equal([(anna, ben), (ben, anna)], (await _db.Friendships.ToListAsync()).OrderBy(f => f.OwnerId != anna).Select(f => (f.OwnerId, f.FriendId)));
        Assert.Equal(session, (await _db.Sessions.SingleAsync(s => s.AccountId == ben)).Id);
        Assert.Equal("nobody_yet", (await _db.Blocks.SingleAsync()).Handle);
        Assert.Equal(
            [(pair, anna, ben, null, Day, 2, Day.AddHours(2), 1), (group, null, (Guid?)null, "Sunday", Day, 1, Day, 4)],
            (await _db.Conversations.ToListAsync()).OrderBy(c => c.IsGroup).Select(c => (c.Id, c.OneId, c.OtherId, c.Name, c.CreatedAt, c.LastSeq, c.LastAt, c.MembersVersion)));
        Assert.Equal(
            [("Member", 1, false, Day.AddHours(3)), ("Member", 1, true, (DateTimeOffset?)null), ("Owner", 1, false, Day.AddHours(3)), ("Member", 1, true, null)],
            (await _db.ConversationMembers.ToListAsync()).OrderBy(m => m.ConversationId != pair).ThenBy(m => m.AccountId != anna).Select(m => (m.Role.ToString(), m.ReadSeq, m.Muted, m.PinnedAt)));
        var messages = (await _db.Messages.ToListAsync()).OrderBy(m => m.ConversationId != pair).ThenBy(m => m.Seq).ToList();
        Assert.Equal(
            [(asked, anna, "Sunday?", null, Day.AddHours(1), null), (recalled, ben, null, 1, Day.AddHours(2), Day.AddHours(3)), (greeted, anna, "Hello @ben", (long?)null, Day, (DateTimeOffset?)null)],
            messages.Select(m => (m.Id, m.SenderId, m.Text, m.ReplyToSeq, m.SentAt, m.RecalledAt)));
        Assert.Equal([[], [], [ben]], messages.Select(m => m.Mentions));
        Assert.All(messages, m => Assert.Equal((null, false), (m.Content, m.IsNotice)));
        // What a new version has from the start.
        Assert.Equal((1, 1, 1), (await _db.LiveSettings.CountAsync(), await _db.OfficialSettings.CountAsync(), await _db.SessionsEpoch.CountAsync()));
    }

    /// <summary>Two friends, in a database of the first version there was.</summary>
    private async Task<(Guid Anna, Guid Ben)> AccountsAsync()
    {
        await _db.GetService<IMigrator>().MigrateAsync("Conversations");
        var (anna, ben) = (Guid.NewGuid(), Guid.NewGuid());
        foreach (var (id, handle) in new[] { (anna, "anna"), (ben, "ben") })
        {
            await InsertAsync("Accounts", ("Id", id), ("Name", handle), ("IsAdmin", false), ("CreatedAt", Time(Day)), ("EncoderKeyGeneration", 1), ("EncoderKeyCreatedAt", Time(Day)), ("UserName", handle), ("NormalizedUserName", handle));
        }

        await InsertAsync("Friendships", ("OwnerId", anna), ("FriendId", ben), ("Since", Time(Day)));
        await InsertAsync("Friendships", ("OwnerId", ben), ("FriendId", anna), ("Since", Time(Day)));
        return (anna, ben);
    }

    private Task InsertAsync(string table, params (string Column, object Value)[] row)
    {
        var columns = string.Join(", ", row.Select(c => JsonSerializer.Serialize(c.Column)));
        var values = string.Join(", ", Enumerable.Range(0, row.Length).Select(i => $"{{{i}}}"));
        var sql = $"INSERT INTO {JsonSerializer.Serialize(table)} ({columns}) VALUES ({values})";
        return _db.Database.ExecuteSqlRawAsync(sql, row.Select(c => c.Value));
    }
}
