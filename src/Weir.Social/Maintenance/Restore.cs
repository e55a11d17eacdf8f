using System.Formats.Tar;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Weir.Hosting;
using Weir.Social.Data;
using Weir.Social.WebApp;

namespace Weir.Social.Maintenance;

/// <summary><c>weir restore</c>: a backup into an empty data directory, checked against its manifest before anything is said to be restored.</summary>
public static class Restore
{
    /// <summary>Where recordings are put together that do not lie inside the data directory.</summary>
    internal const string RecordingsStaging = ".restoring";

    /// <param name="recordings">Where the live node keeps recordings, when that is not inside the data directory.</param>
    /// <exception cref="MaintenanceException">The directory is not empty, or the file is not a whole backup.</exception>
    public static async Task<Backup.Result> RunAsync(SocialOptions options, string file, string? recordings = null, CancellationToken cancellation = default)
    {
        if (Directory.Exists(options.DataDirectory) && Directory.EnumerateFileSystemEntries(options.DataDirectory).Any())
        {
            throw new MaintenanceException($"'{options.DataDirectory}' is not empty.");
        }

        if (Directory.Exists(recordings) && Directory.EnumerateFileSystemEntries(recordings).Any(Backup.IsRecording))
        {
            throw new MaintenanceException($"'{recordings}' is not empty.");
        }

        if (!File.Exists(file))
        {
            throw new MaintenanceException($"'{file}' is not there.");
        }

        var target = Path.GetFullPath(options.DataDirectory).TrimEnd(Path.DirectorySeparatorChar);
        var staging = target + ".restoring";
        var place = Path.TrimEndingDirectorySeparator(Path.GetFullPath(recordings ?? Path.Combine(target, BackupManifest.RecordingsFolder)));
        var inside = place.StartsWith(target + Path.DirectorySeparatorChar, StringComparison.Ordinal);

        // Inside the data directory they travel with it. Elsewhere they can be on another volume, onto which nothing can be moved: they are put together there.
        var stagedRecordings = inside ? Path.Combine(staging, Path.GetRelativePath(target, place)) : Path.Combine(place, RecordingsStaging);
        Remove(staging);
        Remove(stagedRecordings);
        try
        {
            DirectorySync.Create(staging);
            if (!inside)
            {
                DirectorySync.Create(place);
            }

            var (found, manifest) = await ExtractAsync(file, staging, stagedRecordings, cancellation);
            Verify(found, manifest);
            Refuse(file, manifest);
            var notes = new List<string>();
            if (manifest.Files.ContainsKey(BackupManifest.DatabaseEntry))
            {
                await CheckDatabaseAsync(file, Path.Combine(staging, BackupManifest.DatabaseEntry), cancellation);
            }
            else
            {
                notes.Add("The database was in PostgreSQL: restore it with pg_restore or psql.");
            }

            notes.AddRange(await AfterRestore.PrepareAsync(staging, options, cancellation));
            if (!inside && Directory.Exists(stagedRecordings))
            {
                foreach (var recording in Directory.GetFileSystemEntries(stagedRecordings))
                {
                    Directory.Move(recording, Path.Combine(place, Path.GetFileName(recording)));
                }

                DirectorySync.Flush(place);
            }

            if (Directory.Exists(target))
            {
                Directory.Delete(target);
            }

            Directory.Move(staging, target);
            DirectorySync.Flush(target);
            DirectorySync.Flush(Path.GetDirectoryName(target)!);
            return new Backup.Result(new FileInfo(file).Length, found.Count, notes);
        }
        catch (Exception fault) when (fault is InvalidDataException or EndOfStreamException or FormatException or JsonException or SqliteException)
        {
            throw new MaintenanceException($"'{file}' is not a whole backup: {fault.Message}");
        }
        finally
        {
            Remove(staging);
            Remove(stagedRecordings);
        }
    }

