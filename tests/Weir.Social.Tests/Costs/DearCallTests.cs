using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Weir.Hosting;
using Weir.Social.Links;
using Weir.Social.Tests.Articles;
using Weir.Social.Throttling;

namespace Weir.Social.Tests;

/// <summary>What is dear has a bound by address too, because one address may have many accounts.</summary>
public sealed class DearCallTests
{
    private static readonly Rate Two = new(2, TimeSpan.FromHours(1));

    [Fact]
    public async Task All_accounts_at_one_address_share_what_is_dear_and_other_addresses_have_their_own()
    {
        await using var server = await StartAsync(new DearRates { Searches = Two, Uploads = Two, Exports = Two, LinkCards = Two, Previews = Two });
        var paper = await Publishing.OpenAsync(server, await server.PersonAsync("Anna", admin: true));
        var people = new[] { paper.Owner, await server.PersonAsync("Ben"), await server.PersonAsync("Cleo") };
        // The index is made at the start.
        await Patience.HoldsAsync(async () => (await AskAsync(DearCall.Searches, paper.Owner, "203.0.113.1")).Status == HttpStatusCode.OK);
        foreach (var call in Enum.GetValues<DearCall>().Where(call => call != DearCall.LinkCards))
        {
            Assert.NotEqual(HttpStatusCode.TooManyRequests, (await AskAsync(call, people[0], "192.0.2.1")).Status);
            Assert.NotEqual(HttpStatusCode.TooManyRequests, (await AskAsync(call, people[1], "192.0.2.1")).Status);
            var refused = (await AskAsync(call, people[2], "192.0.2.1")).Is(HttpStatusCode.TooManyRequests);
            Assert.Equal(("throttled", true), (refused.Code, refused.Message.Headers.RetryAfter!.Delta > TimeSpan.FromMinutes(59)));
            Assert.NotEqual(HttpStatusCode.TooManyRequests, (await AskAsync(call, people[2], "192.0.2.2")).Status);
        }
    }

    [Fact]
    public async Task The_networks_of_one_ipv6_site_share_it_too()
    {
        await using var server = await StartAsync(new DearRates { Previews = Two });
        var anna = await server.PersonAsync("Anna", admin: true);
        var people = new List<Someone>();
        for (var i = 0; i < 2; i++)
        {
            people.Add(await server.PersonAsync("Editor"));
        }

        var through = 0;
        for (var network = 0; network < 3 * AddressKey.TimesForSite; network++)
        {
            var answer = await AskAsync(DearCall.Previews, people[network % 2], $"2001:db8:1:{network:x}::1");
            through += answer.Status == HttpStatusCode.TooManyRequests ? 0 : 1;
        }

        Assert.Equal(2 * AddressKey.TimesForSite, through);
        Assert.NotEqual(HttpStatusCode.TooManyRequests, (await AskAsync(DearCall.Previews, anna, "2001:db8:2::1")).Status);
    }

    [Fact]
    public void An_account_over_its_own_rate_takes_nothing_of_its_address_and_the_other_way_round()
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UtcNow);
        var dear = new DearCalls(new DearRates { Searches = new(3, TimeSpan.FromHours(1)) }, clock);
        var accounts = new AttemptLimiter(clock, 1, TimeSpan.FromDays(1));
        Assert.True(Take("anna", "192.0.2.1"));
        for (var i = 0; i < 10; i++)
        {
            Assert.False(Take("anna", "192.0.2.1"));
        }

        Assert.True(Take("ben", "192.0.2.1"));
        Assert.True(Take("cleo", "192.0.2.1"));
        Assert.False(Take("dora", "192.0.2.1"));
        Assert.True(Take("dora", "192.0.2.2"));

        bool Take(string account, string address) => dear.TryTake(DearCall.Searches, accounts, account, address, out _);
    }

    [Fact]
    public void Every_rate_by_address_is_many_times_that_of_an_account()
    {
        var (rates, clock) = (new DearRates(), TimeProvider.System);
        var (search, files, links) = (new Weir.Social.Search.SearchLimits(), new Weir.Social.Files.FileLimits(), new LinkLimits());
        foreach (var (account, address) in new[]
        {
            (new Rate(search.Burst, search.Refill), rates.Searches),
            (new Rate(files.Burst, files.Refill), rates.Uploads),
            (new Limits(clock).Exports.Rate, rates.Exports),
            (new Rate(links.Burst, links.Refill), rates.LinkCards),
            (new Weir.Social.Articles.ArticleThrottle(clock).Previews.Rate, rates.Previews),
        })
        {
            Assert.InRange(address.Burst / account.Burst, 16, 50);
            Assert.InRange(account.Refill / address.Refill, 16, 50);
        }
    }

    [Fact]
    public async Task Links_of_all_people_at_one_address_are_counted_together()
    {
        var looked = new ConcurrentQueue<string>();
        await using var server = await StartAsync(new DearRates { LinkCards = Two }, new LinkLimits
        {
            AtOnce = 1,
            Resolve = (host, _) =>
            {
                looked.Enqueue(host);
                throw new SocketException((int)SocketError.HostNotFound);
            },
        });
        var (anna, ben) = (await server.PersonAsync("Anna", admin: true), await server.PersonAsync("Ben"));
        await anna.BefriendAsync(ben);
        var talk = await anna.TalkAsync(ben);
        await SayAsync(anna, "one.example", "192.0.2.1");
        await SayAsync(ben, "two.example", "192.0.2.1");
        await SayAsync(ben, "three.example", "192.0.2.1");
        await SayAsync(anna, "four.example", "192.0.2.1");
        await SayAsync(ben, "five.example", "192.0.2.2");
        await Patience.HoldsAsync(() => looked.Contains("five.example"));
        Assert.Equal(["one.example", "two.example", "five.example"], looked);

        async Task SayAsync(Someone who, string host, string address) => (await who.SendAsync(
            HttpMethod.Post,
            $"/api/conversations/{talk}/messages",
            new { clientId = host, text = $"http://{host}/" },
            request => request.Headers.Add("X-Forwarded-For", address))).Is(HttpStatusCode.Created);
    }

    private static Task<Server> StartAsync(DearRates rates, LinkLimits? links = null) => Server.StartAsync(
        options: o => o with { TrustedProxies = ["127.0.0.1/32"], LinkCards = true },
        configure: b => b.Services
            .AddSingleton<TimeProvider>(new FakeTimeProvider(DateTimeOffset.UtcNow)).AddSingleton(rates).AddSingleton(links ?? new LinkLimits()));

    private static Task<Answer> AskAsync(DearCall call, Someone who, string address)
    {
        var (method, path, content) = call switch
        {
            DearCall.Searches => (HttpMethod.Get, "/api/search?q=x", (HttpContent?)null),
            DearCall.Uploads => (HttpMethod.Post, "/api/files?as=file&name=x", new ByteArrayContent([1])),
            DearCall.Exports => (HttpMethod.Post, "/api/me/export", JsonContent.Create(new { language = "en" })),
            DearCall.Previews => (HttpMethod.Post, "/api/articles/preview", JsonContent.Create(new { markdown = "x" })),
            _ => throw new ArgumentOutOfRangeException(nameof(call), call, null),
        };
        return who.SendAsync(method, path, null, request =>
        {
            request.Content = content;
            request.Headers.Add("X-Forwarded-For", address);
        });
    }
}
