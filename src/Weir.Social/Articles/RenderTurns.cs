using Weir.Social.Throttling;

namespace Weir.Social.Articles;

/// <summary>
/// Turns at rendering articles, previews and first renderings alike: a long one takes a processor for as long as thousands of other reads.
/// Editors and articles take turns (<see cref="FairTurns"/>), so what one editor looks at again and again delays a reader by one turn.
/// </summary>
internal sealed class RenderTurns
{
    public const int AtOnce = 2;

    /// <summary>Of one editor's previews, or of one article for those who read it; rendered now or waiting.</summary>
    public const int Each = 4;

    /// <summary>Of the editors behind one address.</summary>
    public const int OfAddress = 32;

    /// <summary>Rendered now or waiting. One more is refused.</summary>
    public const int Most = 64;

    private readonly FairTurns _turns = new(AtOnce);
    private readonly Places _places = new(Each, OfAddress, Most);

    /// <summary>A place among those that are rendered or wait, or why there is none.</summary>
    /// <param name="whose">The account that asks for a preview, or the article that is read.</param>
    /// <param name="address">Of the account; null for an article.</param>
    public PlaceRefusal TryEnter(Guid whose, string? address, out RenderPlace? place)
    {
        var refusal = _places.TryEnter(whose.ToString("N"), address, out var taken);
        place = taken is null ? null : new RenderPlace(_turns, whose, taken);
        return refusal;
    }
}

/// <summary>A place of <see cref="RenderTurns"/>.</summary>
internal sealed class RenderPlace(FairTurns turns, Guid whose, IDisposable place) : IDisposable
{
    /// <summary>Renders when its turn comes.</summary>
    /// <exception cref="OperationCanceledException">Cancelled before its turn.</exception>
    public async Task<RenderedArticle?> RenderAsync(Func<Task<RenderedArticle?>> render, CancellationToken cancellation)
    {
        using var turn = await turns.EnterAsync(whose, cancellation);
        return await render();
    }

    public void Dispose() => place.Dispose();
}
