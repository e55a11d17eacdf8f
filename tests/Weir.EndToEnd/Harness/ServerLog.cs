using System.Text;

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

    /// <summary>Without a buffer, and open until this process ends: what a server says last is there, also after a crash of the tests.</summary>
    private readonly FileStream _file;

    public ServerLog(string server)
    {
        var context = TestContext.Current;
        var directory = Path.Combine(Root.Path, ".build", "logs", context.TestClass?.TestClassSimpleName ?? "shared");
        Directory.CreateDirectory(directory);
        var file = Path.Combine(directory, $"{context.TestMethod?.MethodName ?? "shared"}-{server}.log");
        _file = new FileStream(file, FileMode.Create, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
    }

    public void Write(string line)
    {
        lock (_writing)
        {
            if (_file.Length > MaxBytes)
            {
                _file.SetLength(0);
            }

            _file.Write(Encoding.UTF8.GetBytes(line + "\n"));
        }
    }
}
