using Microsoft.EntityFrameworkCore;
using Weir.Social.Articles;
using Weir.Social.Audiences;
using Weir.Social.Data;

namespace Weir.Social.Conversations;

/// <summary>Passing something on: whoever does must see it at that moment. Nobody sees more because of a card.</summary>
internal static class Cards
{
    public static Task<bool> IsVisibleAsync(WeirDb db, Card card, Guid viewer, DateTimeOffset now, CancellationToken cancellation) => card.Kind switch
    {
        CardKind.Broadcast => db.Broadcasts.Where(b => b.Id == card.Id).AsSeenBy(viewer).WhereVisible(db, now).AnyAsync(cancellation),
        CardKind.Moment => db.Moments.Where(m => m.Id == card.Id).AsSeenBy(viewer).WhereVisible(db, now).AnyAsync(cancellation),
        CardKind.Article => db.Articles.Where(a => a.Id == card.Id).WhereReadable(db, signedIn: viewer != Guid.Empty).AnyAsync(cancellation),
        _ => Task.FromResult(false),
    };
}
