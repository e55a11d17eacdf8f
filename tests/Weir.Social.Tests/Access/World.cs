using System.Buffers.Text;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Weir.Social.Broadcasts;
using Weir.Social.Conversations;
using Weir.Social.Data;
using Weir.Social.OfficialAccounts;
using Weir.Social.Passkeys;
using Weir.Social.Search;

namespace Weir.Social.Tests.Access;

/// <summary>A thing of the world: what fills a route's parameters, the word by which it is recognised, and who may what.</summary>
internal sealed record Thing(Rights Rights, IReadOnlyDictionary<string, string> Parts)
{
    public string Name => $"{Rights.Kind}/{Rights.Name}";

    /// <summary>Its own id, not that of what it is in.</summary>
    public string Id => Parts[new[] { "message", "comment", "id", "code", "handle" }.First(Parts.ContainsKey)];

    /// <summary>In its text, where it has one; no mark begins with another.</summary>
    public string Mark => MarkOf(Rights.Kind, Rights.Name);

    public static string MarkOf(string kind, string name) => $"zq{kind}{name}q".ToLowerInvariant();
}

/// <summary>
/// One owner with one of each thing, and one person for each relation to the owner, named by it. Things and rights are those of things.txt.
/// </summary>
internal sealed class World : IAsyncDisposable
{
    private readonly Dictionary<string, Someone> _people = [];
    private readonly Dictionary<string, Dictionary<string, string>> _parts = [];
    private readonly Dictionary<string, string> _files = [];

    private World(Server server, AccessClock clock)
    {
        Server = server;
        Clock = clock;
    }

    public Server Server { get; }

    public AccessClock Clock { get; }

    public RightsTable Rights { get; } = new();

    public IReadOnlyDictionary<string, Someone> People => _people;

    public IReadOnlyList<Thing> Things { get; private set; } = [];

    /// <summary>What lines may name beside things and people.</summary>
    public Dictionary<string, string> Values { get; } = new()
    {
        ["password"] = Someone.Password,
        // The base point of P-256: as good a key as any.
        ["p256dh"] = Base64Url.EncodeToString(Convert.FromHexString(
            "046B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296"
            + "4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5")),
        ["auth"] = Base64Url.EncodeToString(new byte[16]),
    };

    private Someone Owner => _people["owner"];

    public static async Task<World> MakeAsync(PostgresCluster? postgres = null, Action<WebApplicationBuilder>? configure = null)
    {
        var clock = new AccessClock();
        var server = await Server.StartAsync(postgres, builder =>
        {
            builder.Services.AddSingleton<TimeProvider>(clock);
            configure?.Invoke(builder);
        });
        var world = new World(server, clock);
        await world.MakePeopleAsync();
        await world.TalkAsync();
        await world.PublishAsync();
        await world.PostAsync();
        await world.BroadcastAsync();
        await world.KeepAsync();
        await world.PartAsync();
        await world.Server.Plane.App.Services.GetRequiredService<SearchIndexer>().CatchUpAsync(default);
        clock.Stop();
        var made = world._parts.Keys.Order().ToList();
        Assert.Equal(world.Rights.Things.Select(thing => $"{thing.Kind}/{thing.Name}").Order(), made);
        world.Things = [.. world.Rights.Things.Select(rights => new Thing(rights, world._parts[$"{rights.Kind}/{rights.Name}"]))];
        return world;
    }

    public ValueTask DisposeAsync() => Server.DisposeAsync();

    private void Add(string name, params (string Part, string Value)[] parts) =>
        _parts.Add(name, parts.ToDictionary(part => part.Part, part => part.Value));

    private static async Task<string> MadeAsync(Someone who, string path, object? body = null, string part = "id") =>
        (await who.PostAsync(path, body)).Is(HttpStatusCode.Created).Text(part);

    private static string Mark(string kind, string name) => Thing.MarkOf(kind, name);

