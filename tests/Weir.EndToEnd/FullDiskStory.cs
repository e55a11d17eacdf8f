using System.Net;
using System.Text.Json;
using Weir.EndToEnd.Harness;

namespace Weir.EndToEnd;

/// <summary>
/// A disk that runs full: a file system of 64 MB in memory, which only root may mount. Elsewhere these promises are kept by the tests that say how full the disk is
/// (DiskRoomTests, RecordingRoomTests, RecordingStopTests).
/// </summary>
public sealed class FullDiskStory
{
    private const long Mega = 1 << 20;

    [Fact]
    public async Task Recordings_stop_then_writes_and_everything_goes_on_when_there_is_room_again()
    {
        var place = Directory.CreateTempSubdirectory("weir-small-disk-").FullName;
        var (code, output) = await Ffmpeg.RunAsync("mount", Eventually.Patience, "-t", "tmpfs", "-o", $"size={64 * Mega},mode=700", "tmpfs", place);
        if (code != 0)
        {
            Directory.Delete(place);
            Assert.Skip($"Only root may mount a small disk: {output}");
        }

        try
        {
            await using var server = new WeirServer(place);
            await server.StartAsync();
            using var host = await Api.SetUpAsync(server, "host", "Hanna Host");
            using var friend = await host.InviteAsync("friend", "小明");
            await host.BefriendAsync(friend, "friend");
            await RunAsync(server, host, friend);
        }
        finally
        {
            Assert.Equal(0, (await Ffmpeg.RunAsync("umount", Eventually.Patience, place)).Code);
            Directory.Delete(place);
        }
    }

    private static async Task RunAsync(WeirServer server, Api host, Api friend)
    {
        var talk = Text(await host.PostAsync("/api/conversations", new { members = new[] { "friend" } }), "id");
        await SayAsync(host, talk, "a");
        var broadcast = await host.PostAsync("/api/broadcasts", new { title = "A river", audience = new { kind = "friends" } });
        var id = Text(broadcast, "id");
        await using var publisher = await Ffmpeg.PublishAsync(Stage.PublishUrl(broadcast), () => server.Output);
        var watch = await Stage.WatchAsync(host, id);
        await using var studio = await WatchSocket.OpenAsync(Text(watch, "websocket"));
        await using var viewer = await WatchSocket.OpenAsync(Text(await Stage.WatchAsync(friend, id), "websocket"));
        await WarningAsync(studio, "recordingDiskFull", false);

        // An eighth of the disk: recordings stop, the host reads it, and nobody else notices.
        Leave(server.Data, 6 * Mega);
        await WarningAsync(studio, "recordingDiskFull", true);
        await viewer.MediaAsync();
        await SayAsync(host, talk, "b");
        var stopped = Recorded(server.Data, id);

        // A sixteenth: nothing new is written for people.
        Leave(server.Data, 2 * Mega);
        await Eventually.TrueAsync(
            "writes are refused", Eventually.Patience,
            async () => await friend.StatusAsync(HttpMethod.Patch, "/api/me", new { name = "小明" }) == HttpStatusCode.InsufficientStorage, () => server.Output);
        Assert.Equal(HttpStatusCode.InsufficientStorage, await TrySayAsync(friend, talk, "c"));
        Assert.Equal(HttpStatusCode.InsufficientStorage, await host.StatusAsync(HttpMethod.Post, "/api/files?as=file&name=x", new { }));
        await friend.GetAsync($"/api/conversations/{talk}/messages");
        using (var again = new Api(server.Url))
        {
            await again.PostAsync("/api/sessions", new { handle = "friend", password = Api.Password });
        }

        await viewer.MediaAsync();
        Assert.Equal(stopped, Recorded(server.Data, id));

        Leave(server.Data, null);
        await WarningAsync(studio, "recordingDiskFull", false);
        await SayAsync(friend, talk, "c");
        await Eventually.TrueAsync("the recording goes on", Eventually.Patience, () => Task.FromResult(Recorded(server.Data, id) > stopped), () => server.Output);

        // What makes room always works.
        Leave(server.Data, 2 * Mega);
        await host.PostAsync($"/api/broadcasts/{id}/end", new { }, HttpStatusCode.NoContent);
        await studio.EventAsync("ended");
        await host.DeleteAsync($"/api/broadcasts/{id}");
        await Eventually.TrueAsync("the recording is deleted", Eventually.Patience, () => Task.FromResult(Recorded(server.Data, id) == 0), () => server.Output);
        Leave(server.Data, null);
        await SayAsync(friend, talk, "d");
        var texts = (await host.GetAsync($"/api/conversations/{talk}/messages")).EnumerateArray().Select(m => Text(m, "text"));
        Assert.Equal(["a", "b", "c", "d"], texts);
        await server.StopAsync();
    }

    private static Task SayAsync(Api who, string talk, string text) =>
        Eventually.TrueAsync($"'{text}' is sent", Eventually.Patience, async () => await TrySayAsync(who, talk, text) == HttpStatusCode.Created);

    private static Task<HttpStatusCode> TrySayAsync(Api who, string talk, string text) =>
        who.StatusAsync(HttpMethod.Post, $"/api/conversations/{talk}/messages", new { clientId = text, text });

    /// <summary>The studio's next readouts, until they do or do not have this warning.</summary>
    private static async Task WarningAsync(WatchSocket studio, string code, bool wanted)
    {
        var began = TimeProvider.System.GetTimestamp();
        JsonElement health;
        do
        {
            health = await studio.EventAsync("health");
            Assert.True(TimeProvider.System.GetElapsedTime(began) < Eventually.Patience, $"The studio was not told: {health}");
        }
        while (health.GetProperty("warnings").EnumerateArray().Any(w => w.GetString() == code) != wanted);
    }

    /// <summary>Fills the disk until so much is free; null takes that away again.</summary>
    private static void Leave(string data, long? free)
    {
        var filler = Path.Combine(data, "filler");
        File.Delete(filler);
        if (free is not { } wanted)
        {
            return;
        }

        using var file = File.Create(filler);
        var block = new byte[64 << 10];
        while (new DriveInfo(data).AvailableFreeSpace - block.Length >= wanted)
        {
            file.Write(block);
        }
    }

    private static long Recorded(string data, string id)
    {
        var directory = new DirectoryInfo(Path.Combine(data, "live", "recordings", id));
        return directory.Exists ? directory.EnumerateFiles("media-*").Sum(file => file.Length) : 0;
    }

    private static string Text(JsonElement element, string property) => element.GetProperty(property).GetString()!;
}
