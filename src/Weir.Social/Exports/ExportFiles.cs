using Weir.Contracts;

namespace Weir.Social.Exports;

/// <summary>Where the finished ones lie. They are made under another name and get their own when they are whole; they are no part of a backup.</summary>
internal sealed class ExportFiles(SocialOptions options)
{
    private const string Unfinished = ".part";
    private readonly string _folder = Path.Combine(options.DataDirectory, "exports");

    public string PathOf(Guid file) => Path.Combine(_folder, file.ToText() + ".zip");

    /// <summary>For its owner alone to read, also on this machine.</summary>
    public FileStream Begin(Guid file)
    {
        Directory.CreateDirectory(_folder);
        var settings = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, Options = FileOptions.Asynchronous };
        if (!OperatingSystem.IsWindows())
        {
            settings.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        return new FileStream(PathOf(file) + Unfinished, settings);
    }

    public void Finish(Guid file) => File.Move(PathOf(file) + Unfinished, PathOf(file), overwrite: true);

    public void Delete(Guid file)
    {
        if (Directory.Exists(_folder))
        {
            File.Delete(PathOf(file));
            File.Delete(PathOf(file) + Unfinished);
        }
    }

    /// <summary>Everything there that none of these is.</summary>
    public void DeleteOthers(IReadOnlySet<Guid> known)
    {
        if (!Directory.Exists(_folder))
        {
            return;
        }

        foreach (var path in Directory.EnumerateFiles(_folder))
        {
            if (!Ids.TryParse(Path.GetFileName(path).Split('.')[0], out var id) || !known.Contains(id))
            {
                File.Delete(path);
            }
        }
    }
}