    private async Task MakePeopleAsync()
    {
        _people["admin"] = await Server.PersonAsync("admin", admin: true);
        foreach (var relation in Rights.Relations.Where(relation => relation is not ("admin" or "anonymous")))
        {
            _people[relation] = await Server.PersonAsync(relation);
        }

        _people["anonymous"] = Server.Anybody;
        string[] friends =
        [
            "friend", "circle", "excepted", "hiddenFrom", "hider", "blocked", "blocker", "dropped", "dropper", "talker", "formerTalker",
            "leader", "member", "laterMember", "formerMember", "removedMember", "editor", "invitedEditor", "suspended", "deleted",
        ];
        await Server.BefriendAllAsync(Owner, friends.Select(friend => _people[friend]));
        string[] members = ["circle", "excepted", "blocked", "blocker", "dropped", "suspended", "deleted"];
        var inner = new { name = Mark("circle", "inner"), members = members.Select(member => _people[member].Handle) };
        var circle = await MadeAsync(Owner, "/api/circles", inner);
        Add("circle/inner", ("id", circle), ("handle", _people["friend"].Handle));
        Add("account/friend", ("handle", _people["friend"].Handle));
        Add("person/owner", ("handle", Owner.Handle));
        var incoming = await MadeAsync(_people["asker"], "/api/friend-requests", new { handle = Owner.Handle });
        Add("request/incoming", ("id", incoming));
        var outgoing = await MadeAsync(Owner, "/api/friend-requests", new { handle = _people["asked"].Handle });
        Add("request/outgoing", ("id", outgoing));
    }

    private async Task TalkAsync()
    {
        string[] first = ["leader", "member", "formerMember", "removedMember", "suspended", "deleted"];
        var members = first.Select(member => _people[member].Handle);
        var group = await MadeAsync(Owner, "/api/conversations", new { members, name = Mark("group", "group") });
        Add("message/early", ("id", group), ("message", await SayAsync(group, Mark("message", "early"), "groupEarly")));
        (await Owner.PutAsync($"/api/conversations/{group}/members/{_people["laterMember"].Handle}")).Is(HttpStatusCode.NoContent);
        (await Owner.PutAsync($"/api/conversations/{group}/administrators/{_people["leader"].Handle}")).Is(HttpStatusCode.NoContent);
        (await _people["formerMember"].PostAsync($"/api/conversations/{group}/leave")).Is(HttpStatusCode.NoContent);
        (await Owner.DeleteAsync($"/api/conversations/{group}/members/{_people["removedMember"].Handle}")).Is(HttpStatusCode.NoContent);
        Add("message/late", ("id", group), ("message", await SayAsync(group, Mark("message", "late"), "groupLate")));
        Add("group/group", ("id", group), ("handle", _people["member"].Handle));
        Add("groupLink/group", ("id", group), ("code", await MadeAsync(Owner, $"/api/conversations/{group}/links", part: "code")));
        // Nobody is asked but by a friend, and the owner is to be none.
        await _people["leader"].BefriendAsync(_people["wanted"]);
        var (wanted, by) = (Guid.Parse(_people["wanted"].Id), Guid.Parse(_people["leader"].Id));
        var invitation = new GroupInvitation { ConversationId = Guid.Parse(group), AccountId = wanted, ById = by, At = Clock.Now() };
        await WriteAsync(db => db.AddRangeAsync(invitation));
        Add("groupInvitation/group", ("id", group));
        foreach (var (relation, name) in new[] { ("talker", "talker"), ("formerTalker", "former") })
        {
            var direct = await Owner.TalkAsync(_people[relation]);
            await SayAsync(direct, Mark("direct", name), relation == "talker" ? "direct" : "formerDirect");
            Add($"direct/{name}", ("id", direct), ("handle", _people[relation].Handle));
        }
    }

    private async Task<string> SayAsync(string conversation, string text, string file)
    {
        var id = await UploadAsync(file, "file");
        return await MadeAsync(Owner, $"/api/conversations/{conversation}/messages", new { clientId = file, text, file = id });
    }

    private async Task<string> UploadAsync(string name, string kind)
    {
        var bytes = kind == "file" ? System.Text.Encoding.UTF8.GetBytes($"file of {name}") : TestPictures.Jpeg(32, 32);
        var id = (await Owner.UploadAsync(bytes, $"{name}.jpg", kind)).Is(HttpStatusCode.Created).Text("id");
        Add($"file/{name}", ("id", id));
        return _files[name] = id;
    }

