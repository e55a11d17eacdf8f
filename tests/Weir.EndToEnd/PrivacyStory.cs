using System.Globalization;
using Weir.EndToEnd.Harness;

namespace Weir.EndToEnd;

/// <summary>What other users of the machine, and the process that reads what strangers send, do not get.</summary>
[System.Runtime.Versioning.SupportedOSPlatform("linux")]
public sealed class PrivacyStory
{
    private const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    [Fact]
    public async Task Everything_written_is_private_also_in_a_directory_that_is_not_and_the_live_plane_has_no_secret_of_the_environment()
    {
        await using var server = new WeirServer();
        // As mkdir makes it.
        File.SetUnixFileMode(server.Data, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
            | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute);
        await server.StartAsync();
        using var host = await Api.SetUpAsync(server, "host", "Hanna Host");
        var broadcast = await host.PostAsync("/api/broadcasts", new { title = "A river", audience = new { kind = "link" } });
        await using (await Ffmpeg.PublishAsync(Stage.PublishUrl(broadcast), () => server.Output))
        {
            var recordings = Path.Combine(server.Data, "live", "recordings");
            await Eventually.TrueAsync(
                "a recording is written", Eventually.Patience, () => Task.FromResult(Directory.EnumerateFiles(recordings, "media-*", SearchOption.AllDirectories).Any()), () => server.Output);
        }

        Assert.Contains($"other users of this machine can get at '{server.Data}'", server.Output, StringComparison.Ordinal);
        var written = Directory.GetFileSystemEntries(server.Data, "*", SearchOption.AllDirectories);
        Assert.Contains(written, path => Path.GetFileName(path) == "weir.db");
        Assert.DoesNotContain(written, path => (File.GetUnixFileMode(path) & Others) != UnixFileMode.None);

        var live = server.LiveProcess();
        var environment = await File.ReadAllTextAsync(Proc(live, "environ"));
        Assert.Contains("PATH=", environment, StringComparison.Ordinal);
        Assert.Contains(WeirServer.SetupCode, await File.ReadAllTextAsync(Proc(server.Process.Id, "environ")), StringComparison.Ordinal);
        Assert.DoesNotContain(WeirServer.SetupCode, environment, StringComparison.Ordinal);
        Assert.DoesNotContain("WEIR_SETUP_CODE", environment, StringComparison.Ordinal);
        foreach (var process in new[] { live, server.Process.Id })
        {
            Assert.Contains("NoNewPrivs:\t1", await File.ReadAllTextAsync(Proc(process, "status")), StringComparison.Ordinal);
        }
    }

    private static string Proc(int process, string file) => Path.Combine("/proc", process.ToString(CultureInfo.InvariantCulture), file);
}
