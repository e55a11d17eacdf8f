using System.Net;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Weir.Social.Broadcasts;
using Weir.Social.LivePlane;
using Weir.Social.Realtime;
using Weir.Social.Tests.Search;

namespace Weir.Social.Tests.Visibility;

/// <summary>
/// Looks at every outlet of one sequence after each act: calls, lists and searches; what devices hear of moments, messages and viewers; who
/// is named among a broadcast's viewers; live comments at a live node, from which whoever was cut is sent away.
/// </summary>
internal sealed class CloseLook : IAsyncDisposable
{
    private const int Asked = 12;
    private readonly Server _server;
    private readonly LiveSide _live;
    private readonly Story _story;
    private readonly Device?[] _devices = new Device?[World.Crowd];
    private readonly List<Device> _leaving = [];
    private readonly Dictionary<int, Seat> _seats = [];
    private readonly int _room;
    private int _said;

    private CloseLook(Server server, LiveSide live, Story story)
    {
        (_server, _live, _story) = (server, live, story);
        _room = Enumerable.Range(0, World.Posts.Count)
            .FirstOrDefault(post => !World.Posts[post].Moment && !World.Posts[post].Deleted && !ThingStore.IsReplay(post), -1);
    }

    private World World => _story.World;

    private Placed Placed => _story.Placed;

    public static async Task<CloseLook> BeginAsync(Server server, LiveSide live, Story story)
    {
        var close = new CloseLook(server, live, story);
        await close.ConnectAsync();
        await close.SitAsync();
        return close;
    }

    public async Task LookAsync(List<Sight> changed, Random random)
    {
        await ConnectAsync();
        // What they heard of the act itself is none of these questions'.
        await TakeAsync(Events.Moment, _ => false);
        var some = new List<Sight>(changed.OrderBy(_ => random.Next()).Take(Asked));
        for (var viewer = World.Nobody; viewer < World.Crowd; viewer++)
        {
            some.Add(new Sight(ThingsOracle.Post, random.Next(World.Posts.Count), viewer));
            some.Add(new Sight(ThingsOracle.Article, random.Next(Placed.Articles.Length), viewer));
            some.Add(new Sight(ThingsOracle.Draft, random.Next(Placed.Articles.Length), viewer));
            some.Add(new Sight(ThingsOracle.File, random.Next(Placed.Files.Length), viewer));
        }

        foreach (var one in some)
        {
            await _story.AskAsync(one);
        }

        var reader = random.Next(World.Crowd);
        if (_story.IsThere(reader))
        {
            await FeedAsync(reader);
            await ListsAsync(reader);
            await SearchAsync(reader);
            await MessagesAsync(reader, random.Next(Placed.Talks.Length));
            await NoticesAsync(reader);
        }

        await PageAsync(random.Next(Placed.Articles.Length));
        await LikeAsync(random.Next(World.Posts.Count), random.Next(World.Crowd));
        await SayAsync(random.Next(Placed.Talks.Length), random.Next(World.Crowd));
        await WatchAsync(random.Next(World.Posts.Count));
        await CommentAsync();
        await SitAsync();
    }

    /// <summary>The server has sent away the devices of those who were suspended: it looks after them every other second.</summary>
    public Task EndAsync() => Task.WhenAll(_leaving.Select(device => device.Ended)).WaitAsync(Patience.Limit);

    public async ValueTask DisposeAsync()
    {
        foreach (var device in _devices.OfType<Device>().Concat(_leaving))
        {
            await device.DisposeAsync();
        }

        foreach (var seat in _seats.Values)
        {
            await seat.DisposeAsync();
        }
    }

    private bool Sees(string kind, int number, int viewer) => _story.Due.Contains(new Sight(kind, number, viewer));

    private HashSet<int> SeenBy(string kind, int viewer) =>
        [.. _story.Due.Where(one => one.Kind == kind && one.Viewer == viewer).Select(one => one.Number)];

    private static Guid IdOf(JsonElement element, string member = "id") => Guid.Parse(element.GetProperty(member).GetString()!);

    private static IEnumerable<int> Known(Guid[] ids, IEnumerable<JsonElement> found) =>
        found.Select(one => Array.IndexOf(ids, IdOf(one))).Where(number => number >= 0);

    private void Same(IEnumerable<int> shown, IEnumerable<int> due, Func<string> what) => _story.Fault(
        !due.ToHashSet().SetEquals(shown),
        () => $"{what()}: {string.Join(", ", shown.Order())}, and due is {string.Join(", ", due.Order())}");

