using System.Diagnostics;

namespace Weir.EndToEnd.Harness.Durability;

/// <summary>What the disk has of a program that was killed.</summary>
internal enum Disk
{
    /// <summary>All that was written: a process died, the machine did not.</summary>
    Whole,

    /// <summary>What was synced, names of files too: power failed.</summary>
    Synced,

    /// <summary>Every name, and the contents that were synced: power failed on a file system that journals names.</summary>
    SyncedWithNames,

    /// <summary>Nothing at all: a disk whose syncs are lies.</summary>
    Lying,
}

/// <summary>A directory on a disk that forgets at a crash what was not synced, by <c>unsynced.c</c>, which gcc builds once a run.</summary>
internal sealed class ForgetfulDisk(string directory) : IDisposable
{
    private static readonly Lazy<string> Built = new(() => Compile("unsynced.c", "-shared", "-fPIC"));
    private readonly string _shadow = directory + ".shadow";

    /// <summary>With which a program must be started.</summary>
    public IReadOnlyDictionary<string, string> Environment(Disk disk)
    {
        if (disk == Disk.Whole)
        {
            return new Dictionary<string, string>();
        }

        var environment = new Dictionary<string, string> { ["LD_PRELOAD"] = Built.Value, ["UNSYNCED_ROOT"] = directory, ["UNSYNCED_SHADOW"] = _shadow };
        if (disk == Disk.SyncedWithNames)
        {
            environment.Add("UNSYNCED_ENTRIES", "immediate");
        }
        else if (disk == Disk.Lying)
        {
            environment.Add("UNSYNCED_IGNORE", "1");
        }

        return environment;
    }

    /// <summary>After the program is dead: the directory is as a restart would find it.</summary>
    public void Crash()
    {
        if (!Directory.Exists(_shadow))
        {
            return;
        }

        Directory.Delete(directory, recursive: true);
        Directory.CreateDirectory(directory);
        var tree = Path.Combine(_shadow, "tree");
        foreach (var found in new DirectoryInfo(tree).EnumerateFileSystemInfos("*", SearchOption.AllDirectories).OrderBy(found => found.FullName.Length))
        {
            var target = Path.Combine(directory, Path.GetRelativePath(tree, found.FullName));
            if (found is DirectoryInfo)
            {
                Directory.CreateDirectory(target);
            }
            else
            {
                File.Copy(found.FullName, target);
            }
        }

        Directory.Delete(_shadow, recursive: true);
    }

    public void Dispose()
    {
        if (Directory.Exists(_shadow))
        {
            Directory.Delete(_shadow, recursive: true);
        }
    }

    /// <summary>Builds one of the C files beside this one.</summary>
    public static string Compile(string file, params string[] options)
    {
        var source = Path.Combine(Root.Path, "tests", "Weir.EndToEnd", "Harness", "Durability", file);
        var target = Path.Combine(Directory.CreateTempSubdirectory("weir-unsynced-").FullName, Path.ChangeExtension(file, ".so"));
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(Path.GetDirectoryName(target)!, recursive: true);
        using var gcc = Process.Start(new ProcessStartInfo("gcc", ["-O2", "-Wall", "-Wextra", "-Werror", .. options, "-o", target, source, "-ldl", "-lpthread"]) { RedirectStandardError = true })!;
        var said = gcc.StandardError.ReadToEnd();
        gcc.WaitForExit();
        return gcc.ExitCode == 0 ? target : throw new InvalidOperationException($"gcc {file}: {said}");
    }
}
