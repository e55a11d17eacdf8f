namespace Weir.EndToEnd.Harness;

/// <summary>
/// What a server prints, as a file of the test that started it: <c>./test</c> shows the end of it when that test failed.
/// The servers of a fixture have files that all tests of the class share.
/// </summary>
internal sealed class ServerLog
{
    /// <summary>A file that grows beyond this begins anew: its end is what is read.</summary>
    private const int MaxBytes = 4 << 20;

    private readonly Lock _writing = new();
    private readonly string _file;

    public ServerLog(string server)
    {
        var context = TestContext.Current;
        var directory = Path.Combine(Root.Path, ".build", "logs", context.TestClass?.TestClassSimpleName ?? "shared");
        Directory.CreateDirectory(directory);
        _file = Path.Combine(directory, $"{context.TestMethod?.MethodName ?? "shared"}-{server}.log");
        File.WriteAllText(_file, "");
    }

    public void Write(string line)
    {
        lock (_writing)
        {
            if (new FileInfo(_file).Length > MaxBytes)
            {
                File.WriteAllText(_file, "");
            }

            File.AppendAllText(_file, line + "\n");
        }
    }
}
