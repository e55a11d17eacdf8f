using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Weir.Hosting;
using Weir.Social.Data;
using Weir.Social.Tests.Moments;
using Weir.Social.Throttling;

namespace Weir.Social.Tests;

/// <summary>On a full disk nothing new is written, and everything else works.</summary>
public sealed partial class DiskRoomTests
{
    private const long Mega = 1 << 20;

    [Theory]
    [InlineData(1_000_000 * Mega, 1024 * Mega, 512 * Mega)]
    [InlineData(160 * Mega, 20 * Mega, 10 * Mega)]
    public void Recordings_stop_first_then_writes_and_both_go_on_with_a_quarter_more(long size, long recordings, long writes)
    {
        var clock = new FakeTimeProvider();
        var free = size;
        var room = new DiskRoom("/", clock, () => new DiskSpace(free, size));
        Assert.Equal((true, true), Look(recordings));
        Assert.Equal((false, true), Look(recordings - 1));
        Assert.Equal((false, true), Look(recordings));
        Assert.Equal((false, false), Look(writes - 1));
        Assert.Equal((false, false), Look(writes));
        Assert.Equal((false, true), Look(writes + (writes / 4)));
        Assert.False(room.MayWrite((writes / 4) + 1));
        Assert.Equal((true, true), Look(recordings + (recordings / 4)));

        // For a moment what was seen is still true.
        free = 0;
        Assert.True(room.MayRecord());

        (bool, bool) Look(long now)
        {
            free = now;
            clock.Advance(TimeSpan.FromSeconds(1));
            return (room.MayRecord(), room.MayWrite());
        }
    }

    [Theory]
    [InlineData(10_000_000, 20_000, 10_000)]
    [InlineData(80_000, 10_000, 5_000)]
    public void A_disk_may_run_out_of_files_before_it_runs_out_of_bytes(long files, long recordings, long writes)
    {
        var clock = new FakeTimeProvider();
        var space = new DiskSpace(1L << 40, 1L << 41, files, files);
        var room = new DiskRoom("/", clock, () => space);
        Assert.Equal((true, true), Look(recordings));
        Assert.Equal((false, true), Look(recordings - 1));
        Assert.Equal((false, false), Look(writes - 1));
        Assert.Equal((false, true), Look(writes + (writes / 4)));
        Assert.Equal((true, true), Look(recordings + (recordings / 4)));

        // Not every file system sets a number.
        space = space with { FreeFiles = 0, Files = 0 };
        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal((true, true), (room.MayRecord(), room.MayWrite()));

        (bool, bool) Look(long now)
        {
            space = space with { FreeFiles = now };
            clock.Advance(TimeSpan.FromSeconds(1));
            return (room.MayRecord(), room.MayWrite());
        }
    }

    [Fact]
    public void The_number_of_files_that_may_be_made_is_known_on_Linux()
    {
        // As df -i says it; a file system without such a number says zero.
        using var stat = Process.Start(new ProcessStartInfo("stat", ["-f", "-c", "%c", "/dev/shm"]) { RedirectStandardOutput = true })!;
        var files = long.Parse(stat.StandardOutput.ReadToEnd(), CultureInfo.InvariantCulture);
        var space = DiskRoom.Ask("/dev/shm");
        Assert.Equal(files, space.Files);
        Assert.InRange(space.FreeFiles, 0, files);
    }

    [Fact]
    public void A_directory_that_is_not_there_yet_is_on_the_disk_of_the_one_around_it() =>
        Assert.True(new DiskRoom(Path.Combine(Path.GetTempPath(), "not", "there", "yet"), TimeProvider.System, null).MayWrite(-(1L << 50)));

