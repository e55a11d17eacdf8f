using System.Text.Json.Serialization;
using Microsoft.EntityFrameworkCore;
using Weir.Contracts;
using Weir.Hosting;
using Weir.Social.Accounts;
using Weir.Social.Data;

namespace Weir.Social.Audiences;

/// <summary>An audience as the API reads and writes it.</summary>
internal sealed record AudienceBody(
    string? Kind, List<string>? Circles = null, ExceptBody? Except = null, string? Conversation = null, string? OfficialAccount = null)
{
    /// <summary>Rows beside the post's own.</summary>
    [JsonIgnore]
    public int Rows => (Circles?.Count ?? 0) + (Except?.Accounts?.Count ?? 0) + (Except?.Circles?.Count ?? 0);
}

internal sealed record ExceptBody(List<string>? Accounts = null, List<string>? Circles = null);

/// <summary>An audience whose circles are known to be its owner's, who is in its conversation, or an editor of its official account.</summary>
internal sealed record Audience(
    AudienceKind Kind,
    IReadOnlyList<Guid> Circles,
    IReadOnlyDictionary<string, Guid?> ExceptHandles,
    IReadOnlyList<Guid> ExceptCircles,
    Guid? Conversation = null,
    Guid? OfficialAccount = null)
{
    private const int MaxExceptions = 500;

    private static readonly Dictionary<string, AudienceKind> Kinds = new(StringComparer.Ordinal)
    {
        ["friends"] = AudienceKind.Friends,
        ["circles"] = AudienceKind.Circles,
        ["conversation"] = AudienceKind.Conversation,
        ["followers"] = AudienceKind.Followers,
        ["link"] = AudienceKind.Link,
        ["public"] = AudienceKind.Public,
        ["onlyMe"] = AudienceKind.OnlyMe,
    };

    // One query for both, for every page of moments or broadcasts asks it.
    private static readonly CompiledQuery<Func<WeirDb, List<Guid>, IAsyncEnumerable<Part>>> Parts = new(() => EF.CompileAsyncQuery(
        (WeirDb db, List<Guid> posts) => db.AudienceCircles
            .Where(c => posts.Contains(c.PostId))
            .Select(c => new Part { PostId = c.PostId, CircleId = c.CircleId, Except = c.Except, Handle = "" })
            .Concat(db.AudienceExceptions
                .Where(e => posts.Contains(e.PostId))
                .Select(e => new Part { PostId = e.PostId, CircleId = Guid.Empty, Except = true, Handle = e.Handle }))));

    /// <summary>Those of moments; a broadcast may have any.</summary>
    public static IReadOnlySet<AudienceKind> OfMoments { get; } = new HashSet<AudienceKind> { AudienceKind.Friends, AudienceKind.Circles, AudienceKind.OnlyMe };

    /// <param name="allowed">The kinds there are to choose from; all when null.</param>
    /// <param name="post">
    /// The post whose audience it becomes. Those whom the post keeps out already may stay, however many they are.
    /// </param>
    public static async Task<(Audience? Audience, ProblemHttpResult? Fault)> ParseAsync(
        AudienceBody? body,
        Guid owner,
        WeirDb db,
        CancellationToken cancellation,
        IReadOnlySet<AudienceKind>? allowed = null,
        Post? post = null)
    {
        if (body?.Kind is null || !Kinds.TryGetValue(body.Kind, out var kind) || allowed?.Contains(kind) == false)
        {
            return (null, Fault("audience-kind", $"The kind is one of {string.Join(", ", Kinds.Where(pair => allowed?.Contains(pair.Value) != false).Select(pair => pair.Key))}."));
        }

        var circles = ParseIds(kind == AudienceKind.Circles ? body.Circles : null);
        var exceptCircles = ParseIds(body.Except?.Circles);
        var handles = (body.Except?.Accounts ?? []).Select(Handle.Parse).ToHashSet();
        if (kind == AudienceKind.Circles && circles.Count == 0)
        {
            return (null, Fault("audience-empty", "Name at least one circle."));
        }

        if (handles.Contains(null) || handles.Except(post?.Exceptions.Select(e => e.Handle) ?? []).Count() > MaxExceptions)
        {
            return (null, Fault("handle-shape", $"The exceptions are at most {MaxExceptions} handles."));
        }

        Ids.TryParse(body.Conversation, out var conversation);
        if (kind == AudienceKind.Conversation && !await db.ConversationMembers.AnyAsync(m => m.ConversationId == conversation && m.AccountId == owner, cancellation))
        {
            return (null, Fault("conversation-unknown", "You are not in this conversation."));
        }

        Ids.TryParse(body.OfficialAccount, out var official);
        if (kind == AudienceKind.Followers && !await db.OfficialEditors.AnyAsync(
            e => e.OfficialAccountId == official && e.AccountId == owner && e.AcceptedAt != null && db.OfficialAccounts.Any(o => o.Id == official && o.ClosedAt == null), cancellation))
        {
            return (null, Fault("official-account-unknown", "You are not an editor of this account."));
        }

        var asked = circles.Concat(exceptCircles).ToHashSet();
        if (await db.Circles.CountAsync(c => c.OwnerId == owner && asked.Contains(c.Id), cancellation) != asked.Count)
        {
            return (null, Fault("circle-unknown", "One of the circles does not exist."));
        }

        // A handle that nobody has yet is kept out when somebody takes it: excepting one must not tell whether it exists.
        var known = await db.Accounts.Where(a => handles.Contains(a.UserName)).ToDictionaryAsync(a => a.UserName!, a => a.Id, cancellation);
        return (new Audience(
            kind,
            [.. circles],
            handles.ToDictionary(h => h!, h => known.TryGetValue(h!, out var id) ? id : (Guid?)null),
            [.. exceptCircles],
            kind == AudienceKind.Conversation ? conversation : null,
            kind == AudienceKind.Followers ? official : null), null);
    }

    /// <summary>The audience that a post has. Its circles and exceptions must have been read.</summary>
    public static Audience Of(Post post) => new(
        post.Kind,
        [.. post.Circles.Where(c => !c.Except).Select(c => c.CircleId)],
        post.Exceptions.ToDictionary(e => e.Handle, e => e.AccountId),
        [.. post.Circles.Where(c => c.Except).Select(c => c.CircleId)],
        post.ConversationId,
        post.OfficialAccountId);

    /// <summary>The post's circles and exceptions must have been read.</summary>
    public void ApplyTo(Post post)
    {
        post.Kind = Kind;
        post.ConversationId = Conversation;
        post.OfficialAccountId = OfficialAccount;
        post.Circles.RemoveAll(c => !(c.Except ? ExceptCircles : Circles).Contains(c.CircleId));
        foreach (var (circle, except) in Circles.Select(c => (c, false)).Concat(ExceptCircles.Select(c => (c, true))))
        {
            if (!post.Circles.Any(c => c.CircleId == circle && c.Except == except))
            {
                post.Circles.Add(new AudienceCircle { PostId = post.Id, CircleId = circle, Except = except });
            }
        }

        post.Exceptions.RemoveAll(e => !ExceptHandles.ContainsKey(e.Handle));
        foreach (var (handle, account) in ExceptHandles)
        {
            if (!post.Exceptions.Any(e => e.Handle == handle))
            {
                post.Exceptions.Add(new AudienceException { PostId = post.Id, Handle = handle, AccountId = account });
            }
        }
    }

    /// <summary>The audiences of these posts, for their owner.</summary>
    public static async Task<Dictionary<Guid, AudienceBody>> ReadAsync(WeirDb db, IReadOnlyCollection<Post> posts, CancellationToken cancellation)
    {
        if (posts.Count == 0)
        {
            return [];
        }

        var ids = posts.Select(p => p.Id).ToList();
        var parts = (await Parts.On(db)(db, ids).ToListAsync(cancellation)).ToLookup(p => p.PostId);
        return posts.ToDictionary(
            p => p.Id, p => ToBody(p, [.. parts[p.Id].Where(part => part.Handle.Length == 0)], parts[p.Id].Where(part => part.Handle.Length > 0)));
    }

    private static AudienceBody ToBody(Post post, List<Part> circles, IEnumerable<Part> exceptions)
    {
        var handles = exceptions.Select(e => e.Handle).Order(StringComparer.Ordinal).ToList();
        var exceptCircles = circles.Where(c => c.Except).Select(c => c.CircleId.ToText()).ToList();
        return new AudienceBody(
            Kinds.Single(pair => pair.Value == post.Kind).Key,
            post.Kind == AudienceKind.Circles ? [.. circles.Where(c => !c.Except).Select(c => c.CircleId.ToText())] : null,
            handles.Count + exceptCircles.Count > 0 ? new ExceptBody(handles, exceptCircles) : null,
            post.ConversationId?.ToText(),
            post.OfficialAccountId?.ToText());
    }

    // What is no id becomes the empty one, which no circle has.
    private static HashSet<Guid> ParseIds(List<string>? ids) => [.. (ids ?? []).Select(id => Ids.TryParse(id, out var parsed) ? parsed : Guid.Empty)];

    private static ProblemHttpResult Fault(string code, string text) => Problems.Field("audience", code, text);

    /// <summary>A circle of an audience, or a handle that it keeps out.</summary>
    private sealed class Part
    {
        public required Guid PostId { get; init; }

        public required Guid CircleId { get; init; }

        public required bool Except { get; init; }

        /// <summary>Empty: a circle.</summary>
        public required string Handle { get; init; }
    }
}
