using System.Net;
using Weir.EndToEnd.Harness;

namespace Weir.EndToEnd;

/// <summary>What the one person who runs it does from the command line.</summary>
public sealed class MaintenanceStory
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_backup_taken_while_running_restores_people_and_replays(bool onAnotherDisk)
    {
        // In memory, where the system has it: nothing can be moved there from a disk.
        var volume = Path.Combine(Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath(), $"weir-recordings-{Guid.NewGuid():N}");
        var (before, after) = (Path.Combine(volume, "before"), Path.Combine(volume, "after"));
        string[] where = onAnotherDisk ? ["--recordings", before] : [];
        string[] whereAfter = onAnotherDisk ? ["--recordings", after] : [];
        var file = Path.Combine(Path.GetTempPath(), $"weir-{Guid.NewGuid():N}.backup");
        var restored = Directory.CreateTempSubdirectory("weir-restored-").FullName;
        Directory.Delete(restored);
        try
        {
            string id;
            await using (var stage = await Stage.SetAsync(where))
            {
                var broadcast = await stage.AnnounceAsync();
                id = Stage.Text(broadcast, "id");
                await using (var publisher = await stage.GoLiveAsync(broadcast))
                {
                    await using var socket = await WatchSocket.OpenAsync(Stage.Text(await Stage.WatchAsync(stage.Friend, id), "websocket"));
                    await socket.MediaAsync(400_000);
                }

                await stage.Host.PostAsync($"/api/broadcasts/{id}/end", new { }, HttpStatusCode.NoContent);
                await stage.StateAsync(id, "ended");
                await Eventually.TrueAsync(
                    "the replay is there",
                    Eventually.Patience,
                    async () => await Stage.FetchAsync(Stage.Text(await Stage.WatchAsync(stage.Friend, id), "replay")) == HttpStatusCode.OK,
                    () => stage.Server.Output);
                var recording = Path.Combine(onAnotherDisk ? before : Path.Combine(stage.Server.Data, "live", "recordings"), id);
                Assert.True(File.Exists(Path.Combine(recording, "media-0001.mp4")));
                const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
                Assert.Equal((OwnerOnly, OwnerOnly), (File.GetUnixFileMode(Path.GetDirectoryName(recording)!), File.GetUnixFileMode(recording)));
                Assert.Equal(onAnotherDisk, !Directory.Exists(Path.Combine(stage.Server.Data, "live", "recordings")));
                var (code, output) = await Ffmpeg.RunAsync(Root.App, Eventually.Patience, ["backup", file, "--data", stage.Server.Data, .. where]);
                Assert.True(code == 0, output);
            }

            var (restoreCode, restoreOutput) = await Ffmpeg.RunAsync(Root.App, Eventually.Patience, ["restore", file, "--data", restored, .. whereAfter]);
            Assert.True(restoreCode == 0, restoreOutput);
            var (again, refusal) = await Ffmpeg.RunAsync(Root.App, Eventually.Patience, ["restore", file, "--data", restored, .. whereAfter]);
            Assert.True(again != 0, refusal);

            await using var server = new WeirServer(restored);
            await server.StartAsync(whereAfter);
            using var nobody = new Api(server.Url);
            using var friend = new Api(server.Url, Stage.Text(await nobody.PostAsync("/api/sessions", new { handle = "friend", password = Api.Password }), "token"));
            var watch = await Stage.WatchAsync(friend, id);
            Assert.Equal(HttpStatusCode.OK, await Stage.FetchAsync(Stage.Text(watch, "replay")));
        }
        finally
        {
            File.Delete(file);
            if (Directory.Exists(restored))
            {
                Directory.Delete(restored, recursive: true);
            }

            if (Directory.Exists(volume))
            {
                Directory.Delete(volume, recursive: true);
            }
        }
    }

    [Fact]
    public async Task Recordings_that_cannot_be_written_where_they_shall_be_are_refused_at_the_start()
    {
        var data = Directory.CreateTempSubdirectory("weir-e2e-").FullName;
        try
        {
            // A file is in the way; nobody can make a directory in it, root neither.
            var place = Path.Combine(data, "file", "recordings");
            await File.WriteAllTextAsync(Path.Combine(data, "file"), "");
            await File.WriteAllTextAsync(Path.Combine(data, "weir.json"), $$"""{"recordings": "{{place}}"}""");
            var (code, output) = await Ffmpeg.RunAsync(Root.App, Eventually.Patience, "up", "--data", data);
            Assert.Equal(64, code);
            Assert.Contains($"weir: recordings cannot be written to {place}: ", output, StringComparison.Ordinal);
            Assert.DoesNotContain("   at ", output, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(data, recursive: true);
        }
    }

    [Fact]
    public async Task A_reset_password_works_at_once_and_ends_the_old_sessions()
    {
        await using var stage = await Stage.SetAsync();
        var (code, output) = await Ffmpeg.RunAsync(Root.App, Eventually.Patience, "reset-password", "friend", "--data", stage.Server.Data);
        Assert.True(code == 0, output);
        var password = output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Last().Split(' ').Last().Trim();
        Assert.Equal(HttpStatusCode.Unauthorized, await stage.Friend.StatusAsync(HttpMethod.Get, "/api/me"));
        using var nobody = new Api(stage.Server.Url);
        await nobody.PostAsync("/api/sessions", new { handle = "friend", password });
        Assert.Equal(HttpStatusCode.Unauthorized, await nobody.StatusAsync(HttpMethod.Post, "/api/sessions", new { handle = "friend", password = Api.Password }));

        var (unknown, refusal) = await Ffmpeg.RunAsync(Root.App, Eventually.Patience, "reset-password", "nobody", "--data", stage.Server.Data);
        Assert.NotEqual(0, unknown);
        Assert.DoesNotContain("   at ", refusal);
    }

    [Fact]
    public async Task Somebody_is_made_an_administrator_at_the_keyboard_while_it_runs()
    {
        await using var stage = await Stage.SetAsync();
        Assert.Equal(HttpStatusCode.Forbidden, await stage.Friend.StatusAsync(HttpMethod.Get, "/api/admin/accounts"));
        var (code, output) = await Ffmpeg.RunAsync(
            Root.App, Eventually.Patience, "make-administrator", "friend", "--data", stage.Server.Data);
        Assert.True(code == 0, output);
        Assert.Contains("friend is an administrator now.", output, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, await stage.Friend.StatusAsync(HttpMethod.Get, "/api/admin/accounts"));

        var (unknown, refusal) = await Ffmpeg.RunAsync(
            Root.App, Eventually.Patience, "make-administrator", "nobody", "--data", stage.Server.Data);
        Assert.NotEqual(0, unknown);
        Assert.Contains("weir: Nobody here has the handle 'nobody'.", refusal, StringComparison.Ordinal);
    }
}
