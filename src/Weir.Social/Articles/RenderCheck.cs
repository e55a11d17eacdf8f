using Weir.Hosting;
using Weir.Social.Sessions;
using Weir.Social.Throttling;

namespace Weir.Social.Articles;

/// <summary>Renders what an editor wrote, to show it to them or to see that it can be published: in turn, and refused when too many wait.</summary>
internal sealed class RenderCheck(RenderTurns turns)
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(1);

    /// <returns>Null for what cannot be shown as an article; or why it is not rendered now.</returns>
    public async Task<(RenderedArticle? Rendered, ProblemHttpResult? Refusal)> RenderAsync(
        string markdown, Caller caller, HttpContext context, CancellationToken cancellation)
    {
        var address = AddressKey.Of(context.Connection.RemoteIpAddress);
        if (turns.TryEnter(caller.Id, address, out var place) == PlaceRefusal.YoursAreTaken)
        {
            return (null, Problems.Throttled(context, Soon));
        }

        if (place is null)
        {
            return (null, Busy.Problem(context, Busy.Rendering));
        }

        using var taken = place;
        return (await place.RenderAsync(() => ArticleMarkdown.RenderAsync(markdown), cancellation), null);
    }
}
