namespace Weir.EndToEnd.Harness;

/// <summary>Where the checkout and what was built of it are.</summary>
internal static class Root
{
    public static string Path { get; } = Find();

    public static string App => System.IO.Path.Combine(Path, ".build", "app", "weir");

    public static string Web => System.IO.Path.Combine(Path, "web", "dist");

    private static string Find()
    {
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            if (File.Exists(System.IO.Path.Combine(directory.FullName, "Weir.slnx")))
            {
                return directory.FullName;
            }
        }

        throw new InvalidOperationException("The tests run outside the checkout.");
    }
}