    private async Task PublishAsync()
    {
        var named = new { mode = "named", handles = new[] { Owner.Handle } };
        (await _people["admin"].PutAsync("/api/admin/official", named)).Is(HttpStatusCode.OK);
        foreach (var name in new[] { "inner", "open" })
        {
            var handle = $"paper_{name}";
            Values[$"{name}Paper"] = await MadeAsync(Owner, "/api/official", new { handle, name = "Paper", open = name == "open" });
            var article = await WriteArticleAsync(handle, name, name == "inner" ? "articleInner" : "articleOpen");
            (await Owner.PostAsync($"/api/articles/{article}/publish", new { version = 2 })).Is(HttpStatusCode.OK);
            Add($"paper/{name}", ("handle", handle), ("article", article));
        }

        await WriteArticleAsync("paper_inner", "unpublished", "draft");
        foreach (var relation in new[] { "editor", "invitedEditor" })
        {
            (await Owner.PutAsync($"/api/official/paper_inner/editors/{_people[relation].Handle}")).Is(HttpStatusCode.NoContent);
        }

        (await _people["editor"].PostAsync("/api/official/paper_inner/invitation/accept")).Is(HttpStatusCode.NoContent);
        foreach (var relation in new[] { "follower", "removedFollower", "suspended", "deleted" })
        {
            (await _people[relation].PutAsync("/api/official/paper_inner/follow")).Is(HttpStatusCode.NoContent);
        }

        (await Owner.DeleteAsync($"/api/official/paper_inner/followers/{_people["removedFollower"].Handle}")).Is(HttpStatusCode.NoContent);
    }

    private async Task<string> WriteArticleAsync(string paper, string name, string cover)
    {
        var id = await MadeAsync(Owner, $"/api/official/{paper}/articles");
        var picture = await UploadAsync(cover, "picture");
        var draft = new { version = 1, title = Mark("article", name), summary = "", markdown = "Words", cover = picture };
        (await Owner.PutAsync($"/api/articles/{id}/draft", draft)).Is(HttpStatusCode.OK);
        Add($"article/{name}", ("id", id));
        return id;
    }

    private object Audience(string kind) => kind switch
    {
        "circles" => new { kind, circles = new[] { _parts["circle/inner"]["id"] }, except = Except() },
        "except" => new { kind = "friends", except = Except() },
        "link" or "public" => new { kind, except = Except() },
        "group" => Conversation("group/group"),
        "direct" => Conversation("direct/talker"),
        "formerDirect" => Conversation("direct/former"),
        "followers" => new { kind, officialAccount = Values["innerPaper"] },
        "onlyMe" => new { kind },
        _ => new { kind = "friends" },
    };

    private object Except() => new { accounts = new[] { _people["excepted"].Handle } };

    private object Conversation(string thing) => new { kind = "conversation", conversation = _parts[thing]["id"] };

    private async Task PostAsync()
    {
        (string, string)[] moments =
            [("friends", "momentFriends"), ("circles", "momentCircles"), ("except", ""), ("onlyMe", "momentOnlyMe"), ("reported", "reported")];
        foreach (var (name, file) in moments)
        {
            var pictures = file.Length > 0 ? new[] { await UploadAsync(file, "picture") } : null;
            var audience = Audience(name == "reported" ? "circles" : name);
            var body = new { text = Mark("moment", name), audience, pictures };
            Add($"moment/{name}", ("id", await MadeAsync(Owner, "/api/moments", body)));
        }

        var moment = _parts["moment/friends"]["id"];
        foreach (var (relation, name) in new[] { ("circle", "byCircle"), ("owner", "byOwner") })
        {
            var body = new { text = Mark("comment", name), clientId = name };
            var comment = await MadeAsync(_people[relation], $"/api/moments/{moment}/comments", body);
            Add($"comment/{name}", ("id", moment), ("comment", comment));
        }

        var report = new { kind = "moment", id = _parts["moment/reported"]["id"], reason = "spam" };
        Add("report/moment", ("id", await MadeAsync(_people["circle"], "/api/reports", report)));
    }

    private async Task BroadcastAsync()
    {
        var friend = Guid.Parse(_people["friend"].Id);
        var ids = new List<Guid>();
        foreach (var name in Rights.Things.Where(thing => thing.Kind == "broadcast").Select(thing => thing.Name))
        {
            var id = await Owner.BroadcastAsync(Audience(name), Mark("broadcast", name));
            ids.Add(Guid.Parse(id));
            // Somebody who was there once, so that there is somebody to mute.
            Add($"broadcast/{name}", ("id", id), ("account", _people["friend"].Id));
        }

        await WriteAsync(db => db.AddRangeAsync(ids.Select(id => new Admission { BroadcastId = id, AccountId = friend })));
        var replay = Guid.Parse(_parts["broadcast/replay"]["id"]);
        await WriteAsync(db => db.Broadcasts.ForEachAsync(broadcast =>
        {
            broadcast.Recorded = broadcast.Id == replay;
            broadcast.State = broadcast.Recorded ? BroadcastState.Ended : BroadcastState.Live;
        }));
    }

