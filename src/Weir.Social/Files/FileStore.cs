using Weir.Contracts;
using Weir.Hosting;

namespace Weir.Social.Files;

/// <summary>
/// The bytes of files, in 256 folders by the start of their id. A file comes in under another name and gets its own once it is whole and on disk, so what has a name
/// is whole; only then a row of the database speaks of it.
/// </summary>
internal sealed class FileStore
{
    private const int Buffer = 64 * 1024;
    private const string Thumb = ".thumb";
    private readonly DiskRoom _room;
    private readonly FileLimits _limits;
    private readonly TimeProvider _clock;
    private readonly string _root;
    private readonly string _incoming;
    private readonly HashSet<string> _lasting = new(StringComparer.Ordinal);

    public FileStore(SocialOptions options, DiskRoom room, FileLimits limits, TimeProvider clock)
    {
        (_room, _limits, _clock) = (room, limits, clock);
        _root = options.FilesDirectory;
        _incoming = IncomingOf(options);
    }

    /// <summary>What has no name yet.</summary>
    public static string IncomingOf(SocialOptions options) => Path.Combine(options.FilesDirectory, "incoming");

    public string PathOf(Guid id, bool thumb = false) => Path.Combine(FolderOf(id), id.ToText() + (thumb ? Thumb : ""));

    /// <summary>Writes down what comes, at most <paramref name="limit"/> bytes, under a name for the time being. The length is -1 when there was more.</summary>
    /// <exception cref="DiskFullException">The disk has no room for the rest of it.</exception>
    /// <exception cref="TooSlowException">It comes more slowly than <see cref="FileLimits.MinBytesPerSecond"/>.</exception>
    public async Task<(string Path, long Length)> ReceiveAsync(Stream body, long limit, CancellationToken cancellation)
    {
        Prepare();
        var path = Path.Combine(_incoming, Guid.NewGuid().ToText());
        var began = _clock.GetTimestamp();
        using var slow = new CancellationTokenSource(Timeout.InfiniteTimeSpan, _clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, slow.Token);
        try
        {
            await using var file = CreatePrivate(path);
            var buffer = new byte[Buffer];
            long length = 0;
            while (true)
            {
                // When what has come so far is too little for the time it took.
                var due = _limits.SlowFor + TimeSpan.FromSeconds((double)length / _limits.MinBytesPerSecond) - _clock.GetElapsedTime(began);
                slow.CancelAfter(due > TimeSpan.Zero ? due : TimeSpan.Zero);
                var read = await body.ReadAsync(buffer, either.Token);
                if (read == 0)
                {
                    return (path, length);
                }

                length += read;
                if (length > limit)
                {
                    return (path, -1);
                }

                ThrowIfFull(read);
                await file.WriteAsync(buffer.AsMemory(0, read), cancellation);
            }
        }
        catch (OperationCanceledException) when (slow.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            Discard(path);
            throw new TooSlowException();
        }
        catch
        {
            Discard(path);
            throw;
        }
    }

    /// <exception cref="DiskFullException">The disk has no room for it.</exception>
    public async Task<string> WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellation)
    {
        ThrowIfFull(bytes.Length);
        Prepare();
        var path = Path.Combine(_incoming, Guid.NewGuid().ToText());
        try
        {
            await using var file = CreatePrivate(path);
            await file.WriteAsync(bytes, cancellation);
            return path;
        }
        catch
        {
            Discard(path);
            throw;
        }
    }

    /// <summary>On disk under the id when this returns.</summary>
    public void Keep(string path, Guid id, bool thumb = false)
    {
        using (var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite))
        {
            file.Flush(flushToDisk: true);
        }

        var folder = FolderOf(id);
        Prepare(folder);
        File.Move(path, PathOf(id, thumb));
        DirectorySync.Flush(folder);
    }

    public void Delete(Guid id)
    {
        Discard(PathOf(id, thumb: true));
        Discard(PathOf(id));
    }

    public static void Discard(string path)
    {
        if (File.Exists(path))
        {
            File.Delete(path);
        }
    }

    /// <summary>What was being received when a process ended before this time.</summary>
    public void DiscardUnfinished(DateTimeOffset before)
    {
        if (Directory.Exists(_incoming))
        {
            foreach (var path in Directory.EnumerateFiles(_incoming).Where(path => File.GetLastWriteTimeUtc(path) < before.UtcDateTime))
            {
                Discard(path);
            }
        }
    }

    /// <summary>The ids in one of the 256 folders whose files are older than this.</summary>
    public IReadOnlyList<Guid> Older(byte folder, DateTimeOffset than)
    {
        var path = Path.Combine(_root, folder.ToString("x2", System.Globalization.CultureInfo.InvariantCulture));
        return !Directory.Exists(path) ? [] : [.. Directory.EnumerateFiles(path)
            .Where(file => File.GetLastWriteTimeUtc(file) < than.UtcDateTime)
            .Select(file => Ids.TryParse(Path.GetFileNameWithoutExtension(file), out var id) ? id : Guid.Empty)
            .Where(id => id != Guid.Empty).Distinct()];
    }

    private void ThrowIfFull(long bytes)
    {
        if (!_room.MayWrite(bytes))
        {
            throw new DiskFullException();
        }
    }

    private string FolderOf(Guid id) => Path.Combine(_root, id.ToText()[..2]);

    private void Prepare() => Prepare(_incoming);

    /// <summary>What is put into a folder lasts only if the folder does: once a process that is made sure of.</summary>
    private void Prepare(string folder)
    {
        lock (_lasting)
        {
            if (!_lasting.Contains(folder) || !Directory.Exists(folder))
            {
                DirectorySync.Create(_root);
                DirectorySync.Create(folder);
                _lasting.Add(folder);
            }
        }
    }

    private static FileStream CreatePrivate(string path)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Options = FileOptions.Asynchronous, BufferSize = 0 };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        return new FileStream(path, options);
    }
}

/// <summary>An upload that comes so slowly that it holds its place for nothing.</summary>
internal sealed class TooSlowException() : Exception("The bytes come too slowly.");
