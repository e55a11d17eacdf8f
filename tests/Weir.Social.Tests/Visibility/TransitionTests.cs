using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Weir.Contracts;
using Weir.Hosting;
using Weir.Social.Audiences;
using Weir.Social.Data;
using Weir.Social.Moments;
using Weir.Social.Sessions;
using Weir.Social.Tests.Search;
using Weir.Social.Throttling;

namespace Weir.Social.Tests.Visibility;

public sealed class TransitionsOnSqlite : TransitionTests
{
    protected override Task<Server> StartAsync(Action<WebApplicationBuilder> configure) => Server.StartAsync(configure: configure);
}

public sealed class TransitionsOnPostgres(PostgresServer shared) : TransitionTests
{
    protected override Task<Server> StartAsync(Action<WebApplicationBuilder> configure) => Server.StartAsync(shared.Cluster, configure);
}

/// <summary>
/// Sequences of acts in worlds that are drawn. After each act everybody sees what the rules say (<see cref="Oracle"/>), by the queries and
/// by the API; an act that takes something away shows nobody anything; and exactly those lose their tickets who lost sight.
/// </summary>
public abstract class TransitionTests : IAsyncLifetime
{
    private static readonly int Worlds = Deep.Size(30, 1500);
    private static readonly int ActsOfEach = Deep.Size(12, 40);
    private Server _server = null!;
    private Someone _admin = null!;

    protected abstract Task<Server> StartAsync(Action<WebApplicationBuilder> configure);

