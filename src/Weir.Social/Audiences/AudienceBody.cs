using Microsoft.EntityFrameworkCore;
using Weir.Contracts;
using Weir.Hosting;
using Weir.Social.Accounts;
using Weir.Social.Broadcasts;
using Weir.Social.Data;

namespace Weir.Social.Audiences;

/// <summary>An audience as the API reads and writes it.</summary>
internal sealed record AudienceBody(string? Kind, List<string>? Circles = null, ExceptBody? Except = null);

internal sealed record ExceptBody(List<string>? Accounts = null, List<string>? Circles = null);

/// <summary>An audience whose circles are known to be its owner's.</summary>
internal sealed record Audience(AudienceKind Kind, IReadOnlyList<Guid> Circles, IReadOnlyDictionary<string, Guid?> ExceptHandles, IReadOnlyList<Guid> ExceptCircles)
{
    private const int MaxExceptions = 500;

    private static readonly Dictionary<string, AudienceKind> Kinds = new(StringComparer.Ordinal)
    {
        ["friends"] = AudienceKind.Friends,
        ["circles"] = AudienceKind.Circles,
        ["link"] = AudienceKind.Link,
        ["public"] = AudienceKind.Public,
        ["onlyMe"] = AudienceKind.OnlyMe,
    };

    public static async Task<(Audience? Audience, ProblemHttpResult? Fault)> ParseAsync(AudienceBody? body, Guid owner, WeirDb db, CancellationToken cancellation)
    {
        if (body?.Kind is "followers" or "conversation")
        {
            return (null, Problems.Field("audience", "audience-not-yet", "This server has no official accounts and conversations yet."));
        }

        if (body?.Kind is null || !Kinds.TryGetValue(body.Kind, out var kind))
        {
            return (null, Problems.Field("audience", "audience-kind", $"The kind is one of {string.Join(", ", Kinds.Keys)}."));
        }

        var circles = ParseIds(kind == AudienceKind.Circles ? body.Circles : null);
        var exceptCircles = ParseIds(body.Except?.Circles);
        var handles = (body.Except?.Accounts ?? []).Select(Handle.Parse).ToHashSet();
        if (kind == AudienceKind.Circles && circles.Count == 0)
        {
            return (null, Problems.Field("audience", "audience-empty", "Name at least one circle."));
        }

        if (handles.Contains(null) || handles.Count > MaxExceptions)
        {
            return (null, Problems.Field("audience", "handle-shape", $"The exceptions are at most {MaxExceptions} handles."));
        }

        var asked = circles.Concat(exceptCircles).ToHashSet();
        if (await db.Circles.CountAsync(c => c.OwnerId == owner && asked.Contains(c.Id), cancellation) != asked.Count)
        {
            return (null, Problems.Field("audience", "circle-unknown", "One of the circles does not exist."));
        }

        // A handle that nobody has yet is kept out when somebody takes it: excepting one must not tell whether it exists.
        var known = await db.Accounts.Where(a => handles.Contains(a.UserName)).ToDictionaryAsync(a => a.UserName!, a => a.Id, cancellation);
        return (new Audience(kind, [.. circles], handles.ToDictionary(h => h!, h => known.TryGetValue(h!, out var id) ? id : (Guid?)null), [.. exceptCircles]), null);
    }

    public void ApplyTo(Broadcast broadcast)
    {
        broadcast.Kind = Kind;
        broadcast.Circles.RemoveAll(c => !(c.Except ? ExceptCircles : Circles).Contains(c.CircleId));
        foreach (var (circle, except) in Circles.Select(c => (c, false)).Concat(ExceptCircles.Select(c => (c, true))))
        {
            if (!broadcast.Circles.Any(c => c.CircleId == circle && c.Except == except))
            {
                broadcast.Circles.Add(new AudienceCircle { BroadcastId = broadcast.Id, CircleId = circle, Except = except });
            }
        }

        broadcast.Exceptions.RemoveAll(e => !ExceptHandles.ContainsKey(e.Handle));
        foreach (var (handle, account) in ExceptHandles)
        {
            if (!broadcast.Exceptions.Any(e => e.Handle == handle))
            {
                broadcast.Exceptions.Add(new AudienceException { BroadcastId = broadcast.Id, Handle = handle, AccountId = account });
            }
        }
    }

    public static AudienceBody ToBody(AudienceKind kind, IEnumerable<AudienceCircle> circles, IEnumerable<AudienceException> exceptions)
    {
        var all = circles.ToList();
        var handles = exceptions.Select(e => e.Handle).Order(StringComparer.Ordinal).ToList();
        var exceptCircles = all.Where(c => c.Except).Select(c => c.CircleId.ToText()).ToList();
        return new AudienceBody(
            Kinds.Single(pair => pair.Value == kind).Key,
            kind == AudienceKind.Circles ? [.. all.Where(c => !c.Except).Select(c => c.CircleId.ToText())] : null,
            handles.Count + exceptCircles.Count > 0 ? new ExceptBody(handles, exceptCircles) : null);
    }

    // What is no id becomes the empty one, which no circle has.
    private static HashSet<Guid> ParseIds(List<string>? ids) => [.. (ids ?? []).Select(id => Ids.TryParse(id, out var parsed) ? parsed : Guid.Empty)];
}
