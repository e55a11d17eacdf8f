namespace Weir.Hosting;

/// <summary>Directories and files that other users of the machine must not read.</summary>
public static class PrivatePath
{
    private const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    /// <summary>One sentence for each of these paths that is open to others. Those that are not there are not.</summary>
    public static IEnumerable<string> Warnings(params IEnumerable<string> paths)
    {
        if (OperatingSystem.IsWindows())
        {
            yield break;
        }

        foreach (var path in paths.Distinct().Where(path => Directory.Exists(path) || File.Exists(path)))
        {
            var open = File.GetUnixFileMode(path) & Others;
            if (open != UnixFileMode.None)
            {
                yield return $"WARNING: other users of this machine can get at '{path}' ({open}). What people write here is nobody else's: chmod -R go= '{path}'";
            }
        }
    }
}
