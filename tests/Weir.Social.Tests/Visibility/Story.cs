using System.Net;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Weir.Contracts;
using Weir.Social.Data;
using Weir.Social.Files;
using Weir.Social.Moments;
using Weir.Social.Notifications;
using Weir.Social.Sessions;

namespace Weir.Social.Tests.Visibility;

/// <summary>A sequence of acts in a world of its own, beside others in one database. All of it follows from its seed.</summary>
/// <param name="skipped">Acts that are left out, to find those that matter.</param>
internal sealed class Story(Server server, Someone admin, int seed, int number, IReadOnlySet<int>? skipped = null)
{
    private const int MostAsked = 6;
    private readonly List<Act> _done = [];
    private readonly Someone[] _people = new Someone[World.Crowd];
    private readonly Dictionary<(int Post, int Viewer), Ticket> _tickets = [];
    private Acts _acts = null!;
    private ThingsOracle _oracle = null!;

    public int Seed => seed;

    public int Length { get; } = 3 + new Random(seed ^ 0x1e47).Next(8);

    /// <summary>Every outlet is looked at, and not by a few calls only.</summary>
    public CloseLook? Close { get; set; }

    public World World => Placed.World;

    public Placed Placed { get; private set; } = null!;

    /// <summary>Who sees what at this moment, as the rules say.</summary>
    public HashSet<Sight> Due { get; private set; } = [];

    public IReadOnlyDictionary<(int Post, int Viewer), Ticket> Tickets => _tickets;

    public int Narrowed { get; private set; }

    public int Refused { get; private set; }

    public int LostSight { get; private set; }

    public ThingsOracle Oracle => _oracle;

    public string Telling => $"sequence {seed}: {string.Join("; ", _done)}";

    public void Add(WeirDb db, DateTimeOffset now)
    {
        var world = World.Draw(seed);
        var things = Things.Draw(world);
        Placed = ThingStore.Add(db, WorldStore.Add(db, world, number, now, things), things, now);
        (_acts, _oracle) = (new Acts(Placed), new ThingsOracle(world, things));
        Due = _oracle.Everything();
        for (var person = 0; person < World.Crowd; person++)
        {
            db.Sessions.Add(NewSession(person, now));
        }
    }

    public async Task GoOnAsync(int step)
    {
        // Of each act by itself: what is left out changes nothing of what is drawn later.
        var random = new Random(unchecked((seed * 31) + step));
        if (skipped?.Contains(step) == true)
        {
            return;
        }

        await TakeTicketAsync(random);
        if (_acts.Draw(random) is not { } act)
        {
            return;
        }

        var before = Due;
        _done.Add(act);
        await DoAsync(act);
        Due = _oracle.Everything();
        if (act.Narrows)
        {
            // The rules themselves are such. What anybody could see may be listed to some, when it becomes theirs alone.
            Narrowed++;
            List<Sight> shown = [.. Due.Except(before)];
            shown.RemoveAll(one => one.Kind == ThingsOracle.Listed && before.Contains(one with { Kind = ThingsOracle.Post }));
            Fault(shown.Count > 0, () => $"the act shows {Tell(shown)}");
        }

        if (act.What.StartsWith("lifts", StringComparison.Ordinal))
        {
            await SignInAsync(Person(act));
        }

        List<Sight> changed = [.. Due.Except(before), .. before.Except(Due)];
        if (Close is not null)
        {
            await Close.LookAsync(changed, random);
        }

        await LookAsync(changed, random);
    }

    public Someone Someone(int person) => person == World.Nobody ? server.Anybody : _people[person];

    public bool IsThere(int person) => !World.Suspended.Contains(person) && !World.Deleted.Contains(person);

    public int PersonOf(Guid account) => account == Guid.Empty ? World.Nobody : Array.IndexOf(Placed.People, account);