    private async Task FeedAsync(int reader)
    {
        var feed = (await _story.Someone(reader).GetAsync("/api/moments?limit=50")).Is(HttpStatusCode.OK).Json.EnumerateArray().ToList();
        Same(
            Known(Placed.Posts, feed),
            SeenBy(ThingsOracle.Post, reader).Where(post => World.Posts[post].Moment),
            () => $"{reader} has the feed");
        foreach (var card in feed)
        {
            var post = Array.IndexOf(Placed.Posts, IdOf(card));
            var comments = Known(Placed.Remarks, card.GetProperty("comments").EnumerateArray());
            var likes = card.GetProperty("likes").EnumerateArray().Select(
                person => World.Remarks.IndexOf(new World.Remark(post, _story.PersonOf(IdOf(person)), Like: true)));
            Same(
                comments.Concat(likes),
                SeenBy(ThingsOracle.Remark, reader).Where(remark => World.Remarks[remark].Post == post),
                () => $"{reader} sees under {post} the remarks");
        }
    }

    private async Task ListsAsync(int reader)
    {
        var replays = (await _story.Someone(reader).GetAsync("/api/broadcasts?scope=replays")).Is(HttpStatusCode.OK).Json.EnumerateArray();
        Same(
            Known(Placed.Posts, replays),
            SeenBy(ThingsOracle.Listed, reader).Where(ThingStore.IsReplay),
            () => $"{reader} is listed the replays");
    }

    private async Task SearchAsync(int reader)
    {
        var found = await _story.Someone(reader).SearchAsync($"w{Placed.Number}x", "&kinds=messages,moments,broadcasts,articles&limit=20");
        Same(
            Known(Placed.Posts, found.Of("moments").Select(hit => hit.GetProperty("moment"))),
            SeenBy(ThingsOracle.Post, reader).Where(post => World.Posts[post].Moment),
            () => $"{reader} finds the moments");
        Same(
            Known(Placed.Posts, found.Of("broadcasts").Select(hit => hit.GetProperty("broadcast"))),
            SeenBy(ThingsOracle.Listed, reader).Where(post => ThingStore.IsReplay(post) || World.Posts[post].Owner == reader),
            () => $"{reader} finds the broadcasts");
        Same(
            Known(Placed.Articles, found.Of("articles").Select(hit => hit.GetProperty("article"))),
            SeenBy(ThingsOracle.Article, reader),
            () => $"{reader} finds the articles");
        Same(
            Known(Placed.Messages, found.Of("messages").Select(hit => hit.GetProperty("message"))),
            SeenBy(ThingsOracle.Message, reader),
            () => $"{reader} finds the messages");
    }

    private async Task MessagesAsync(int reader, int talk)
    {
        var answer = await _story.Someone(reader).GetAsync($"/api/conversations/{Placed.Talks[talk]:N}/messages");
        var isIn = World.Talks[talk].Members.Contains(reader);
        var due = isIn ? HttpStatusCode.OK : HttpStatusCode.NotFound;
        _story.Fault(answer.Status != due, () => $"{reader} got {(int)answer.Status} for the messages of {talk}");
        if (isIn)
        {
            Same(
                Known(Placed.Messages, answer.Json.EnumerateArray()),
                SeenBy(ThingsOracle.Message, reader).Where(message => Placed.Things.Messages[message].Talk == talk),
                () => $"{reader} reads in {talk} the messages");
        }
    }

    private async Task NoticesAsync(int reader)
    {
        var items = (await _story.Someone(reader).GetAsync("/api/notifications?limit=100")).Is(HttpStatusCode.OK)["items"];
        var shown = Known(Placed.Notices, items.EnumerateArray()).ToHashSet();
        var due = SeenBy(ThingsOracle.Notice, reader);
        // Of those under one moment the newest stands for all.
        var alone = due.Where(notice => Placed.Things.Notices[notice].Kind != "remark").ToHashSet();
        _story.Fault(
            !shown.IsSubsetOf(due) || !alone.IsSubsetOf(shown),
            () => $"{reader} is shown the notices {string.Join(", ", shown)}, and due are {string.Join(", ", due)}");
    }

    /// <summary>The page that strangers read.</summary>
    private async Task PageAsync(int article)
    {
        var answer = await _server.Anybody.GetAsync($"/a/{Placed.Paper(0)}/w{Placed.Number}x-{article}");
        var due = Sees(ThingsOracle.Article, article, World.Nobody) ? HttpStatusCode.OK : HttpStatusCode.NotFound;
        _story.Fault(answer.Status != due, () => $"a stranger got {(int)answer.Status} for the page of article {article}");
    }

