using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Weir.Hosting;
using Weir.Social.Files;
using Weir.Social.Search;
using Weir.Social.Tests.Articles;
using Weir.Social.Throttling;

namespace Weir.Social.Tests;

/// <summary>What all share nobody takes for themselves.</summary>
public sealed class SharedPlaceTests
{
    [Fact]
    public void Places_are_bounded_for_each_and_for_all_and_are_given_back_once()
    {
        var places = new Places(each: 2, ofAddress: 2, all: 3);
        Assert.Equal(PlaceRefusal.None, places.TryEnter("a", null, out var first));
        Assert.Equal(PlaceRefusal.None, places.TryEnter("a", null, out _));
        Assert.Equal(PlaceRefusal.YoursAreTaken, places.TryEnter("a", null, out var none));
        Assert.Null(none);
        Assert.Equal(PlaceRefusal.None, places.TryEnter("b", null, out _));
        Assert.Equal(PlaceRefusal.AllAreTaken, places.TryEnter("b", null, out _));
        first!.Dispose();
        first.Dispose();
        Assert.Equal(PlaceRefusal.None, places.TryEnter("b", null, out _));
        Assert.Equal(PlaceRefusal.AllAreTaken, places.TryEnter("c", null, out _));
    }

    [Fact]
    public void Places_are_bounded_for_an_address_whatever_its_accounts_and_an_ipv6_site_is_one_address()
    {
        var places = new Places(each: 2, ofAddress: 3, all: 100);
        foreach (var (one, other) in new[] { ("192.0.2.1", "192.0.2.2"), (Key("2001:db8:1:1::1"), Key("2001:db8:2:1::1")) })
        {
            var taken = Enumerable.Range(0, 3).Select(account => Enter(account, one)).ToList();
            Assert.Equal(PlaceRefusal.YoursAreTaken, places.TryEnter("d", one, out _));
            Assert.Equal(PlaceRefusal.None, places.TryEnter("d", other, out _));
            taken[0].Dispose();
            Enter(0, one);
            Assert.Equal(PlaceRefusal.YoursAreTaken, places.TryEnter("e", one, out _));
        }

        Assert.Equal(PlaceRefusal.YoursAreTaken, places.TryEnter("e", Key("2001:db8:1:2::1"), out _));

        IDisposable Enter(int account, string address)
        {
            Assert.Equal(PlaceRefusal.None, places.TryEnter($"{account} {address}", address, out var place));
            return place!;
        }

        static string Key(string address) => AddressKey.Of(IPAddress.Parse(address));
    }

    [Fact]
    public async Task The_accounts_at_one_address_leave_places_for_uploads_to_others()
    {
        await using var server = await Server.StartAsync(configure: b => b.Services.AddSingleton(new FileLimits { OfAddressAtOnce = 2 }));
        var (anna, ben) = (await server.PersonAsync("Anna", admin: true), await server.PersonAsync("Ben"));
        var cleo = await server.PersonAsync("Cleo");
        var held = new List<Held> { new(1), new(1) };
        var running = new[] { SendAsync(anna, held[0]), SendAsync(ben, held[1]) };
        await ReceivingAsync(server, 2);
        Assert.Equal("throttled", (await cleo.UploadAsync([1], "x", "file")).Is(HttpStatusCode.TooManyRequests).Code);
        held.ForEach(body => body.Finish());
        foreach (var answer in await Task.WhenAll(running))
        {
            answer.Is(HttpStatusCode.Created);
        }

        (await cleo.UploadAsync([1], "x", "file")).Is(HttpStatusCode.Created);
    }

    [Fact]
    public async Task One_account_has_four_uploads_at_once_and_others_go_on()
    {
        await using var server = await Server.StartAsync(configure: b => b.Services.AddSingleton(new FileLimits { AtOnce = 5 }));
        var (anna, ben, cleo) = (await server.PersonAsync("Anna", admin: true), await server.PersonAsync("Ben"), await server.PersonAsync("Cleo"));
        var held = Enumerable.Range(0, 4).Select(_ => new Held(1)).ToList();
        var running = held.ConvertAll(body => SendAsync(anna, body));
        await ReceivingAsync(server, 4);
        var refused = (await anna.UploadAsync([1], "x", "file")).Is(HttpStatusCode.TooManyRequests);
        Assert.Equal(("throttled", true), (refused.Code, refused.Message.Headers.RetryAfter is not null));
        (await ben.UploadAsync([1], "x", "file")).Is(HttpStatusCode.Created);

        var last = new Held(1);
        var bens = SendAsync(ben, last);
        await ReceivingAsync(server, 5);
        Assert.Equal("busy", (await cleo.UploadAsync([1], "x", "file")).Is(HttpStatusCode.ServiceUnavailable).Code);
        held.Append(last).ToList().ForEach(body => body.Finish());
        foreach (var answer in await Task.WhenAll(running.Append(bens)))
        {
            answer.Is(HttpStatusCode.Created);
        }

        (await anna.UploadAsync([1], "x", "file")).Is(HttpStatusCode.Created);
    }