    private static void Remove(string directory)
    {
        if (Directory.Exists(directory))
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static async Task<(Dictionary<string, string> Found, BackupManifest Manifest)> ExtractAsync(
        string file, string staging, string recordings, CancellationToken cancellation)
    {
        var found = new Dictionary<string, string>(StringComparer.Ordinal);
        await using var input = File.OpenRead(file);
        await using var tar = new TarReader(input);
        while (await tar.GetNextEntryAsync(copyData: false, cancellation) is { } entry)
        {
            if (entry.EntryType is not TarEntryType.RegularFile)
            {
                throw new InvalidDataException($"'{entry.Name}' is no file.");
            }

            if (entry.Name == BackupManifest.EntryName)
            {
                return (found, await JsonSerializer.DeserializeAsync<BackupManifest>(entry.DataStream!, cancellationToken: cancellation)
                    ?? throw new InvalidDataException("its manifest is empty."));
            }

            // The archive names files; it may not name any outside the folder.
            var (folder, name) = entry.Name.StartsWith(BackupManifest.RecordingsFolder, StringComparison.Ordinal)
                ? (recordings, entry.Name[BackupManifest.RecordingsFolder.Length..])
                : (staging, entry.Name);
            var path = Path.GetFullPath(Path.Combine(folder, name));
            if (!path.StartsWith(folder + Path.DirectorySeparatorChar, StringComparison.Ordinal))
            {
                throw new InvalidDataException($"'{entry.Name}' lies outside.");
            }

            if (Path.GetDirectoryName(path) is { } around && !Directory.Exists(around))
            {
                DirectorySync.Create(around);
            }

            await using var output = Backup.CreatePrivate(path);
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            var buffer = new byte[1 << 16];
            int read;
            while (entry.DataStream is not null && (read = await entry.DataStream.ReadAsync(buffer, cancellation)) > 0)
            {
                hash.AppendData(buffer.AsSpan(0, read));
                await output.WriteAsync(buffer.AsMemory(0, read), cancellation);
            }

            output.Flush(flushToDisk: true);
            found.Add(entry.Name, Convert.ToHexStringLower(hash.GetCurrentHash()));
        }

        throw new InvalidDataException("its manifest is missing.");
    }

    private static void Verify(Dictionary<string, string> found, BackupManifest manifest)
    {
        foreach (var (name, expected) in manifest.Files)
        {
            if (found.GetValueOrDefault(name) != expected)
            {
                throw new InvalidDataException($"'{name}' is damaged or missing.");
            }
        }

        if (found.Count != manifest.Files.Count)
        {
            throw new InvalidDataException("it holds files that its manifest does not name.");
        }
    }

    /// <summary>What a later version wrote may hold what this one would lose.</summary>
    private static void Refuse(string file, BackupManifest manifest)
    {
        if (Number(manifest.Version) is { } made && made > Number(ServerInfo.Version))
        {
            throw new MaintenanceException(
                $"'{file}' was made by Weir {manifest.Version}, and this is Weir {ServerInfo.Version}: restore it with that version or a later one.");
        }

        static Version? Number(string version) => Version.TryParse(version.Split('-')[0], out var number) ? number : null;
    }

    private static async Task CheckDatabaseAsync(string file, string path, CancellationToken cancellation)
    {
        await using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Mode = SqliteOpenMode.ReadOnly, Pooling = false }.ToString());
        await connection.OpenAsync(cancellation);
        await using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA integrity_check";
        if (await command.ExecuteScalarAsync(cancellation) is not "ok")
        {
            throw new InvalidDataException("its database is damaged.");
        }

        command.CommandText = "SELECT MigrationId, ProductVersion FROM __EFMigrationsHistory";
        var applied = new List<(string, string)>();
        await using (var rows = await command.ExecuteReaderAsync(cancellation))
        {
            while (await rows.ReadAsync(cancellation))
            {
                applied.Add((rows.GetString(0), rows.GetString(1)));
            }
        }

        await using var model = Database.OpenSqlite(path, pooling: false);
        try
        {
            SchemaVersion.Check(applied, [.. model.Database.GetMigrations()]);
        }
        catch (LaterDatabaseException later)
        {
            throw new MaintenanceException($"'{file}' cannot be restored. {later.Message}");
        }
    }
}