    /// <summary>Likes a moment for a while: those who would see it hear of it.</summary>
    private async Task LikeAsync(int post, int by)
    {
        var like = new World.Remark(post, by, Like: true);
        if (!World.Posts[post].Moment || World.Remarks.Contains(like) || !Sees(ThingsOracle.Post, post, by))
        {
            return;
        }

        var path = $"/api/moments/{Placed.Posts[post]:N}/like";
        (await _story.Someone(by).PutAsync(path)).Is(HttpStatusCode.NoContent);
        var heard = await HeardAsync(Events.Moment, body => IdOf(body) == Placed.Posts[post]);
        Same(heard, Oracle.ShownTo(World, like), () => $"of a like by {by} under {post} heard");
        (await _story.Someone(by).DeleteAsync(path)).Is(HttpStatusCode.NoContent);
        await HeardAsync(Events.Moment, _ => true);
    }

    private async Task SayAsync(int talk, int by)
    {
        var members = World.Talks[talk].Members;
        if (!members.Contains(by) || !_story.IsThere(by))
        {
            return;
        }

        var text = $"said {_said++}";
        var message = new { clientId = Guid.NewGuid().ToString("N"), text };
        var answer = await _story.Someone(by).PostAsync($"/api/conversations/{Placed.Talks[talk]:N}/messages", message);
        var mayWrite = World.Talks[talk].Group || MayWrite(members[0], members[1]);
        _story.Fault(
            (answer.Status == HttpStatusCode.Created) != mayWrite,
            () => $"{by} wrote into {talk} and got {(int)answer.Status} {answer.Body}");
        var heard = await HeardAsync(
            Events.Message, body => IdOf(body, "conversation") == Placed.Talks[talk] && body.GetProperty("text").GetString() == text);
        Same(heard, mayWrite ? members.Where(_story.IsThere) : [], () => $"what {by} wrote into {talk} heard");

        bool MayWrite(int one, int other) => World.Holds.Contains((one, other)) && World.Holds.Contains((other, one))
            && !World.Blocks.Contains((one, other)) && !World.Blocks.Contains((other, one));
    }

    /// <summary>Everybody who sees a replay watches it: whom their devices hear of, and who is named to them when they ask.</summary>
    private async Task WatchAsync(int post)
    {
        var host = World.Posts[post].Owner;
        List<int> watching = [.. Enumerable.Range(0, World.Crowd).Where(person => person != host && Sees(ThingsOracle.Post, post, person))];
        if (World.Posts[post].Moment || !ThingStore.IsReplay(post) || watching.Count == 0)
        {
            return;
        }

        var services = _server.Plane.App.Services;
        var (link, broadcast) = (services.GetRequiredService<LiveLink>(), Placed.Posts[post]);
        await _live.Watching.WaitAsync();
        try
        {
            Watch(watching);
            using var telling = ActivatorUtilities.CreateInstance<FriendsWatching>(services);
            await telling.LookAsync(default);
            var told = await HeardAsync(Events.Watching, body => IdOf(body, "broadcast") == broadcast, body => body.GetProperty("came"));
            for (var viewer = 0; viewer < World.Crowd; viewer++)
            {
                var named = viewer == host || watching.Contains(viewer) ? _story.Oracle.NamedTo(viewer, host, watching) : [];
                Same(told.GetValueOrDefault(viewer, []), named, () => $"{viewer} heard who watches {post}");
                if (_story.IsThere(viewer))
                {
                    await ViewersAsync(viewer, post, named);
                }
            }

            Watch([]);
        }
        finally
        {
            _live.Watching.Release();
        }

        void Watch(List<int> people) => link.Watch(
            (Outbox)link.Connection!,
            broadcast,
            new Watching(people.Select(person => Placed.People[person]).ToHashSet(), 0, DateTimeOffset.UtcNow));
    }

    private async Task ViewersAsync(int viewer, int post, List<int> named)
    {
        var answer = await _story.Someone(viewer).GetAsync($"/api/broadcasts/{Placed.Posts[post]:N}/viewers");
        var sees = Sees(ThingsOracle.Post, post, viewer);
        var due = sees ? HttpStatusCode.OK : HttpStatusCode.NotFound;
        _story.Fault(answer.Status != due, () => $"{viewer} got {(int)answer.Status} for the viewers of {post}");
        if (sees)
        {
            Same(Known(Placed.People, answer["people"].EnumerateArray()), named, () => $"{viewer} is named the viewers of {post}");
        }
    }