    [Fact]
    public async Task An_upload_that_comes_too_slowly_gives_its_place_back()
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var server = await Server.StartAsync(configure: b => b.Services
            .AddSingleton<TimeProvider>(clock).AddSingleton(new FileLimits { MinBytesPerSecond = 1000, SlowFor = TimeSpan.FromSeconds(30), EachAtOnce = 1 }));
        var anna = await server.PersonAsync("Anna", admin: true);
        using var body = new Held(10_000);
        var sending = SendAsync(anna, body);
        await ReceivingAsync(server, 1, 10_000);
        // Thirty seconds, and ten for what has come.
        clock.Advance(TimeSpan.FromSeconds(39));
        Assert.False(sending.IsCompleted);
        clock.Advance(TimeSpan.FromSeconds(2));
        await Patience.HoldsAsync(() => Incoming(server).Length == 0);
        // The client listens to the answer once it has sent all.
        body.Finish();
        Assert.Equal("too-slow", (await sending).Is(HttpStatusCode.RequestTimeout).Code);
        (await anna.UploadAsync([1], "x", "file")).Is(HttpStatusCode.Created);
    }

    [Fact]
    public async Task Searches_have_places_for_each_and_for_all()
    {
        foreach (var (limits, status) in new[]
        {
            (new SearchLimits { EachAtOnce = 0 }, HttpStatusCode.TooManyRequests), (new SearchLimits { MostWaiting = 0 }, HttpStatusCode.ServiceUnavailable), (new SearchLimits(), HttpStatusCode.OK),
        })
        {
            await using var server = await Server.StartAsync(configure: b => b.Services.AddSingleton(limits with { LongestWait = Patience.Limit, Longest = Patience.Limit }));
            var anna = await server.PersonAsync("Anna", admin: true);
            // The index is made at the start.
            await Patience.HoldsAsync(async () => (await anna.GetAsync("/api/search?q=x")).Status == status);
        }
    }

    [Fact]
    public async Task What_an_account_writes_is_counted_by_its_bytes_all_kinds_together()
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var server = await Server.StartAsync(configure: b => b.Services
            .AddSingleton<TimeProvider>(clock).AddSingleton(new CallRates { WrittenBytes = new(20_000, TimeSpan.FromSeconds(1)) }));
        var (anna, ben) = (await server.PersonAsync("Anna", admin: true), await server.PersonAsync("Ben"));
        await anna.BefriendAsync(ben);
        var talk = await anna.TalkAsync(ben);
        var text = new string('x', 4000);
        foreach (var chunked in new[] { true, false })
        {
            clock.Advance(TimeSpan.FromDays(1));
            var taken = 0;
            Answer answer;
            while ((answer = await SayAsync($"{chunked}{taken}")).Status == HttpStatusCode.Created)
            {
                Assert.InRange(++taken, 0, 5);
            }

            Assert.Equal("throttled", answer.Is(HttpStatusCode.TooManyRequests).Code);
            Assert.InRange(taken, 4, 5);
            (await anna.PostAsync("/api/moments", new { text, audience = new { kind = "friends" } }, chunked)).Is(HttpStatusCode.TooManyRequests);
            (await ben.PostAsync($"/api/conversations/{talk}/messages", new { clientId = $"{chunked}", text })).Is(HttpStatusCode.Created);
            // What takes something away, and files, which have a quota of their own, do not wait for it.
            (await anna.PutAsync($"/api/conversations/{talk}/read", new { seq = 1 })).Is(HttpStatusCode.NoContent);
            (await anna.UploadAsync(new byte[100], "x", "file")).Is(HttpStatusCode.Created);

            Task<Answer> SayAsync(string clientId) => anna.PostAsync($"/api/conversations/{talk}/messages", new { clientId, text }, chunked);
        }
    }

    [Fact]
    public async Task A_draft_counts_by_what_it_grows_however_often_it_is_saved()
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var server = await Server.StartAsync(configure: b => b.Services
            .AddSingleton<TimeProvider>(clock).AddSingleton(new CallRates { WrittenBytes = new(70_000, TimeSpan.FromSeconds(1)) }));
        var paper = await Publishing.OpenAsync(server, await server.PersonAsync("Anna", admin: true));
        var (one, other) = (await paper.DraftAsync(), await paper.DraftAsync());
        clock.Advance(TimeSpan.FromDays(1));
        var text = new string('x', 50_000);
        for (var version = 2; version < 100; version++)
        {
            (await paper.SaveAsync(one, version, "A title", text + version)).Is(HttpStatusCode.OK);
        }

        Assert.Equal("throttled", (await paper.SaveAsync(other, 2, "A title", text)).Is(HttpStatusCode.TooManyRequests).Code);
        (await paper.SaveAsync(one, 100, "A title", "Shorter")).Is(HttpStatusCode.OK);
        // Nor is emptying it a way to write it again for nothing.
        (await paper.SaveAsync(one, 101, "A title", text)).Is(HttpStatusCode.TooManyRequests);
        clock.Advance(TimeSpan.FromDays(1));
        (await paper.SaveAsync(one, 101, "A title", text)).Is(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Rows_count_as_written_and_so_do_those_of_a_list()
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var server = await Server.StartAsync(configure: b => b.Services
            .AddSingleton<TimeProvider>(clock).AddSingleton(new CallRates { WrittenBytes = new(120_000, TimeSpan.FromMilliseconds(1)) }));
        var anna = await server.PersonAsync("Anna", admin: true);
        var accounts = Enumerable.Range(100, 500).Select(number => $"h{number}").ToList();
        var shown = new { kind = "friends", except = new { accounts } };
        foreach (var write in new Func<Task<Answer>>[]
        {
            () => anna.PostAsync("/api/broadcasts", new { title = "x", audience = shown }),
            () => anna.PostAsync("/api/moments", new { text = "x", audience = shown }),
            () => anna.PostAsync("/api/conversations", new { members = accounts, name = "x" }),
            () => anna.PostAsync("/api/circles", new { name = "x", members = accounts }),
        })
        {
            clock.Advance(TimeSpan.FromDays(1));
            Assert.NotEqual(HttpStatusCode.TooManyRequests, (await write()).Status);
            Assert.NotEqual(HttpStatusCode.TooManyRequests, (await write()).Status);
            Assert.Equal("throttled", (await write()).Is(HttpStatusCode.TooManyRequests).Code);
        }

        // Those without a list too: a thousand small ones are not nothing.
        clock.Advance(TimeSpan.FromDays(1));
        var small = 0;
        while ((await anna.PatchAsync("/api/me", new { about = $"{small}" })).Status == HttpStatusCode.OK)
        {
            Assert.InRange(++small, 0, 1200);
        }
    }

    [Fact]
    public async Task Broadcasts_are_made_at_a_rate_also_when_they_end_at_once()
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var server = await Server.StartAsync(configure: b => b.Services.AddSingleton<TimeProvider>(clock));
        var (anna, ben) = (await server.PersonAsync("Anna", admin: true), await server.PersonAsync("Ben"));
        for (var i = 0; i < 100; i++)
        {
            var id = await anna.BroadcastAsync(new { kind = "onlyMe" });
            (await anna.PostAsync($"/api/broadcasts/{id}/end")).Is(HttpStatusCode.NoContent);
        }

        var refused = await anna.PostAsync("/api/broadcasts", new { title = "x", audience = new { kind = "onlyMe" } });
        Assert.Equal("throttled", refused.Is(HttpStatusCode.TooManyRequests).Code);
        await ben.BroadcastAsync(new { kind = "onlyMe" });
        clock.Advance(TimeSpan.FromSeconds(30));
        await anna.BroadcastAsync(new { kind = "onlyMe" });
    }

    [Fact]
    public async Task An_encoder_key_is_renewed_at_a_rate()
    {
        await using var server = await Server.StartAsync(configure: b => b.Services.AddSingleton<TimeProvider>(new FakeTimeProvider(DateTimeOffset.UtcNow)));
        var anna = await server.PersonAsync("Anna", admin: true);
        for (var i = 0; i < 30; i++)
        {
            (await anna.PostAsync("/api/encoder-key/renew")).Is(HttpStatusCode.OK);
        }

        Assert.Equal("throttled", (await anna.PostAsync("/api/encoder-key/renew")).Is(HttpStatusCode.TooManyRequests).Code);
    }

    private static string[] Incoming(Server server)
    {
        var directory = Path.Combine(server.Options.FilesDirectory, "incoming");
        return Directory.Exists(directory) ? Directory.GetFiles(directory) : [];
    }

    private static Task ReceivingAsync(Server server, int many, int bytes = 1) =>
        Patience.HoldsAsync(() => Incoming(server).Count(path => new FileInfo(path).Length >= bytes) == many);

    private static Task<Answer> SendAsync(Someone one, Held body) =>
        one.SendAsync(HttpMethod.Post, "/api/files?as=file&name=x", change: request => request.Content = body);

    /// <summary>A body that stops after so many bytes, until it is told to end.</summary>
    private sealed class Held(int bytes) : HttpContent
    {
        private readonly TaskCompletionSource _finish = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Finish() => _finish.TrySetResult();

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.WriteAsync(new byte[bytes]);
            await stream.FlushAsync();
            await _finish.Task;
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }

        protected override void Dispose(bool disposing)
        {
            _finish.TrySetResult();
            base.Dispose(disposing);
        }
    }
}

internal static class BodySending
{
    /// <summary>With its length told before, or in chunks.</summary>
    public static Task<Answer> PostAsync(this Someone one, string path, object body, bool chunked) => one.SendAsync(HttpMethod.Post, path, change: request =>
    {
        request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(JsonSerializer.Serialize(body)));
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.TransferEncodingChunked = chunked;
    });
}
