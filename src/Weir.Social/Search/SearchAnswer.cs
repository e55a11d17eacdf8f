using Weir.Social.Accounts;
using Weir.Social.Articles;
using Weir.Social.Broadcasts;
using Weir.Social.Files;
using Weir.Social.OfficialAccounts;

namespace Weir.Social.Search;

/// <summary>What was found, one group a kind; kinds in which nothing was found are left out.</summary>
/// <param name="Indexing">What was there before is still being read: older messages may be missing.</param>
internal sealed record SearchAnswer(List<SearchGroup> Groups, bool Indexing);

/// <param name="Next">The <c>before</c> of the next page, or null.</param>
/// <param name="Partial">There was no time to look at everything; a longer or rarer word finds more.</param>
internal sealed record SearchGroup(string Kind, List<SearchHit> Hits, string? Next, bool Partial);

/// <summary>One thing found; of its members those of its kind are there.</summary>
/// <param name="Title">The name or title.</param>
/// <param name="Snippet">The place in a longer text, when it is there that something was found.</param>
internal sealed record SearchHit
{
    public Marked? Title { get; init; }

    public Marked? Snippet { get; init; }

    public PersonHit? Person { get; init; }

    public ConversationHit? Conversation { get; init; }

    public MessageHit? Message { get; init; }

    public OfficialCard? Account { get; init; }

    public ArticleCard? Article { get; init; }

    public BroadcastCard? Broadcast { get; init; }

    public MomentHit? Moment { get; init; }
}

internal sealed record PersonHit(Guid Id, string Handle, string Name, Guid? Avatar, bool Friend);

internal sealed record ConversationHit(Guid Id, string Kind, string? Name, List<Person> People, int MemberCount);

internal sealed record MessageHit(Guid Conversation, long Seq, Guid Id, Person Sender, DateTimeOffset SentAt, string Kind);

internal sealed record MomentHit(Guid Id, Person Author, DateTimeOffset CreatedAt, List<PictureRef> Pictures);

/// <summary>How much one search may still do.</summary>
internal sealed class SearchBudget(SearchLimits limits, TimeProvider clock)
{
    private readonly long _started = clock.GetTimestamp();
    private int _candidates;

    /// <summary>Takes rows to look at; false when there is no more time or work left.</summary>
    public bool Take(int rows)
    {
        _candidates += rows;
        return _candidates <= limits.MostCandidates && clock.GetElapsedTime(_started) < limits.Longest;
    }
}