    /// <summary>Whoever sees the broadcast and has no seat takes one.</summary>
    private async Task SitAsync()
    {
        for (var viewer = World.Nobody; _room >= 0 && viewer < World.Crowd; viewer++)
        {
            if (!_seats.ContainsKey(viewer) && Sees(ThingsOracle.Post, _room, viewer))
            {
                var ticket = await _story.TakeTicketAsync(_room, viewer);
                var seat = await _live.SitAsync(Placed.Posts[_room], ticket!);
                _story.Fault(seat is null, () => $"{viewer} got no seat at {_room}");
                _seats.Add(viewer, seat!);
            }
        }
    }

    /// <summary>Whoever lost sight loses the seat, and no outlet takes their ticket again; the others hear what the host says.</summary>
    private async Task CommentAsync()
    {
        foreach (var (viewer, seat) in _seats.Where(seat => !Sees(ThingsOracle.Post, _room, seat.Key)).ToList())
        {
            try
            {
                await seat.Ended.WaitAsync(Patience.Limit);
            }
            catch (TimeoutException)
            {
                _story.Fault(true, () => $"{viewer} kept the seat at {_room}");
            }

            await RefusedAsync(viewer, seat);
            _seats.Remove(viewer);
            await seat.DisposeAsync();
        }

        if (_room >= 0 && _seats.TryGetValue(World.Posts[_room].Owner, out var host))
        {
            var comment = $"comment {_said++}";
            await host.SayAsync(comment);
            await Patience.HoldsAsync(
                () => _seats.Values.All(seat => seat.Heard(comment)),
                () => $"Of {string.Join(", ", _seats.Keys)} not all heard {comment} in {_story.Telling}");
        }
    }

    private async Task RefusedAsync(int viewer, Seat seat)
    {
        foreach (var outlet in new[] { "/index.m3u8", ".flv", "/replay.m3u8", "/events" })
        {
            using var answer = await _live.Http.GetAsync(
                $"/live/{Placed.Posts[_room]:N}{outlet}?ticket={seat.Ticket}", HttpCompletionOption.ResponseHeadersRead);
            _story.Fault(
                answer.StatusCode != HttpStatusCode.NotFound, () => $"{viewer} got {(int)answer.StatusCode} for {outlet} of {_room}");
        }

        var again = await _live.SitAsync(Placed.Posts[_room], seat.Ticket);
        _story.Fault(again is not null, () => $"{viewer} got a seat at {_room} with the old ticket");
    }

    /// <summary>Everybody who is there listens.</summary>
    private async Task ConnectAsync()
    {
        for (var person = 0; person < World.Crowd; person++)
        {
            if (_story.IsThere(person))
            {
                _devices[person] ??= await Device.OpenAsync(_server, _story.Someone(person));
            }
            else if (_devices[person] is { } device)
            {
                _leaving.Add(device);
                _devices[person] = null;
            }
        }
    }

    private async Task<HashSet<int>> HeardAsync(string name, Func<JsonElement, bool> wanted) => [.. (await TakeAsync(name, wanted)).Keys];

    private async Task<Dictionary<int, HashSet<int>>> HeardAsync(
        string name, Func<JsonElement, bool> wanted, Func<JsonElement, JsonElement> people) =>
        (await TakeAsync(name, wanted)).ToDictionary(
            heard => heard.Key, heard => Known(Placed.People, heard.Value.SelectMany(body => people(body).EnumerateArray())).ToHashSet());

    /// <summary>What devices were told up to now, by person.</summary>
    private async Task<Dictionary<int, List<JsonElement>>> TakeAsync(string name, Func<JsonElement, bool> wanted)
    {
        // What is said to everybody now comes last.
        var connections = _server.Plane.App.Services.GetRequiredService<Connections>();
        var fence = Guid.NewGuid().ToString("N");
        var heard = new Dictionary<int, List<JsonElement>>();
        for (var person = 0; person < World.Crowd; person++)
        {
            if (_devices[person] is { } device)
            {
                connections.Send(Placed.People[person], Device.Fence, fence);
                await Patience.HoldsAsync(() => device.IsAt(fence));
                var bodies = device.Take().Where(one => one.Name == name && wanted(one.Body)).Select(one => one.Body).ToList();
                if (bodies.Count > 0)
                {
                    heard.Add(person, bodies);
                }
            }
        }

        return heard;
    }
}
