using System.Globalization;
using Microsoft.EntityFrameworkCore;
using Weir.Contracts;
using Weir.Hosting;
using Weir.Social.Data;
using Weir.Social.Sessions;
using Weir.Social.Throttling;

namespace Weir.Social.Search;

/// <summary><c>GET /api/search</c>: over everything that the caller may see, newest first, a few of each kind or one kind page by page.</summary>
internal static class SearchCalls
{
    private const int FewOfEach = 5;
    private const int OfOneKind = 20;
    private const int MaxLimit = 50;

    private static readonly string[] Kinds = ["people", "conversations", "messages", "moments", "accounts", "articles", "broadcasts"];

    public static void AddServices(IServiceCollection services, SocialOptions options)
    {
        SearchIndex.Add(services, options);
        services.AddSingleton(new SearchLimits()).AddSingleton<SearchSignal>().AddSingleton<SearchDoor>();
        services.AddSingleton<SearchIndexer>().AddHostedService(provider => provider.GetRequiredService<SearchIndexer>());
        services.AddScoped<FindMessages>().AddScoped<FindThings>();
    }

    public static void Map(RouteGroupBuilder api) => api.MapGet("/search", HandleAsync).WithTags("Search");

    private static async Task<Results<Ok<SearchAnswer>, ProblemHttpResult>> HandleAsync(
        Caller caller,
        WeirDb db,
        SearchDoor door,
        DearCalls dear,
        SearchIndexer indexer,
        FindMessages messages,
        FindThings things,
        HttpContext context,
        CancellationToken cancellation,
        string? q = null,
        string? kinds = null,
        string? conversation = null,
        string? before = null,
        int? limit = null)
    {
        if (string.IsNullOrWhiteSpace(q) || q.Length > SearchQuery.MaxLength)
        {
            return Problems.Field("q", "query-shape", $"What to search for has 1 to {SearchQuery.MaxLength} characters.");
        }

        var wanted = kinds is null ? Kinds : kinds.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (wanted.Length == 0 || wanted.Except(Kinds).Any())
        {
            return Problems.Field("kinds", "kinds-unknown", $"The kinds are {string.Join(", ", Kinds)}.");
        }

        if (before is not null && wanted.Distinct().Count() != 1 && conversation is null)
        {
            return Problems.Field("before", "before-one-kind", "Pages go on for one kind.");
        }

        var (me, address) = (caller.Id.ToText(), AddressKey.Of(context.Connection.RemoteIpAddress));
        if (!dear.TryTake(DearCall.Searches, door.Throttle, me, address, out var retryAfter)
            || door.Places.TryEnter(me, address, out var place) == PlaceRefusal.YoursAreTaken)
        {
            return Problems.Throttled(context, retryAfter);
        }

        using var taken = place;
        var within = Guid.Empty;
        if (conversation is not null)
        {
            Ids.TryParse(conversation, out within);
            if (!await db.ConversationMembers.AnyAsync(m => m.ConversationId == within && m.AccountId == caller.Id, cancellation))
            {
                return Problems.NotFound();
            }

            wanted = ["messages"];
        }

        using var turn = indexer.IsReady && place is not null ? await door.EnterAsync(cancellation) : null;
        if (turn is null)
        {
            return Busy.Problem(context, "Too many searches at once. Try again in a moment.");
        }

        var query = SearchQuery.Parse(q);
        var most = Math.Clamp(limit ?? (wanted.Length == 1 ? OfOneKind : FewOfEach), 1, MaxLimit);
        var groups = new List<SearchGroup>();
        foreach (var kind in query.IsEmpty ? [] : Kinds.Intersect(wanted))
        {
            var request = new SearchRequest(query, caller.Id, before, most, door.Budget());
            var group = kind switch
            {
                "messages" => await messages.FindAsync(request, conversation is null ? null : within, cancellation),
                "conversations" => await messages.FindConversationsAsync(request, cancellation),
                _ => await things.FindAsync(kind, request, cancellation),
            };
            if (group is null)
            {
                return Problems.Field("before", "cursor-shape", "This is not where a page ended.");
            }

            if (group.Hits.Count > 0 || group.Next is not null || group.Partial)
            {
                groups.Add(group);
            }
        }

        return TypedResults.Ok(new SearchAnswer(groups, !indexer.IsComplete));
    }
}

/// <summary>One kind of one search.</summary>
internal sealed record SearchRequest(SearchQuery Query, Guid Me, string? Before, int Limit, SearchBudget Budget)
{
    /// <summary>For kinds that are not ordered by time, how many came before; false when it is no such number.</summary>
    public bool TrySkip(out int skip)
    {
        skip = 0;
        return Before is null || int.TryParse(Before, NumberStyles.None, CultureInfo.InvariantCulture, out skip);
    }
}

/// <summary>How many may search at once, and how often one may.</summary>
internal sealed class SearchDoor(SearchLimits limits, TimeProvider clock) : IDisposable
{
    private readonly SemaphoreSlim _turns = new(limits.AtOnce, limits.AtOnce);

    public Places Places { get; } = new(limits.EachAtOnce, limits.OfAddressAtOnce, limits.MostWaiting);

    public AttemptLimiter Throttle { get; } = new(clock, limits.Burst, limits.Refill);

    public SearchBudget Budget() => new(limits, clock);

    /// <summary>Null when the others took too long.</summary>
    public async Task<IDisposable?> EnterAsync(CancellationToken cancellation) =>
        await _turns.WaitAsync(limits.LongestWait, cancellation) ? new Turn(_turns) : null;

    public void Dispose() => _turns.Dispose();

    private sealed class Turn(SemaphoreSlim turns) : IDisposable
    {
        public void Dispose() => turns.Release();
    }
}
