using System.Formats.Tar;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using Weir.Hosting;
using Weir.Social.Data;
using Weir.Social.Files;

namespace Weir.Social.Maintenance;

/// <summary>What a backup holds; its last entry, with the SHA-256 of every other.</summary>
internal sealed record BackupManifest(string Version, DateTimeOffset MadeAt, string Database, SortedDictionary<string, string> Files)
{
    public const string EntryName = "manifest.json";
    public const string DatabaseEntry = "weir.db";
    public const string SecretsFolder = "secrets/";
    public const string RecordingsFolder = "recordings/";
    public const string FilesFolder = "files/";
}

/// <summary>
/// <c>weir backup</c>: one tar file with a consistent snapshot of the database, the secrets, people's files and the recordings, beside a running Weir or without one. It
/// appears under its name only once it is whole and on disk.
/// </summary>
public static class Backup
{
    /// <param name="notes">What the operator must know, each a sentence.</param>
    public sealed record Result(long Bytes, int Files, IReadOnlyList<string> Notes);

    /// <exception cref="MaintenanceException">There is nothing to back up, or the file is there already.</exception>
    public static async Task<Result> RunAsync(
        SocialOptions options, string file, string? recordings = null, TimeProvider? clock = null, CancellationToken cancellation = default)
    {
        if (File.Exists(file))
        {
            throw new MaintenanceException($"'{file}' is there already.");
        }

        if (!Directory.Exists(options.SecretsDirectory))
        {
            throw new MaintenanceException($"'{options.DataDirectory}' is not a data directory of Weir.");
        }

        var path = Path.GetFullPath(file);
        var partial = path + ".partial";
        var snapshot = path + ".snapshot";
        var notes = new List<string>();
        var files = new SortedDictionary<string, string>(StringComparer.Ordinal);
        try
        {
            await using (var output = CreatePrivate(partial))
            {
                await using (var tar = new TarWriter(output, TarEntryFormat.Pax, leaveOpen: true))
                {
                    if (options.Database == DatabaseProvider.Sqlite)
                    {
                        await SnapshotAsync(options.DatabaseFile, snapshot, cancellation);
                        await AddAsync(tar, snapshot, BackupManifest.DatabaseEntry, files, cancellation);
                    }
                    else
                    {
                        notes.Add("The database is in PostgreSQL and not in this file: back it up with pg_dump.");
                    }

                    await AddTreeAsync(tar, options.SecretsDirectory, BackupManifest.SecretsFolder, files, cancellation);
                    // After the database: every file that its snapshot speaks of was whole before, and those that came since do no harm.
                    if (Directory.Exists(options.FilesDirectory))
                    {
                        await AddTreeAsync(tar, options.FilesDirectory, BackupManifest.FilesFolder, files, cancellation, except: FileStore.IncomingOf(options));
                    }

                    if (Directory.Exists(recordings))
                    {
                        foreach (var recording in Directory.EnumerateDirectories(recordings).Where(IsRecording).Order(StringComparer.Ordinal))
                        {
                            await AddTreeAsync(tar, recording, $"{BackupManifest.RecordingsFolder}{Path.GetFileName(recording)}/", files, cancellation);
                        }
                    }
                    else if (recordings is not null)
                    {
                        notes.Add($"No recordings are in this file: '{recordings}' is not there. If they are elsewhere, say so with --recordings.");
                    }

                    var manifest = new BackupManifest(
                        WebApp.ServerInfo.Version, (clock ?? TimeProvider.System).Now(), options.Database.ToString().ToLowerInvariant(), files);
                    var entry = new PaxTarEntry(TarEntryType.RegularFile, BackupManifest.EntryName) { DataStream = new MemoryStream(JsonSerializer.SerializeToUtf8Bytes(manifest)) };
                    await tar.WriteEntryAsync(entry, cancellation);
                }

                output.Flush(flushToDisk: true);
            }

            File.Move(partial, path);
            DirectorySync.Flush(Path.GetDirectoryName(path)!);
            return new Result(new FileInfo(path).Length, files.Count, notes);
        }
        finally
        {
            File.Delete(partial);
            File.Delete(snapshot);
        }
    }

    /// <summary>False for what else the directory of recordings can hold: a volume's lost+found, and what a restore left that was stopped.</summary>
    internal static bool IsRecording(string path) => Path.GetFileName(path) is not "lost+found" and not Restore.RecordingsStaging;

    internal static FileStream CreatePrivate(string path)
    {
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        return new FileStream(path, options);
    }

    private static async Task SnapshotAsync(string database, string snapshot, CancellationToken cancellation)
    {
        if (!File.Exists(database))
        {
            throw new MaintenanceException($"'{database}' is not there.");
        }

        // VACUUM INTO copies one read transaction's view, so writers go on meanwhile.
        CreatePrivate(snapshot).Dispose();
        await using var connection = new SqliteConnection(Database.SqliteConnection(database) + ";Pooling=False");
        await connection.OpenAsync(cancellation);
        await using var command = connection.CreateCommand();
        command.CommandText = "VACUUM INTO $file";
        command.Parameters.AddWithValue("$file", snapshot);
        await command.ExecuteNonQueryAsync(cancellation);
    }

    private static async Task AddTreeAsync(TarWriter tar, string directory, string folder, SortedDictionary<string, string> files, CancellationToken cancellation, string? except = null)
    {
        foreach (var path in Directory.EnumerateFiles(directory, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            if (except is not null && path.StartsWith(except + Path.DirectorySeparatorChar, StringComparison.Ordinal))
            {
                continue;
            }

            await AddAsync(tar, path, folder + Path.GetRelativePath(directory, path).Replace('\\', '/'), files, cancellation);
        }
    }

    private static async Task AddAsync(TarWriter tar, string path, string name, SortedDictionary<string, string> files, CancellationToken cancellation)
    {
        await using var source = Open(path);
        if (source is null)
        {
            return; // Deleted since the folder was listed.
        }

        // A recording that is being written grows: what it is now is whole up to its last fragment.
        using var now = new FirstBytes(source, source.Length);
        await tar.WriteEntryAsync(new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = now, Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite }, cancellation);
        files.Add(name, now.Sha256);
    }

    private static FileStream? Open(string path)
    {
        try
        {
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        }
        catch (FileNotFoundException)
        {
            return null;
        }
    }

    /// <summary>Reads the first bytes of a file that may grow, and hashes them on the way.</summary>
    private sealed class FirstBytes(Stream source, long length) : Stream
    {
        private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        private long _position;

        public string Sha256 => Convert.ToHexStringLower(_hash.GetCurrentHash());

        public override bool CanRead => true;

        public override bool CanSeek => true;

        public override bool CanWrite => false;

        public override long Length => length;

        public override long Position
        {
            get => _position;
            set
            {
                if (value != _position)
                {
                    throw new NotSupportedException();
                }
            }
        }

        public override int Read(Span<byte> buffer)
        {
            var read = source.Read(buffer[..(int)Math.Min(buffer.Length, length - _position)]);
            _hash.AppendData(buffer[..read]);
            _position += read;
            return read;
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => ValueTask.FromResult(Read(buffer.Span));

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => Task.FromResult(Read(buffer, offset, count));

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            _hash.Dispose();
            base.Dispose(disposing);
        }
    }
}
