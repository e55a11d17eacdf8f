using Weir.Commands;

namespace Weir.Demo;

/// <summary>The demo begins anew at each start, in a directory that is marked as its own; it never touches another one.</summary>
internal static class DemoDirectory
{
    private const string Marker = "this-is-a-demo";
    private const string Lock = "weir.lock";

    public static void Prepare(string directory)
    {
        var marker = Path.Combine(directory, Marker);
        var entries = new DirectoryInfo(directory).EnumerateFileSystemInfos().Where(entry => entry.Name != Lock).ToArray();
        if (entries.Length > 0 && !File.Exists(marker))
        {
            throw new RefusedException($"{directory} holds somebody's data; the demo needs an empty directory of its own. Leave --data out, or name a new one.");
        }

        foreach (var entry in entries)
        {
            if (entry is DirectoryInfo folder)
            {
                folder.Delete(recursive: true);
            }
            else
            {
                entry.Delete();
            }
        }

        File.WriteAllText(marker, "Made by `weir up --demo`. Everything in this directory is deleted when the demo starts again.\n");
    }
}
