using System.Net;
using System.Text;
using Weir.EndToEnd.Harness;

namespace Weir.EndToEnd;

/// <summary>A plain HTTP cache in front of the live plane, as the installation guide sets it up.</summary>
public sealed class CacheStory
{
    private const int Viewers = 30;
    private const int Reloads = 14;
    private const string Counted = "log_format counted '$upstream_cache_status $status $request_time $request_uri';\n";
    private static readonly TimeSpan MediaAge = TimeSpan.FromSeconds(20);
    private static readonly string?[] Encodings = ["gzip, deflate, br", "gzip, deflate, br, zstd", "gzip", null];

    [Fact]
    public async Task Viewers_share_one_request_for_each_part_and_nobody_gets_what_is_anothers()
    {
        var port = WeirServer.FreePort();
        var url = $"https://localhost:{port}";
        await using var stage = await Stage.SetAsync("--public-url", url, "--live-public-url", url, "--trusted-proxy", "127.0.0.1/32");
        await using var nginx = await Nginx.StartAsync(await SiteAsync(), port, stage.Server);
        var broadcast = await stage.Host.PostAsync("/api/broadcasts", new { title = "For everybody", audience = new { kind = "public" } });
        var id = Stage.Text(broadcast, "id");
        await using var publisher = await stage.GoLiveAsync(broadcast);

        var media = await ManyWatchAsync(stage, nginx, id, $"{url}/live/{id}/index.m3u8");
        await AfterACutAsync(stage, nginx, id, url, media);
    }

    /// <summary>Returns the address of some part that the cache has.</summary>
    private static async Task<Uri> ManyWatchAsync(Stage stage, Nginx nginx, string id, string index)
    {
        // A page elsewhere, a program that knows no origins, and one friend who brings a ticket, which nobody else may see.
        var open = Enumerable.Range(0, Viewers)
            .Select(i => new HlsFollower(index, Encodings[i % Encodings.Length], i % 3 == 0 ? null : "https://pages.example.org", asksAhead: i % 4 == 1)).ToList();
        var address = Stage.Text(await Stage.WatchAsync(stage.Friend, id), "hls");
        var ticket = Ticket(address);
        using var friend = new HlsFollower(address, "gzip", null, asksAhead: false);
        var began = TimeProvider.System.GetTimestamp();
        await HlsFollower.FollowAsync([.. open, friend], Reloads);
        var seconds = (int)TimeProvider.System.GetElapsedTime(began).TotalSeconds;

        var answers = open.SelectMany(viewer => viewer.Answers).ToList();
        var log = await LogAsync(nginx, 0, answers.Count + friend.Answers.Count);
        var atOrigin = log.Where(line => line.Cache != "HIT").ToList();
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{Viewers} viewers: media {answers.Count(answer => !answer.IsPlaylist)} requests, {atOrigin.Count(line => line.IsMedia)} at the origin; "
            + $"playlists {answers.Count(answer => answer.IsPlaylist)}, {atOrigin.Count(line => !line.IsMedia && !line.HasTicket)} at the origin; "
            + $"a reload took {Milliseconds(atOrigin):0} ms at the origin, {Milliseconds(log.Where(line => line.Cache == "HIT")):0} ms where it waited for another");

        // Media: one request each, and everybody has the same bytes.
        var parts = open.Append(friend).SelectMany(viewer => viewer.Media).GroupBy(answer => answer.Address.PathAndQuery).ToList();
        Assert.All(open, viewer => Assert.True(viewer.Media.Count() > Reloads, "somebody missed parts"));
        Assert.True(parts.Count(part => part.Count() >= Viewers) >= Reloads / 2, "the viewers did not watch the same");
        Assert.All(parts, part =>
        {
            Assert.Equal(1, atOrigin.Count(line => line.Address == part.Key));
            Assert.Single(part.Select(answer => answer.Hash).Distinct());
            Assert.All(part, answer => Assert.True(answer.Cache is { Public: true } && answer.Cache.MaxAge == MediaAge, $"{answer.Cache}"));
        });

        // Playlists: a blocked reload is one request for each of its two forms. One of the two without directives may be a second old, and is asked for anew after that.
        var blocked = atOrigin.Where(line => line.IsBlocked && !line.HasTicket).ToList();
        Assert.All(blocked.GroupBy(line => line.Address), reload => Assert.InRange(reload.Count(), 1, 2));
        Assert.InRange(atOrigin.Count(line => !line.IsMedia && !line.IsBlocked && !line.HasTicket), 4, 4 * (seconds + 2));
        Assert.All(answers, answer => Assert.Equal(("*", answer.IsPlaylist ? "Accept-Encoding" : ""), (answer.AllowedOrigin, answer.Vary)));
        Assert.All(answers.Where(answer => answer.IsPlaylist), answer => Assert.DoesNotContain("ticket", answer.Text));