    public string Tell(IEnumerable<Sight> sights) => string.Join(", ", sights.Select(one => $"{one} ({(one.Kind switch
    {
        ThingsOracle.Post or ThingsOracle.Listed => World.Posts[one.Number].ToString(),
        ThingsOracle.Remark => World.Remarks[one.Number].ToString(),
        ThingsOracle.Article => Placed.Things.Articles[one.Number].ToString(),
        ThingsOracle.File => $"of {Placed.Things.Files[one.Number].Owner} at {string.Join(", ", Placed.Things.Files[one.Number].Places)}",
        _ => "",
    })})"));

    public void Fault(bool wrong, Func<string> what)
    {
        if (wrong)
        {
            throw new StoryException(this, $"{what()} in {Telling}");
        }
    }

    /// <summary>The thing is there for them, or not.</summary>
    public async Task AskAsync(Sight one)
    {
        var path = one.Kind switch
        {
            ThingsOracle.Post => $"/api/{(World.Posts[one.Number].Moment ? "moments" : "broadcasts")}/{Placed.Posts[one.Number]:N}",
            ThingsOracle.Article => $"/api/articles/{Placed.Articles[one.Number]:N}",
            ThingsOracle.Draft => $"/api/articles/{Placed.Articles[one.Number]:N}/draft",
            ThingsOracle.File => $"/api/files/{Placed.Files[one.Number]:N}",
            _ => null,
        };
        var isForStrangers = one.Kind is ThingsOracle.Article or ThingsOracle.File
            || (one.Kind == ThingsOracle.Post && !World.Posts[one.Number].Moment);
        if (path is null || (one.Viewer == World.Nobody ? !isForStrangers : !IsThere(one.Viewer)) || IsLeftOpen(one))
        {
            return;
        }

        if (one.Kind == ThingsOracle.File)
        {
            var bytes = server.Plane.App.Services.GetRequiredService<FileStore>().PathOf(Placed.Files[one.Number]);
            Directory.CreateDirectory(Path.GetDirectoryName(bytes)!);
            await File.WriteAllBytesAsync(bytes, [1]);
        }

        var answer = await Someone(one.Viewer).GetAsync(path);
        var due = Due.Contains(one) ? HttpStatusCode.OK : HttpStatusCode.NotFound;
        Fault(answer.Status != due, () => $"{one} was answered with {(int)answer.Status}");
    }

    /// <summary>A file that is being deleted is its owner's as long as it is there.</summary>
    public bool IsLeftOpen(Sight one) =>
        one.Kind == ThingsOracle.File && Placed.Things.Files[one.Number] is { Released: true } file && file.Owner == one.Viewer;

    /// <summary>Those who lost sight have tickets that are void, and nobody else has.</summary>
    /// <param name="rules">What the live node is told; a broadcast that it is told to forget is not among them.</param>
    public void CheckTickets(IReadOnlyDictionary<Guid, Live.Broadcasts.Rules> rules)
    {
        foreach (var ((post, viewer), ticket) in _tickets.ToList())
        {
            var isVoid = !rules.TryGetValue(Placed.Posts[post], out var told) || !told.Allows(ticket.Account, ticket.Epoch);
            var sees = Due.Contains(new Sight(ThingsOracle.Post, post, viewer));
            Fault(isVoid == sees, () => $"{viewer} sees post {post}: {sees}, and their ticket is void: {isVoid}");
            if (isVoid)
            {
                _tickets.Remove((post, viewer));
                LostSight++;
            }
        }

        foreach (var post in _tickets.Keys.Select(held => held.Post).Distinct())
        {
            var isPublic = World.Posts[post].Kind == "public" && IsThere(World.Posts[post].Owner);
            Fault(rules[Placed.Posts[post]].Public != isPublic, () => $"post {post} is open without a ticket: {!isPublic}");
        }
    }

    private async Task DoAsync(Act act)
    {
        var path = act.Path;
        if (act.Asked is { } asked)
        {
            var request = await _people[asked.By].PostAsync(asked.Path, asked.Body);
            Fault(request.Status != HttpStatusCode.Created, () => $"{(int)request.Status} {request.Body} came to the question");
            path = path.Replace(Act.Id, request.Text("id"), StringComparison.Ordinal);
        }

        var answer = await (act.By == Acts.Administrator ? admin : _people[act.By]).SendAsync(act.Method, path, act.Body);
        if (answer.Status == act.Done)
        {
            act.Apply();
        }
        else
        {
            Fault(
                act.Refused is null || answer.Status != HttpStatusCode.BadRequest || answer.Code != act.Refused,
                () => $"{(int)answer.Status} {answer.Body} came");
            Refused++;
        }
    }

    /// <summary>A few of the questions that slices ask, by their own ways: all of them would be most of a run.</summary>
    private async Task LookAsync(List<Sight> changed, Random random)
    {
        foreach (var one in changed.Where(_ => random.Next(3) == 0).Take(Close is null ? 1 : MostAsked))
        {
            await AskAsync(one);
        }

        if (random.Next(2) == 0)
        {
            await CheckNoticesAsync(changed.Count > 0 ? changed[random.Next(changed.Count)].Viewer : random.Next(World.Crowd));
        }

        switch (random.Next(6))
        {
            case 0 or 1:
                await CheckHintAsync(random.Next(World.Posts.Count));
                break;
            case 2 when World.Remarks.Count > 0:
                await CheckRemarkHintAsync(random.Next(World.Remarks.Count));
                break;
            case 3:
                await CheckBeginningAsync(random.Next(World.Posts.Count));
                break;
            default:
                break;
        }
    }

    /// <summary>A person's list of notices.</summary>
    private async Task CheckNoticesAsync(int person)
    {
        if (person == World.Nobody || !IsThere(person))
        {
            return;
        }

        await using var scope = server.Plane.App.Services.CreateAsyncScope();
        var standing = await scope.ServiceProvider.GetRequiredService<NoticeReader>().ReadAsync(Placed.People[person], default);
        var shown = standing.Select(one => Array.IndexOf(Placed.Notices, one.Notice.Id)).Where(index => index >= 0).ToHashSet();
        var due = Due.Where(one => one.Kind == ThingsOracle.Notice && one.Viewer == person).Select(one => one.Number).ToHashSet();
        Fault(
            !shown.SetEquals(due),
            () => $"{person} has the notices {string.Join(", ", shown.Order())}, and due are {string.Join(", ", due.Order())}");
    }

    /// <summary>Who would hear of a moment.</summary>
    private async Task CheckHintAsync(int post)
    {
        if (!World.Posts[post].Moment || World.Posts[post].Deleted)
        {
            return;
        }

        await using var scope = server.Plane.App.Services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<WeirDb>();
        var moment = await db.Moments.AsNoTracking().SingleAsync(m => m.Id == Placed.Posts[post]);
        var told = await scope.ServiceProvider.GetRequiredService<MomentHints>().SeenByAsync(moment, default);
        CheckTold(told, new Sight(ThingsOracle.Post, post, 0));
    }

    private async Task CheckRemarkHintAsync(int number)
    {
        var remark = World.Remarks[number];
        if (World.Posts[remark.Post].Deleted)
        {
            return;
        }

        await using var scope = server.Plane.App.Services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<WeirDb>();
        var hints = scope.ServiceProvider.GetRequiredService<MomentHints>();
        var moment = await db.Moments.AsNoTracking().SingleAsync(m => m.Id == Placed.Posts[remark.Post]);
        var told = remark.Like
            ? await hints.SeenByAsync(
                moment, db.MomentLikes.Where(l => l.MomentId == moment.Id && l.AuthorId == Placed.People[remark.Author]), default)
            : await hints.SeenByAsync(moment, db.MomentComments.Where(c => c.Id == Placed.Remarks[number]), default);
        CheckTold(told, new Sight(ThingsOracle.Remark, number, 0));
    }

    private void CheckTold(List<Guid> told, Sight of)
    {
        var due = Enumerable.Range(0, World.Crowd).Where(person => Due.Contains(of with { Viewer = person })).ToHashSet();
        Fault(
            !due.SetEquals(told.Select(PersonOf)),
            () => $"of {of.Kind} {of.Number} hear {string.Join(", ", told.Select(PersonOf).Order())}, and {string.Join(", ", due)} see it");
    }

    /// <summary>Who would be told that a broadcast begins. Nothing of it is kept.</summary>
    private async Task CheckBeginningAsync(int post)
    {
        if (World.Posts[post].Moment || World.Posts[post].Deleted)
        {
            return;
        }

        await using var scope = server.Plane.App.Services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<WeirDb>();
        var told = await scope.ServiceProvider.GetRequiredService<WriteScope>().RunAsync(async () =>
        {
            var broadcast = await db.Broadcasts.AsNoTracking().SingleAsync(b => b.Id == Placed.Posts[post]);
            await scope.ServiceProvider.GetRequiredService<LiveNotices>().BeganAsync(broadcast, default);
            var added = db.ChangeTracker.Entries<Notification>().Select(notice => PersonOf(notice.Entity.AccountId)).ToList();
            db.ChangeTracker.Clear();
            return added;
        }, default);
        // Who has a notice of it has been told.
        var due = _oracle.ToldOfBeginning(post).Where(person =>
            !Placed.Things.Notices.Contains(new Things.Notice(person, "live", World.Posts[post].Owner, post))).Order().ToList();
        Fault(
            !told.Order().SequenceEqual(due),
            () => $"that {post} begins would be told {string.Join(", ", told)}, and due are {string.Join(", ", due)}");
    }

    private async Task TakeTicketAsync(Random random)
    {
        var (post, viewer) = (random.Next(World.Posts.Count), random.Next(World.Nobody, World.Crowd));
        if (!World.Posts[post].Moment && !_tickets.ContainsKey((post, viewer)) && (viewer == World.Nobody || IsThere(viewer)))
        {
            await TakeTicketAsync(post, viewer);
        }
    }

    /// <summary>Who sees the broadcast gets one.</summary>
    public async Task<string?> TakeTicketAsync(int post, int viewer)
    {
        var sees = Due.Contains(new Sight(ThingsOracle.Post, post, viewer));
        var answer = await Someone(viewer).TicketAsync(Placed.Posts[post].ToString("N"));
        Fault(
            answer.Status != (sees ? HttpStatusCode.Created : HttpStatusCode.NotFound),
            () => $"{viewer} got {(int)answer.Status} for a ticket to {post}");
        if (!sees)
        {
            return null;
        }

        Assert.True(Ticket.TryVerify(server.Plane.NodeKey, answer.Text("ticket"), out var ticket));
        _tickets[(post, viewer)] = ticket;
        return answer.Text("ticket");
    }

    private int Person(Act act) => Enumerable.Range(0, World.Crowd)
        .Single(person => act.Path.Contains($"/{Placed.Handle(person)}/", StringComparison.Ordinal));

    // Suspending ended the sessions.
    private async Task SignInAsync(int person)
    {
        await using var scope = server.Plane.App.Services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<WeirDb>();
        await scope.ServiceProvider.GetRequiredService<WriteScope>().RunAsync(() =>
        {
            db.Sessions.Add(NewSession(person, TimeProvider.System.Now()));
            return Task.FromResult(true);
        }, default);
    }

    private Session NewSession(int person, DateTimeOffset now)
    {
        var token = SessionAuthentication.NewToken();
        _people[person] = new Someone(server, token, Placed.Handle(person), Placed.People[person].ToString("N"));
        return new Session
        {
            Id = Guid.NewGuid(),
            AccountId = Placed.People[person],
            TokenHash = SessionAuthentication.Hash(token),
            CreatedAt = now,
            LastSeenAt = now,
            Client = "test",
        };
    }
}

/// <summary>What is wrong in one of many.</summary>
internal sealed class StoryException(Story story, string message) : Exception(message)
{
    public int Seed => story.Seed;

    public int Length => story.Length;
}