    public async ValueTask InitializeAsync()
    {
        var often = new Rate(int.MaxValue, TimeSpan.FromMilliseconds(1));
        var rates = new CallRates { Calls = often, Tickets = often, OpenTickets = often, OpenCalls = often };
        _server = await StartAsync(b => b.Services.AddSingleton(rates));
        _admin = await _server.PersonAsync("Admin", admin: true);
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task No_act_that_narrows_shows_anything_and_every_cut_reaches_who_lost_sight()
    {
        var first = Random.Shared.Next(1_000_000_000);
        var (narrowed, refused, lost) = (0, 0, 0);
        for (var number = 0; number < Worlds; number++)
        {
            var story = new Story(_server, _admin, first + number, number);
            await story.BeginAsync();
            for (var act = 0; act < ActsOfEach; act++)
            {
                await story.GoOnAsync();
            }

            (narrowed, refused, lost) = (narrowed + story.Narrowed, refused + story.Refused, lost + story.LostSight);
        }

        // Worlds in which nothing happens would prove nothing.
        Assert.True(narrowed > Worlds && refused > 0 && lost > 0,
            $"{narrowed} acts narrowed, {refused} were refused, {lost} tickets were lost");
    }

    private sealed class Story(Server server, Someone admin, int seed, int number)
    {
        private readonly Random _random = new(seed);
        private readonly List<Act> _done = [];
        private readonly Someone[] _people = new Someone[World.Crowd];
        private readonly Dictionary<(int Post, int Viewer), Ticket> _tickets = [];
        private World _world = null!;
        private Placed _placed = null!;
        private Acts _acts = null!;

        public int Narrowed { get; private set; }

        public int Refused { get; private set; }

        public int LostSight { get; private set; }

        public async Task BeginAsync()
        {
            _world = World.Draw(seed);
            await server.ReadAsync(async db =>
            {
                _placed = WorldStore.Add(db, _world, number, TimeProvider.System.GetUtcNow());
                return await db.SaveChangesAsync();
            });
            _acts = new Acts(_placed, _random);
            for (var person = 0; person < World.Crowd; person++)
            {
                await SignInAsync(person);
            }

            await server.Indexer().CatchUpAsync(default);
            await CompareAsync(ShownByRules());
        }

        public async Task GoOnAsync()
        {
            await TakeTicketAsync();
            Act? act;
            do
            {
                act = _acts.Draw();
            }
            while (act is null);

            var before = ShownByRules();
            _done.Add(act);
            var answer = await (act.By == Acts.Administrator ? admin : _people[act.By]).SendAsync(act.Method, act.Path, act.Body);
            if (answer.Status == act.Done)
            {
                act.Apply();
            }
            else
            {
                Assert.True(act.Refused is not null && answer.Status == HttpStatusCode.BadRequest && answer.Code == act.Refused,
                    $"{(int)answer.Status} {answer.Body} came to {Telling()}");
                Refused++;
            }

            var now = ShownByRules();
            if (act.Narrows)
            {
                // The rules themselves are such.
                Narrowed++;
                Assert.True(now.IsSubsetOf(before), $"The act shows {string.Join(", ", now.Except(before))} in {Telling()}");
            }

            await CompareAsync(now);
            // Suspending ended the sessions.
            if (act.What.StartsWith("lifts", StringComparison.Ordinal))
            {
                await SignInAsync(Enumerable.Range(0, World.Crowd)
                    .Single(person => act.Path.Contains($"/{_placed.Handle(person)}/", StringComparison.Ordinal)));
            }

            await AskAsync([.. now.Except(before), .. before.Except(now)], now);
            await CheckTicketsAsync(now);
        }

        /// <summary>Posts first, then likes and comments, each with a viewer who sees it.</summary>
        private HashSet<(bool Remark, int Item, int Viewer)> ShownByRules() =>
        [
            .. Enumerable.Range(0, _world.Posts.Count)
                .SelectMany(post => Oracle.ShownTo(_world, _world.Posts[post]).Select(viewer => (false, post, viewer))),
            .. Enumerable.Range(0, _world.Remarks.Count)
                .SelectMany(remark => Oracle.ShownTo(_world, _world.Remarks[remark]).Select(viewer => (true, remark, viewer))),
        ];

        private async Task CompareAsync(HashSet<(bool Remark, int Item, int Viewer)> rules)
        {
            var shown = await server.ReadAsync(ShownByQueriesAsync);
            Assert.True(
                shown.SetEquals(rules),
                $"Too much: {string.Join(", ", shown.Except(rules))}; too little: {string.Join(", ", rules.Except(shown))} in {Telling()}");
        }

        private async Task<HashSet<(bool Remark, int Item, int Viewer)>> ShownByQueriesAsync(WeirDb db)
        {
            var (now, posts) = (TimeProvider.System.GetUtcNow(), _placed.Posts);
            var viewings =
                from post in db.Posts
                where posts.Contains(post.Id)
                join viewer in db.Accounts on post.Owner!.CreatedAt equals viewer.CreatedAt
                select new Viewing<Post> { Item = post, Post = post, Viewer = viewer.Id };
            var shown = (await viewings.WhereVisible(db, now)
                .Select(v => new { v.Item.Id, v.Viewer }).ToListAsync()).ConvertAll(v => (v.Id, v.Viewer));
            var open = db.Posts.Where(p => posts.Contains(p.Id)).AsSeenBy(Guid.Empty).WhereVisible(db, now).Select(v => v.Item.Id);
            shown.AddRange((await open.ToListAsync()).ConvertAll(id => (id, Guid.Empty)));
            var likes = await RemarksAsync(db, db.MomentLikes, now);
            var comments = await RemarksAsync(db, db.MomentComments, now);
            var set = shown.Select(s => (false, Array.IndexOf(posts, s.Item1), ViewerOf(s.Item2))).ToHashSet();
            for (var remark = 0; remark < _world.Remarks.Count; remark++)
            {
                var (post, author, like) = _world.Remarks[remark];
                set.UnionWith((like ? likes : comments).Where(s => s.Moment == posts[post] && s.Author == _placed.People[author])
                    .Select(s => (true, remark, ViewerOf(s.Viewer))));
            }

            return set;
        }

        private async Task<List<(Guid Moment, Guid Author, Guid Viewer)>> RemarksAsync<T>(
            WeirDb db, IQueryable<T> remarks, DateTimeOffset now)
            where T : Interaction
        {
            var posts = _placed.Posts;
            var viewings =
                from remark in remarks
                where posts.Contains(remark.MomentId)
                join viewer in db.Accounts on remark.Moment!.Owner!.CreatedAt equals viewer.CreatedAt
                select new Viewing<T> { Item = remark, Post = remark.Moment!, Viewer = viewer.Id };
            return (await viewings.WhereSeen(db, now)
                .Select(v => new { v.Item.MomentId, v.Item.AuthorId, v.Viewer })
                .ToListAsync()).ConvertAll(v => (v.MomentId, v.AuthorId, v.Viewer));
        }

        /// <summary>What has changed and one thing more, by the API.</summary>
        private async Task AskAsync(List<(bool Remark, int Item, int Viewer)> changed, HashSet<(bool Remark, int Item, int Viewer)> rules)
        {
            changed.Add((false, _random.Next(_world.Posts.Count), _random.Next(World.Crowd)));
            foreach (var (_, item, viewer) in changed.Where(c => !c.Remark
                && (c.Viewer == World.Nobody ? !_world.Posts[c.Item].Moment : IsThere(c.Viewer))).Take(4))
            {
                var who = viewer == World.Nobody ? server.Anybody : _people[viewer];
                var answer = await who.GetAsync($"/api/{(_world.Posts[item].Moment ? "moments" : "broadcasts")}/{_placed.Posts[item]:N}");
                var due = rules.Contains((false, item, viewer)) ? HttpStatusCode.OK : HttpStatusCode.NotFound;
                Assert.True(answer.Status == due, $"{viewer} got {(int)answer.Status} for post {item} in {Telling()}");
            }

            var reader = _random.Next(World.Crowd);
            if (IsThere(reader))
            {
                var due = rules.Where(r => !r.Remark && r.Viewer == reader && _world.Posts[r.Item].Moment)
                    .Select(r => _placed.Posts[r.Item]).ToHashSet();
                var feed = (await _people[reader].GetAsync("/api/moments")).Is(HttpStatusCode.OK).Json.EnumerateArray();
                Assert.True(due.SetEquals(feed.Select(IdOf)), $"{reader} has another feed in {Telling()}");
                var search = await _people[reader].GetAsync($"/api/search?kinds=moments&q=w{_placed.Number}x");
                var found = search.Is(HttpStatusCode.OK)["groups"].EnumerateArray();
                var hits = found.SelectMany(group => group.GetProperty("hits").EnumerateArray())
                    .Select(hit => IdOf(hit.GetProperty("moment")));
                Assert.True(due.SetEquals(hits), $"{reader} finds other moments in {Telling()}");
            }
        }

        private static Guid IdOf(JsonElement element) => Guid.Parse(element.GetProperty("id").GetString()!);

        private async Task TakeTicketAsync()
        {
            var (post, viewer) = (_random.Next(_world.Posts.Count), _random.Next(World.Nobody, World.Crowd));
            if (!_world.Posts[post].Moment && (viewer == World.Nobody || IsThere(viewer)))
            {
                var sees = Oracle.ShownTo(_world, _world.Posts[post]).Contains(viewer);
                var answer = await (viewer == World.Nobody ? server.Anybody : _people[viewer])
                    .TicketAsync(_placed.Posts[post].ToString("N"));
                Assert.True(answer.Status == (sees ? HttpStatusCode.Created : HttpStatusCode.NotFound),
                    $"{viewer} got {(int)answer.Status} for a ticket to {post} in {Telling()}");
                if (sees)
                {
                    Assert.True(Ticket.TryVerify(server.Plane.NodeKey, answer.Text("ticket"), out var ticket));
                    _tickets[(post, viewer)] = ticket;
                }
            }
        }

        private async Task CheckTicketsAsync(HashSet<(bool Remark, int Item, int Viewer)> rules)
        {
            // A deleted broadcast ends, with all its tickets.
            foreach (var held in _tickets.Keys.Where(held => _world.Posts[held.Post].Deleted).ToList())
            {
                _tickets.Remove(held);
            }

            var posts = _placed.Posts;
            var cuts = await server.ReadAsync(db => db.Cuts.AsNoTracking().Where(c => posts.Contains(c.BroadcastId))
                .ToDictionaryAsync(c => (c.BroadcastId, c.AccountId), c => c.Epoch));
            foreach (var (held, ticket) in _tickets.ToList())
            {
                var isVoid = cuts.TryGetValue((posts[held.Post], _placed.Person(held.Viewer)), out var epoch) && ticket.Epoch < epoch;
                var sees = rules.Contains((false, held.Post, held.Viewer));
                Assert.True(isVoid == !sees,
                    $"{held.Viewer} sees post {held.Post}: {sees}, and their ticket is void: {isVoid} in {Telling()}");
                if (isVoid)
                {
                    _tickets.Remove(held);
                    LostSight++;
                }
            }
        }

        private async Task SignInAsync(int person)
        {
            var token = SessionAuthentication.NewToken();
            var now = TimeProvider.System.Now();
            await server.ReadAsync(db =>
            {
                db.Sessions.Add(new Session { Id = Guid.NewGuid(), AccountId = _placed.People[person],
                    TokenHash = SessionAuthentication.Hash(token), CreatedAt = now, LastSeenAt = now, Client = "test" });
                return db.SaveChangesAsync();
            });
            _people[person] = new Someone(server, token, _placed.Handle(person), _placed.People[person].ToString("N"));
        }

        private bool IsThere(int person) => !_world.Suspended.Contains(person) && !_world.Deleted.Contains(person);

        private int ViewerOf(Guid account) => account == Guid.Empty ? World.Nobody : Array.IndexOf(_placed.People, account);

        private string Telling() => $"world {seed}: {string.Join("; ", _done)}";
    }
}
