using System.Formats.Tar;
using System.Net;
using Microsoft.EntityFrameworkCore;
using Weir.Social.Maintenance;

namespace Weir.Social.Tests;

[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
public sealed class MaintenanceTests : IAsyncLifetime
{
    private readonly string _directory = Directory.CreateTempSubdirectory("weir-maintenance-").FullName;
    private Server _server = null!;
    private Someone _anna = null!;

    private string File_ => Path.Combine(_directory, "weir.tar");

    private string Recordings => Path.Combine(_directory, "recordings");

    public async ValueTask InitializeAsync()
    {
        _server = await Server.StartAsync();
        _anna = await _server.PersonAsync("Anna", admin: true);
        Directory.CreateDirectory(Path.Combine(Recordings, "one"));
        await File.WriteAllTextAsync(Path.Combine(Recordings, "one", "media.mp4"), "frames");
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public async Task A_backup_of_a_running_weir_restores_people_keys_files_and_recordings()
    {
        var id = await _anna.BroadcastAsync(new { kind = "link" });
        var key = (await _anna.GetAsync($"/api/broadcasts/{id}/publish"))["rtmp"].GetRawText();
        var avatar = (await _anna.UploadAsync(TestPictures.Jpeg(), "me.jpg", "avatar")).Is(HttpStatusCode.Created).Text("id");
        (await _anna.PutAsync("/api/me/avatar", new { file = avatar })).Is(HttpStatusCode.OK);
        await File.WriteAllTextAsync(Path.Combine(_server.Options.FilesDirectory, "incoming", "unfinished"), "half of it");
        var picture = (await _anna.BytesAsync($"/api/files/{avatar}")).Bytes;
        var made = await Backup.RunAsync(_server.Options, File_, Recordings);
        var names = await NamesAsync(File_);
        Assert.Equal(["manifest.json", "recordings/one/media.mp4", "secrets/node.key", "secrets/push.key", "secrets/server.key", "weir.db"], names.Where(name => !name.StartsWith("files/", StringComparison.Ordinal)));
        Assert.Contains(names, name => name.Contains(avatar, StringComparison.Ordinal));
        Assert.Equal((names.Count - 1, 0), (made.Files, made.Notes.Count));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(File_));
        await _anna.PatchAsync($"/api/broadcasts/{id}", new { title = "After the backup" });

        var elsewhere = Path.Combine(_directory, "elsewhere");
        await Restore.RunAsync(_server.Options with { DataDirectory = elsewhere }, File_);
        Assert.Equal("frames", await File.ReadAllTextAsync(Path.Combine(elsewhere, "recordings", "one", "media.mp4")));
        await using var restored = await Server.StartAsync(options: o => o with { DataDirectory = elsewhere });
        Assert.Null(restored.Plane.SetupCode);
        var anna = await Someone.OfAsync(restored, await restored.Anybody.PostAsync("/api/sessions", new { handle = _anna.Handle, password = Someone.Password }));
        Assert.Equal("A broadcast", (await anna.GetAsync($"/api/broadcasts/{id}")).Is(HttpStatusCode.OK).Text("title"));
        Assert.Equal(key, (await anna.GetAsync($"/api/broadcasts/{id}/publish"))["rtmp"].GetRawText());
        Assert.Equal(avatar, (await anna.GetAsync("/api/me")).Text("avatar"));
        Assert.Equal(picture, (await anna.BytesAsync($"/api/files/{avatar}")).Bytes);
        Assert.False(File.Exists(Path.Combine(elsewhere, "files", "incoming", "unfinished")));
    }

    [Fact]
    public async Task Nothing_that_was_ended_after_the_backup_comes_back_to_life_and_what_is_restored_is_private()
    {
        var cleo = await _server.PersonAsync("Cleo");
        await Backup.RunAsync(_server.Options, File_, Recordings);
        (await cleo.DeleteAsync("/api/sessions/current")).Is(HttpStatusCode.NoContent);

        var elsewhere = Path.Combine(_directory, "elsewhere");
        var notes = (await Restore.RunAsync(_server.Options with { DataDirectory = elsewhere }, File_)).Notes;
        Assert.Contains(notes, note => note.Contains("sign in again", StringComparison.Ordinal));
        Assert.Empty(Weir.Hosting.PrivatePath.Warnings(
            Directory.EnumerateFileSystemEntries(elsewhere, "*", SearchOption.AllDirectories).Append(elsewhere)));
        string? since = null;
        for (var start = 0; start < 2; start++)
        {
            await using var plane = SocialPlane.Build(new SocialOptions { DataDirectory = elsewhere, HttpPort = 0, PasswordIterations = 1000 });
            await plane.StartAsync();
            using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{plane.HttpPort}") };
            foreach (var token in new[] { cleo.Token!, _anna.Token! })
            {
                Assert.Equal(HttpStatusCode.Unauthorized, await MeAsync(http, token));
            }

            // Tickets and the media's addresses are signed with this.
            Assert.NotEqual(_server.Plane.NodeKey.StreamToken, plane.NodeKey.StreamToken);
            if (since is null)
            {
                using var signedIn = await http.PostAsync("/api/sessions", new StringContent(
                    $$"""{"handle":"{{cleo.Handle}}","password":"{{Someone.Password}}"}""", System.Text.Encoding.UTF8, "application/json"));
                since = System.Text.Json.JsonDocument.Parse(await signedIn.Content.ReadAsStringAsync()).RootElement.GetProperty("token").GetString()!;
            }

            // It ends them once, not at every start.
            Assert.Equal(HttpStatusCode.OK, await MeAsync(http, since));
        }

        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();

        static async Task<HttpStatusCode> MeAsync(HttpClient http, string token)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/api/me") { Headers = { Authorization = new("Bearer", token) } };
            using var answer = await http.SendAsync(request);
            return answer.StatusCode;
        }
    }

    private static async Task<List<string>> NamesAsync(string file)
    {
        var names = new List<string>();
        await using var tar = new TarReader(File.OpenRead(file));
        while (await tar.GetNextEntryAsync() is { } entry)
        {
            names.Add(entry.Name);
        }

        return [.. names.Order(StringComparer.Ordinal)];
    }

    [Fact]
    public async Task Recordings_are_restored_to_another_volume_and_nothing_but_recordings_is_taken_from_one()
    {
        // A volume of its own has a directory for what a check of it found.
        await File.WriteAllTextAsync(Path.Combine(Directory.CreateDirectory(Path.Combine(Recordings, "lost+found")).FullName, "found"), "nothing of ours");
        await Backup.RunAsync(_server.Options, File_, Recordings);
        Assert.Equal(["recordings/one/media.mp4"], (await NamesAsync(File_)).Where(name => name.StartsWith("recordings/", StringComparison.Ordinal)));

        // In memory, where the system has it: nothing can be moved there from a disk.
        var volume = Path.Combine(Directory.Exists("/dev/shm") ? "/dev/shm" : _directory, $"weir-volume-{Guid.NewGuid():N}");
        try
        {
            Directory.CreateDirectory(Path.Combine(volume, "lost+found"));
            var whole = await File.ReadAllBytesAsync(File_);
            var damaged = whole.ToArray();
            damaged[damaged.AsSpan().IndexOf("frames"u8)] ^= 0xFF;
            await File.WriteAllBytesAsync(File_, damaged);
            var elsewhere = _server.Options with { DataDirectory = Path.Combine(_directory, "elsewhere") };
            await Assert.ThrowsAsync<MaintenanceException>(() => Restore.RunAsync(elsewhere, File_, volume));
            Assert.Equal([Path.Combine(volume, "lost+found")], Directory.GetFileSystemEntries(volume));

            await File.WriteAllBytesAsync(File_, whole);
            await Restore.RunAsync(elsewhere, File_, volume);
            Assert.Equal("frames", await File.ReadAllTextAsync(Path.Combine(volume, "one", "media.mp4")));
            Assert.Equal(["lost+found", "one"], Directory.GetFileSystemEntries(volume).Select(Path.GetFileName).Order(StringComparer.Ordinal));
            Assert.False(Directory.Exists(Path.Combine(elsewhere.DataDirectory, "recordings")));

            var full = await Assert.ThrowsAsync<MaintenanceException>(
                () => Restore.RunAsync(_server.Options with { DataDirectory = Path.Combine(_directory, "third") }, File_, volume));
            Assert.Contains(volume, full.Message, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(volume, recursive: true);
        }
    }

    [Fact]
    public async Task A_backup_without_recordings_says_so()
    {
        var made = await Backup.RunAsync(_server.Options, File_, Path.Combine(_directory, "nowhere"));
        Assert.Contains("--recordings", Assert.Single(made.Notes), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_damaged_or_cut_short_backup_restores_nothing()
    {
        await Backup.RunAsync(_server.Options, File_, Recordings);
        var whole = await File.ReadAllBytesAsync(File_);
        var elsewhere = _server.Options with { DataDirectory = Path.Combine(_directory, "elsewhere") };
        foreach (var damaged in new[] { whole[..(whole.Length / 2)], Flip(whole, whole.Length / 2), [], [.. "no backup at all"u8] })
        {
            await File.WriteAllBytesAsync(File_, damaged);
            await Assert.ThrowsAsync<MaintenanceException>(() => Restore.RunAsync(elsewhere, File_));
            Assert.False(Directory.Exists(elsewhere.DataDirectory));
        }

        static byte[] Flip(byte[] bytes, int at)
        {
            var copy = bytes.ToArray();
            copy[at] ^= 0xFF;
            return copy;
        }
    }

    [Fact]
    public async Task A_backup_of_a_later_version_is_refused_with_both_versions()
    {
        await Backup.RunAsync(_server.Options, File_);
        var elsewhere = _server.Options with { DataDirectory = Path.Combine(_directory, "elsewhere") };
        var newer = Path.Combine(_directory, "newer.tar");
        await using (var from = new TarReader(File.OpenRead(File_)))
        await using (var to = new TarWriter(File.Create(newer)))
        {
            while (await from.GetNextEntryAsync(copyData: true) is { } entry)
            {
                if (entry.Name == BackupManifest.EntryName)
                {
                    var manifest = await System.Text.Json.JsonSerializer.DeserializeAsync<BackupManifest>(entry.DataStream!);
                    entry = new PaxTarEntry(TarEntryType.RegularFile, entry.Name)
                    {
                        DataStream = new MemoryStream(System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(manifest! with { Version = "9.9.0" })),
                    };
                }

                await to.WriteEntryAsync(entry);
            }
        }

        var refused = await Assert.ThrowsAsync<MaintenanceException>(() => Restore.RunAsync(elsewhere, newer));
        Assert.Contains("Weir 9.9.0, and this is Weir 0.1.0", refused.Message, StringComparison.Ordinal);

        // The same number, and yet tables that are not known.
        await _server.ReadAsync(db => db.Database.ExecuteSqlRawAsync("""INSERT INTO "__EFMigrationsHistory" ("MigrationId", "ProductVersion") VALUES ('29990101000000_Later', 'Weir 9.9.0')"""));
        File.Delete(newer);
        await Backup.RunAsync(_server.Options, newer);
        refused = await Assert.ThrowsAsync<MaintenanceException>(() => Restore.RunAsync(elsewhere, newer));
        Assert.Contains("29990101000000_Later", refused.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(elsewhere.DataDirectory));
    }

    [Fact]
    public async Task Nothing_is_overwritten()
    {
        await Backup.RunAsync(_server.Options, File_);
        await Assert.ThrowsAsync<MaintenanceException>(() => Backup.RunAsync(_server.Options, File_));
        await Assert.ThrowsAsync<MaintenanceException>(() => Restore.RunAsync(_server.Options, File_));
    }

    [Fact]
    public async Task A_reset_password_works_once_printed_and_ends_every_session()
    {
        var link = (await _anna.PostAsync($"/api/admin/accounts/{_anna.Handle}/password-reset")).Is(HttpStatusCode.Created).Text("code");
        var password = await ResetPassword.RunAsync(_server.Options, "@" + _anna.Handle.ToUpperInvariant());
        (await _anna.PostAsync("/api/password-resets/look", new { code = link })).Is(HttpStatusCode.NotFound);
        (await _anna.GetAsync("/api/me")).Is(HttpStatusCode.Unauthorized);
        (await _anna.PostAsync("/api/sessions", new { handle = _anna.Handle, password = Someone.Password })).Is(HttpStatusCode.Unauthorized);
        (await _anna.PostAsync("/api/sessions", new { handle = _anna.Handle, password })).Is(HttpStatusCode.Created);
        await Assert.ThrowsAsync<MaintenanceException>(() => ResetPassword.RunAsync(_server.Options, "nobody_at_all"));
    }

    [Fact]
    public async Task Somebody_is_made_an_administrator_beside_a_running_weir_and_the_audit_trail_says_so()
    {
        var cleo = await _server.PersonAsync("Cleo");
        (await cleo.GetAsync("/api/admin/accounts")).Is(HttpStatusCode.Forbidden);
        Assert.True(await MakeAdministrator.RunAsync(_server.Options, "@" + cleo.Handle.ToUpperInvariant()));

        // In the session that she has.
        (await cleo.GetAsync("/api/admin/accounts")).Is(HttpStatusCode.OK);
        var entries = (await cleo.GetAsync("/api/admin/audit?action=administratorMadeByCommand")).Is(HttpStatusCode.OK)["entries"];
        var entry = entries.EnumerateArray().Single();
        Assert.Equal(cleo.Handle, entry.GetProperty("subject").GetString());
        Assert.Equal(System.Text.Json.JsonValueKind.Null, entry.GetProperty("actor").ValueKind);

        Assert.False(await MakeAdministrator.RunAsync(_server.Options, cleo.Handle));
        Assert.Equal(1, await _server.ReadAsync(db =>
            db.AuditEntries.CountAsync(e => e.Action == Weir.Social.Admin.AuditAction.AdministratorMadeByCommand)));
    }

    [Fact]
    public async Task Nobody_who_cannot_sign_in_is_made_an_administrator()
    {
        var (ben, cleo) = (await _server.PersonAsync("Ben"), await _server.PersonAsync("Cleo"));
        (await _anna.PutAsync($"/api/admin/accounts/{ben.Handle}/suspension")).Is(HttpStatusCode.NoContent);
        (await cleo.DeleteAsync("/api/me", new { password = Someone.Password })).Is(HttpStatusCode.NoContent);
        await RefusedAsync(_server.Options, ben.Handle, "is suspended");
        await RefusedAsync(_server.Options, cleo.Handle, "was deleted");
        await RefusedAsync(_server.Options, "nobody_at_all", "Nobody here has the handle 'nobody_at_all'.");
        // The wrong directory is not filled with an empty database.
        var wrong = Path.Combine(_directory, "wrong");
        await RefusedAsync(_server.Options with { DataDirectory = wrong }, _anna.Handle, "There is no database in");
        Assert.False(Directory.Exists(wrong));

        static async Task RefusedAsync(SocialOptions options, string handle, string text)
        {
            var refused = await Assert.ThrowsAsync<MaintenanceException>(() => MakeAdministrator.RunAsync(options, handle));
            Assert.Contains(text, refused.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task What_was_acknowledged_is_on_disk_and_relations_are_kept() => await _server.ReadAsync(async db =>
    {
        Assert.Equal(("wal", 2L, 1L), (
            await ValueAsync<string>(db, "journal_mode"),
            await ValueAsync<long>(db, "synchronous"),
            await ValueAsync<long>(db, "foreign_keys")));
        return true;

        // The names are the test's own; a pragma takes no parameters.
#pragma warning disable EF1002
        static async Task<T> ValueAsync<T>(Data.WeirDb db, string pragma) =>
            (await db.Database.SqlQueryRaw<T>($"SELECT {pragma} AS \"Value\" FROM pragma_{pragma}").ToListAsync()).Single();
#pragma warning restore EF1002
    });
}