        // The one with a ticket has it in every playlist, each from the live plane, and the cache has it nowhere.
        Assert.All(friend.Playlists, answer => Assert.Contains($"ticket={ticket}", answer.Text));
        Assert.All(log.Where(line => line.HasTicket), line => Assert.Equal("BYPASS", line.Cache));
        Assert.Equal(friend.Playlists.Count(), log.Count(line => line.HasTicket));
        Assert.All(Directory.EnumerateFiles(nginx.CacheDirectory, "*", SearchOption.AllDirectories), file => Assert.DoesNotContain(ticket, Encoding.Latin1.GetString(File.ReadAllBytes(file))));
        open.ForEach(viewer => viewer.Dispose());
        return friend.Media.First(answer => answer.Address.AbsolutePath.EndsWith(".m4s", StringComparison.Ordinal)).Address;
    }

    /// <summary>The broadcast is its circle's from now on.</summary>
    private static async Task AfterACutAsync(Stage stage, Nginx nginx, string id, string url, Uri media)
    {
        using var stays = await stage.Host.InviteAsync("stays", "Stays");
        await stage.Host.BefriendAsync(stays, "stays");
        await stage.Host.PutAsync($"/api/circles/{stage.Circle}/members/stays");
        await stage.Host.PatchAsync($"/api/broadcasts/{id}", new { audience = new { kind = "circles", circles = new[] { stage.Circle } } });
        await GoneAsync($"{stage.Server.LiveUrl}{media.PathAndQuery}", "a media address at the live plane itself");
        await GoneAsync($"{url}/live/{id}/index.m3u8", "a playlist without a ticket");
        await GoneAsync($"{url}/live/{id}/main.m3u8", "a playlist without a ticket");

        // Two who stay, at once: media is shared, playlists are not.
        var before = (await File.ReadAllLinesAsync(nginx.CacheLog)).Length;
        var addresses = new[] { Stage.Text(await Stage.WatchAsync(stage.Friend, id), "hls"), Stage.Text(await Stage.WatchAsync(stays, id), "hls") };
        var two = addresses.Select(address => new HlsFollower(address, "gzip", null, asksAhead: false)).ToList();
        await HlsFollower.FollowAsync(two, 6);
        var own = addresses.Select(Ticket).ToList();
        for (var i = 0; i < two.Count; i++)
        {
            Assert.All(two[i].Playlists, answer =>
            {
                Assert.True(answer.Cache is { Private: true, NoStore: true, Public: false }, $"{answer.Cache}");
                Assert.Contains(own[i], answer.Text);
                Assert.DoesNotContain(own[1 - i], answer.Text);
            });
        }

        // The headers say it by themselves: an address in which nginx does not find the ticket is not kept either.
        var hidden = $"/live/{id}/main.m3u8?%74icket={own[0]}";
        for (var i = 0; i < 2; i++)
        {
            await two[0].GetAsync(new Uri(url + hidden, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }));
        }

        var log = await LogAsync(nginx, before, two.Sum(viewer => viewer.Answers.Count));
        Assert.Equal(2, log.Count(line => line.Address == hidden && line.Cache == "MISS"));
        Assert.All(log.Where(line => line.HasTicket), line => Assert.Equal("BYPASS", line.Cache));
        var parts = two.SelectMany(viewer => viewer.Media).GroupBy(answer => answer.Address.PathAndQuery).ToList();
        Assert.All(parts, part => Assert.Equal(1, log.Count(line => line.Address == part.Key && line.Cache != "HIT")));
        Assert.Contains(parts, part => part.Count() == 2);
        foreach (var missing in new[] { media.AbsolutePath, $"/live/{id}/main.m3u8", $"/live/{Guid.NewGuid():N}/index.m3u8" })
        {
            var answer = await two[0].GetAsync(new Uri(stage.Server.LiveUrl + missing), mayBeMissing: true);
            Assert.True(answer.Status == HttpStatusCode.NotFound && answer.Cache.NoStore, $"{answer}: {answer.Cache}");
        }

        two.ForEach(viewer => viewer.Dispose());

        // What the cache had before the cut goes when its time is over.
        await GoneAsync(media.ToString(), "a media address in the cache");
    }

    private static Task GoneAsync(string address, string what) =>
        Eventually.TrueAsync($"{what} is gone", Eventually.Patience, async () => await Stage.FetchAsync(address) == HttpStatusCode.NotFound);

    private static double Milliseconds(IEnumerable<Line> lines) => lines.Where(line => line.IsBlocked && !line.HasTicket).Average(line => line.Seconds) * 1000;

    private static string Ticket(string address) => address[(address.IndexOf("ticket=", StringComparison.Ordinal) + "ticket=".Length)..];

    /// <summary>The guide's nginx with the guide's cache, and a log of what the cache did.</summary>
    private static async Task<string> SiteAsync()
    {
        const string Before = "    # The live plane:";
        var site = (await Guide.BlocksAsync("Behind nginx", "nginx")).Single();
        var cache = await Guide.BlocksAsync("A cache in front of large broadcasts", "nginx");
        Assert.Equal(2, cache.Count);
        Assert.Contains(Before, site);
        var logged = cache[1].Replace("proxy_cache weir;", "proxy_cache weir; access_log /var/log/nginx/cache.log counted;", StringComparison.Ordinal);
        return Counted + cache[0] + site.Replace(Before, logged + Before, StringComparison.Ordinal);
    }

    /// <summary>What these viewers asked for, once it is all written: a line comes when the client has its answer already.</summary>
    private static Task<List<Line>> LogAsync(Nginx nginx, int from, int lines) => Eventually.GetAsync(
        $"{lines} lines in nginx's log",
        Eventually.Patience,
        async () => (await File.ReadAllLinesAsync(nginx.CacheLog)).Skip(from).Select(Line.Read).Where(line => line.Status != "404" || line.IsMedia).ToList() is var all && all.Count >= lines ? all : null);

    private sealed record Line(string Cache, string Status, double Seconds, string Address)
    {
        public bool IsMedia => Address.Contains("/m/");

        public bool IsBlocked => Address.Contains("_HLS_msn=");

        public bool HasTicket => Address.Contains("?ticket=");

        public static Line Read(string text) =>
            text.Split(' ') is [var cache, var status, var seconds, var address]
                ? new Line(cache, status, double.Parse(seconds, System.Globalization.CultureInfo.InvariantCulture), address)
                : throw new Xunit.Sdk.XunitException(text);
    }
}
