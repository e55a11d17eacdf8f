using System.Globalization;
using Microsoft.EntityFrameworkCore;
using Weir.Social.Accounts;
using Weir.Social.Articles;
using Weir.Social.Audiences;
using Weir.Social.Broadcasts;
using Weir.Social.Data;
using Weir.Social.Moments;
using Weir.Social.OfficialAccounts;
using Weir.Social.Throttling;

namespace Weir.Social.Search;

/// <summary>
/// People, official accounts, articles, broadcasts and moments. The index gives candidates; each kind's own rule of who may see what, the one that its other lists use, picks those of the caller; the text decides.
/// </summary>
internal sealed class FindThings(
    WeirDb db, ISearchIndex index, BroadcastCards broadcasts, OfficialCards officials, RenderedArticles rendered, TimeProvider clock)
{
    private const int Piece = 200;

    /// <returns>Null when <see cref="SearchRequest.Before"/> is no place in this list.</returns>
    public Task<SearchGroup?> FindAsync(string kind, SearchRequest request, CancellationToken cancellation) => kind switch
    {
        "people" => PeopleAsync(request, cancellation),
        "accounts" => AccountsAsync(request, cancellation),
        "articles" => ByTimeAsync(kind, ThingKind.Article, request, ids => ArticlesAsync(request, ids, cancellation), cancellation),
        "broadcasts" => ByTimeAsync(kind, ThingKind.Broadcast, request, ids => BroadcastsAsync(request, ids, cancellation), cancellation),
        "moments" => ByTimeAsync(kind, ThingKind.Moment, request, ids => MomentsAsync(request, ids, cancellation), cancellation),
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };

    /// <summary>Friends, and those who are in a conversation with me: whom I see elsewhere too.</summary>
    private Task<SearchGroup?> PeopleAsync(SearchRequest request, CancellationToken cancellation) => ByNameAsync(
        "people",
        ThingKind.Account,
        request,
        async ids =>
        {
            var me = request.Me;
            var seen = await db.Accounts.VisibleTo(db, me)
                .Where(a => ids.Contains(a.Id) && a.Id != me)
                .Select(a => new
                {
                    a.Id,
                    Handle = a.UserName!,
                    a.Name,
                    a.AvatarId,
                    Friend = db.Friendships.Any(f => f.OwnerId == me && f.FriendId == a.Id),
                    Together = db.ConversationMembers.Any(mine => mine.AccountId == me && db.ConversationMembers.Any(m => m.ConversationId == mine.ConversationId && m.AccountId == a.Id)),
                })
                .Where(a => a.Friend || a.Together)
                .ToListAsync(cancellation);
            return seen.Where(a => request.Query.Finds(FoldedText.Of(a.Name), FoldedText.Of(a.Handle)))
                .Select(a => (a.Friend ? 0 : 1, a.Name, a.Handle, new PersonHit(a.Id, a.Handle, a.Name, a.AvatarId, a.Friend)));
        },
        people => Task.FromResult(people.ConvertAll(p => new SearchHit { Person = p, Title = Marked.Whole(request.Query, p.Name), Snippet = Marked.Snippet(request.Query, p.Handle) })),
        cancellation);

    private Task<SearchGroup?> AccountsAsync(SearchRequest request, CancellationToken cancellation) => ByNameAsync(
        "accounts",
        ThingKind.OfficialAccount,
        request,
        async ids =>
        {
            var seen = await db.OfficialAccounts.AsNoTracking().Where(a => ids.Contains(a.Id) && a.ClosedAt == null)
                .Select(a => new { Account = a, Follows = db.Followers.Any(f => f.OfficialAccountId == a.Id && f.AccountId == request.Me) })
                .ToListAsync(cancellation);
            return seen.Where(a => request.Query.Finds(FoldedText.Of(a.Account.Name), FoldedText.Of(a.Account.Handle), FoldedText.Of(a.Account.Description)))
                .Select(a => (a.Follows ? 0 : 1, a.Account.Name, a.Account.Handle, a.Account.Id));
        },
        async ids =>
        {
            var cards = (await officials.MakeAsync(db.OfficialAccounts.Where(a => ids.Contains(a.Id)), request.Me, cancellation)).ToDictionary(card => card.Id);
            return [.. ids.Where(cards.ContainsKey).Select(id => cards[id]).Select(card => new SearchHit
            {
                Account = card,
                Title = Marked.Whole(request.Query, card.Name),
                Snippet = Marked.Snippet(request.Query, card.Description) ?? Marked.Snippet(request.Query, card.Handle),
            })];
        },
        cancellation);

    private async Task<Dictionary<Guid, SearchHit>> ArticlesAsync(SearchRequest request, List<Guid> ids, CancellationToken cancellation)
    {
        var readable = db.Articles.Where(a => ids.Contains(a.Id)).WhereReadable(db, signedIn: true);
        var texts = await readable.Select(a => new { a.Id, a.PublishedVersion, a.Title, a.Summary, a.Markdown }).ToListAsync(cancellation);
        var found = new Dictionary<Guid, (string Title, string? Text)>();
        foreach (var a in texts)
        {
            var text = await TextAsync(a.Id, a.PublishedVersion, a.Markdown, cancellation);
            if (request.Query.Finds(FoldedText.Of(a.Title), FoldedText.Of(a.Summary), FoldedText.Of(text)))
            {
                found.Add(a.Id, (a.Title, text));
            }
        }

        var shown = found.Keys.ToList();
        return (await db.Articles.Where(a => shown.Contains(a.Id)).WhereReadable(db, signedIn: true).ToCardsAsync(db, request.Me, cancellation)).ToDictionary(card => card.Id, card => new SearchHit
        {
            Article = card,
            Title = Marked.Whole(request.Query, card.Title),
            Snippet = Marked.Snippet(request.Query, found[card.Id].Text) ?? Marked.Snippet(request.Query, card.Summary),
        });
    }

    /// <summary>What readers have opened is rendered already. While too many others wait for it, an article is found by its title.</summary>
    private async Task<string?> TextAsync(Guid id, long version, string markdown, CancellationToken cancellation)
    {
        try
        {
            var made = rendered.GetAsync(id, version, sized: false, () => ArticleMarkdown.RenderAsync(markdown));
            return (await made.WaitAsync(cancellation))?.Text;
        }
        catch (BusyException)
        {
            return null;
        }
    }

    private async Task<Dictionary<Guid, SearchHit>> BroadcastsAsync(SearchRequest request, List<Guid> ids, CancellationToken cancellation)
    {
        // Those that lists show: running ones, replays, and mine.
        var seen = await ReadBroadcasts.Listed(db, request.Me, clock.Now())
            .Where(b => ids.Contains(b.Id) && (b.OwnerId == request.Me || b.State == BroadcastState.Live || b.State == BroadcastState.Interrupted || (b.State == BroadcastState.Ended && b.Recorded)))
            .AsNoTracking().ToListAsync(cancellation);
        var found = seen.FindAll(b => request.Query.Finds(FoldedText.Of(b.Title)));
        return (await broadcasts.MakeAsync(found, request.Me, cancellation)).ToDictionary(card => card.Id, card => new SearchHit { Broadcast = card, Title = Marked.Whole(request.Query, card.Title) });
    }

    private async Task<Dictionary<Guid, SearchHit>> MomentsAsync(SearchRequest request, List<Guid> ids, CancellationToken cancellation)
    {
        var seen = await db.Moments.Where(m => ids.Contains(m.Id)).AsSeenBy(request.Me).WhereVisible(db, clock.Now())
            .Select(v => new { Moment = v.Item, Author = new Person(v.Item.Owner!.Id, v.Item.Owner.UserName!, v.Item.Owner.Name, v.Item.Owner.AvatarId) })
            .AsNoTracking().ToListAsync(cancellation);
        return seen.Where(s => request.Query.Finds(FoldedText.Of(s.Moment.Text))).ToDictionary(s => s.Moment.Id, s => new SearchHit
        {
            Moment = new MomentHit(s.Moment.Id, s.Author, s.Moment.CreatedAt, s.Moment.Content?.Pictures ?? []),
            Snippet = Marked.Snippet(request.Query, s.Moment.Text),
        });
    }

    /// <summary>Newest first; a page goes on below the number of its last.</summary>
    private async Task<SearchGroup?> ByTimeAsync(
        string kind, ThingKind thing, SearchRequest request, Func<List<Guid>, Task<Dictionary<Guid, SearchHit>>> see, CancellationToken cancellation)
    {
        long? before = null;
        if (request.Before is not null)
        {
            if (!long.TryParse(request.Before, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            {
                return null;
            }

            before = number;
        }

        var hits = new List<(long Number, SearchHit Hit)>();
        // Few at first: most searches end there, and an article is long.
        for (var piece = request.Limit + 1; hits.Count <= request.Limit; piece = Piece)
        {
            var candidates = await index.FindThingsAsync(request.Query.Tokens, thing, before, piece, cancellation);
            if (!request.Budget.Take(candidates.Count))
            {
                // What was looked at is done with: the next page goes on there.
                return new SearchGroup(kind, [.. hits.Select(h => h.Hit)], before?.Text(), true);
            }

            var seen = await see(candidates.ConvertAll(c => c.Id));
            hits.AddRange(candidates.Where(c => seen.ContainsKey(c.Id)).Select(c => (c.Number, seen[c.Id])));
            if (candidates.Count < piece)
            {
                break;
            }

            before = candidates[^1].Number;
        }

        var more = hits.Count > request.Limit;
        return new SearchGroup(kind, [.. hits.Take(request.Limit).Select(h => h.Hit)], more ? hits[request.Limit - 1].Number.Text() : null, false);
    }

    /// <summary>By name, what is nearer to the caller first: all are looked at, and a page goes on at a count.</summary>
    private async Task<SearchGroup?> ByNameAsync<T>(
        string kind,
        ThingKind thing,
        SearchRequest request,
        Func<List<Guid>, Task<IEnumerable<(int Rank, string Name, string Handle, T Found)>>> see,
        Func<List<T>, Task<List<SearchHit>>> show,
        CancellationToken cancellation)
    {
        if (!request.TrySkip(out var skip))
        {
            return null;
        }

        var all = new List<(int Rank, string Name, string Handle, T Found)>();
        long? before = null;
        var partial = false;
        while (true)
        {
            var candidates = await index.FindThingsAsync(request.Query.Tokens, thing, before, Piece, cancellation);
            if (candidates.Count > 0)
            {
                all.AddRange(await see(candidates.ConvertAll(c => c.Id)));
                before = candidates[^1].Number;
            }

            if (candidates.Count < Piece)
            {
                break;
            }

            if (!request.Budget.Take(candidates.Count))
            {
                partial = true;
                break;
            }
        }

        var page = all.OrderBy(a => a.Rank).ThenBy(a => a.Name, StringComparer.OrdinalIgnoreCase).ThenBy(a => a.Handle, StringComparer.Ordinal).Skip(skip).Take(request.Limit + 1).Select(a => a.Found).ToList();
        var hits = await show([.. page.Take(request.Limit)]);
        return new SearchGroup(kind, hits, page.Count > request.Limit ? (skip + request.Limit).ToString(CultureInfo.InvariantCulture) : null, partial);
    }
}