    /// <summary>What the owner keeps for themselves.</summary>
    private async Task KeepAsync()
    {
        await UploadAsync("unused", "file");
        await UploadAsync("unusedAvatar", "avatar");
        (await Owner.PutAsync("/api/me/avatar", new { file = await UploadAsync("avatar", "avatar") })).Is(HttpStatusCode.OK);
        Add("invitation/open", ("code", await MadeAsync(Owner, "/api/invitations", part: "code")));
        var reset = $"/api/admin/accounts/{_people["friend"].Handle}/password-reset";
        Add("reset/friend", ("code", await MadeAsync(_people["admin"], reset, part: "code")));
        await Server.Anybody.SendAsync(
            HttpMethod.Post,
            "/api/sessions",
            new { handle = Owner.Handle, password = Someone.Password },
            request => request.Headers.Add("User-Agent", Mark("session", "owner")));
        var session = (await Owner.GetAsync("/api/sessions")).Json.EnumerateArray().Single(s => !s.GetProperty("current").GetBoolean());
        Add("session/owner", ("id", session.GetProperty("id").GetString()!));
        var passkey = new Passkey
        {
            CredentialId = [1],
            Id = Guid.NewGuid(),
            AccountId = Guid.Parse(Owner.Id),
            Name = Mark("passkey", "owner"),
            PublicKey = [1],
            Transports = "",
            CreatedAt = Clock.Now(),
        };
        await WriteAsync(db => db.AddRangeAsync(passkey));
        Add("passkey/owner", ("id", passkey.Id.ToString("N")));
        var notice = (await Owner.GetAsync("/api/notifications")).Is(HttpStatusCode.OK)["items"][0].GetProperty("id").GetString()!;
        Add("notice/owner", ("id", notice));
        (await Owner.PostAsync("/api/me/export")).Is(HttpStatusCode.Created);
        await Patience.HoldsAsync(async () => (await Owner.GetAsync("/api/me/export")).Text("state") == "ready");
    }

    /// <summary>What made people friends is over for those who are something else.</summary>
    private async Task PartAsync()
    {
        (await Owner.PutAsync($"/api/blocks/{_people["blocked"].Handle}")).Is(HttpStatusCode.NoContent);
        (await _people["blocker"].PutAsync($"/api/blocks/{Owner.Handle}")).Is(HttpStatusCode.NoContent);
        (await Owner.PutAsync($"/api/moment-hiding/mine-from/{_people["hiddenFrom"].Handle}")).Is(HttpStatusCode.NoContent);
        (await _people["hider"].PutAsync($"/api/moment-hiding/theirs/{Owner.Handle}")).Is(HttpStatusCode.NoContent);
        string[] former =
            ["dropped", "formerTalker", "leader", "member", "laterMember", "formerMember", "removedMember", "editor", "invitedEditor"];
        foreach (var relation in former)
        {
            (await Owner.DeleteAsync($"/api/friends/{_people[relation].Handle}")).Is(HttpStatusCode.NoContent);
            if (relation is not ("dropped" or "formerTalker"))
            {
                (await _people[relation].DeleteAsync($"/api/friends/{Owner.Handle}")).Is(HttpStatusCode.NoContent);
            }
        }

        // Asked by somebody who is no friend: by an owner of before. Such an invitation stays.
        var (paper, asked) = (Guid.Parse(Values["innerPaper"]), Guid.Parse(_people["invitedEditor"].Id));
        await WriteAsync(db => db.AddRangeAsync(new OfficialEditor { OfficialAccountId = paper, AccountId = asked, InvitedAt = Clock.Now() }));
        (await _people["dropper"].DeleteAsync($"/api/friends/{Owner.Handle}")).Is(HttpStatusCode.NoContent);
        (await _people["admin"].PutAsync($"/api/admin/accounts/{_people["suspended"].Handle}/suspension")).Is(HttpStatusCode.NoContent);
        (await _people["deleted"].DeleteAsync("/api/me", new { password = Someone.Password })).Is(HttpStatusCode.NoContent);
    }

    private async Task WriteAsync(Func<WeirDb, Task> change)
    {
        await using var scope = Server.Plane.App.Services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<WeirDb>();
        await scope.ServiceProvider.GetRequiredService<WriteScope>().RunAsync(async () =>
        {
            await change(db);
            return true;
        }, default);
    }
}