    [Fact]
    public async Task Reading_ending_deleting_and_signing_in_work_on_a_full_disk_and_writing_goes_on_when_there_is_room()
    {
        var disk = new SmallDisk();
        await using var server = await Server.StartAsync(configure: disk.Use);
        var host = await server.PersonAsync("Host", admin: true);
        var friend = await server.PersonAsync("Friend");
        await host.BefriendAsync(friend);
        var talk = await host.TalkAsync(friend);
        var message = (await host.PostAsync($"/api/conversations/{talk}/messages", new { clientId = "a", text = "before" })).Is(HttpStatusCode.Created).Text("id");
        var broadcast = await host.BroadcastAsync(new { kind = "friends" });
        var moment = await host.PostMomentAsync("For friends");
        var circle = await host.CircleAsync();
        var but = await host.BroadcastAsync(new { kind = "friends", except = new { circles = new[] { circle } } });
        await friend.SeesAsync(but, true);
        var file = (await host.UploadAsync([1, 2, 3], "x", "file")).Is(HttpStatusCode.Created).Text("id");
        disk.Free = 50 * Mega;

        foreach (var refused in new[]
        {
            await host.PostAsync($"/api/conversations/{talk}/messages", new { clientId = "b", text = "while it is full" }),
            await host.UploadAsync([1], "x", "file"),
            await host.PostAsync("/api/moments", new { text = "no", audience = new { kind = "friends" } }),
            await host.PostAsync("/api/me/export"),
            await host.PatchAsync("/api/me", new { name = "No" }),
            await host.PostAsync("/api/broadcasts", new { title = "No", audience = new { kind = "friends" } }),
        })
        {
            Assert.Equal(("disk-full", "application/problem+json"), (refused.Is(HttpStatusCode.InsufficientStorage).Code, refused.Message.Content.Headers.ContentType!.MediaType));
        }

        // Whoever may not write at all hears of that, and nothing of the disk.
        (await server.Anybody.PostAsync($"/api/conversations/{talk}/messages", new { clientId = "b", text = "x" })).Is(HttpStatusCode.Unauthorized);

        (await friend.GetAsync($"/api/conversations/{talk}/messages")).Is(HttpStatusCode.OK);
        (await host.GetAsync($"/api/files/{file}")).Is(HttpStatusCode.OK);
        (await server.Anybody.PostAsync("/api/sessions", new { handle = friend.Handle, password = Someone.Password })).Is(HttpStatusCode.Created);
        (await friend.TicketAsync(broadcast)).Is(HttpStatusCode.Created);
        (await host.PostAsync($"/api/conversations/{talk}/messages/{message}/recall")).Is(HttpStatusCode.NoContent);

        // An audience is narrowed, and by whom a circle has.
        (await host.PatchAsync($"/api/broadcasts/{broadcast}", new { audience = new { kind = "onlyMe" } })).Is(HttpStatusCode.OK);
        await friend.SeesAsync(broadcast, false);
        (await host.PatchAsync($"/api/moments/{moment}", new { audience = new { kind = "onlyMe" } })).Is(HttpStatusCode.OK);
        (await friend.GetAsync($"/api/moments/{moment}")).Is(HttpStatusCode.NotFound);
        (await host.PutAsync($"/api/circles/{circle}/members/{friend.Handle}")).Is(HttpStatusCode.NoContent);
        await friend.SeesAsync(but, false);
        (await host.PostAsync($"/api/broadcasts/{broadcast}/end")).Is(HttpStatusCode.NoContent);
        (await host.DeleteAsync($"/api/broadcasts/{broadcast}")).Is(HttpStatusCode.NoContent);
        (await host.DeleteAsync($"/api/friends/{friend.Handle}")).Is(HttpStatusCode.NoContent);

        disk.Free = SmallDisk.Size;
        (await host.PatchAsync("/api/me", new { name = "Yes" })).Is(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Every_call_that_writes_is_refused_on_a_full_disk_unless_the_documents_say_why_it_is_not()
    {
        var disk = new SmallDisk();
        await using var server = await Server.StartAsync(configure: disk.Use, options: o => o with { Demo = true });
        await server.Plane.SeedDemoAsync();
        var world = await server.Plane.SeedDemoAsync();
        var person = await Someone.OfAsync(server, await server.Anybody.PostAsync("/api/demo/sessions", new { handle = world.Host }));
        var works = new SortedSet<string>(StringComparer.Ordinal);
        var writes = server.Plane.App.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(e => e.RoutePattern.RawText!.TrimStart('/').StartsWith("api/", StringComparison.Ordinal))
            .SelectMany(e => (e.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? []).Where(m => m is "POST" or "PUT" or "PATCH").Select(m => (Method: m, Endpoint: e))).ToList();
        Assert.True(writes.Count > 60, "The route table was not read.");
        disk.Free = 0;
        foreach (var (method, endpoint) in writes)
        {
            var path = "/" + endpoint.RoutePattern.RawText!.TrimStart('/').TrimEnd('/');
            if (endpoint.Metadata.GetMetadata<NeedsNoRoom>() is not null)
            {
                works.Add($"{method} {path}");
                continue;
            }

            var answer = await person.SendAsync(new HttpMethod(method), Parameter().Replace(path, "x"), new { });
            Assert.True(answer.Status is HttpStatusCode.InsufficientStorage or HttpStatusCode.Forbidden, $"{method} {path}: {answer.Status}");
        }

        Assert.Equal(Documented(), works);
    }

    [Fact]
    public void A_disk_that_was_full_all_the_same_is_told_from_other_faults()
    {
        Assert.True(FullDisks.IsFull(new InvalidOperationException("x", new Microsoft.Data.Sqlite.SqliteException("database or disk is full", 13))));
        Assert.True(FullDisks.IsFull(new IOException("No space left on device", 28)));
        Assert.True(FullDisks.IsFull(new DiskFullException()));
        Assert.False(FullDisks.IsFull(new Microsoft.Data.Sqlite.SqliteException("disk I/O error", 10)));
        Assert.False(FullDisks.IsFull(new IOException("Input/output error", 5)));
    }

    /// <summary>The list under "On a full disk".</summary>
    private static SortedSet<string> Documented()
    {
        var text = File.ReadAllText(Path.Combine(Root(), "docs", "limits.md"));
        var section = text[text.IndexOf("## On a full disk", StringComparison.Ordinal)..];
        section = section[..(section.IndexOf("\n## ", 5, StringComparison.Ordinal) is > 0 and var end ? end : section.Length)];
        return new SortedSet<string>(Call().Matches(section).Select(m => m.Groups["call"].Value), StringComparer.Ordinal);
    }

    private static string Root()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(directory!.FullName, "Weir.slnx")))
        {
            directory = directory.Parent;
        }

        return directory.FullName;
    }

    [GeneratedRegex("`(?<call>(POST|PUT|PATCH) /api/[^`]*)`")]
    private static partial Regex Call();

    [GeneratedRegex("\\{[^}]*\\}")]
    private static partial Regex Parameter();
}
