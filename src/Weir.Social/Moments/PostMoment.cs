using Microsoft.EntityFrameworkCore;
using Weir.Contracts;
using Weir.Hosting;
using Weir.Social.Audiences;
using Weir.Social.Conversations;
using Weir.Social.Data;
using Weir.Social.Files;
using Weir.Social.Sessions;
using Weir.Social.Throttling;

namespace Weir.Social.Moments;

/// <summary><c>POST /api/moments</c>. The same <c>clientId</c> of the same person gives the same moment, so whoever got no answer sends again without fear.</summary>
internal static class PostMoment
{
    internal sealed record Request(
        string? Text, AudienceBody? Audience, List<string>? Pictures = null, ContentRequest.CardBody? Card = null, string? ClientId = null)
        : IWritesRows
    {
        int IWritesRows.Rows => (Audience?.Rows ?? 0) + (Pictures?.Count ?? 0);
    }

    internal sealed record Made(Guid Id);

    public static void Map(RouteGroupBuilder moments) => moments.MapPost("", HandleAsync).CountsRows();

    private static async Task<Results<Created<Made>, ProblemHttpResult>> HandleAsync(
        Request request,
        Caller caller,
        MomentThrottle throttle,
        MomentHints hints,
        RepeatableIds ids,
        WriteScope write,
        WeirDb db,
        TimeProvider clock,
        HttpContext context,
        CancellationToken cancellation)
    {
        if (request.ClientId is not null && !MessageText.IsClientId(request.ClientId))
        {
            return Problems.Field("clientId", "client-id-shape", $"A clientId has 1 to {MessageText.MaxClientId} printable ASCII characters.");
        }

        var (content, fault) = ContentRequest.Parse(request.Pictures, null, request.Card);
        if (fault is not null)
        {
            return fault;
        }

        // A moment is no card under another: it would show one person's friends to another's.
        if (content.Content?.Card is { Kind: CardKind.Moment })
        {
            return ContentRequest.CardUnknown();
        }

        // With something attached the text may be left out.
        var text = content != ContentRequest.None && string.IsNullOrWhiteSpace(request.Text) ? "" : MessageText.Parse(request.Text);
        if (text is null)
        {
            return Problems.Field("text", "text-shape", $"A moment has 1 to {MessageText.MaxLength} characters, not only blanks.");
        }

        if (!throttle.Posting.TryTake(out var retryAfter, caller.Id.ToText()))
        {
            return Problems.Throttled(context, retryAfter);
        }

        var id = request.ClientId is { } clientId ? ids.Of(caller.Id, caller.Id, clientId) : Guid.CreateVersion7(clock.GetUtcNow());
        var former = request.ClientId is { } typed ? RepeatableIds.Former(caller.Id, caller.Id, typed) : id;
        Moment? posted = null;
        var answer = await write.RunAsync<Results<Created<Made>, ProblemHttpResult>>(async () =>
        {
            posted = null;
            var sent = db.Moments.Where(m => m.Id == id || m.Id == former).Select(m => (Guid?)m.Id);
            if (await sent.FirstOrDefaultAsync(cancellation) is { } there)
            {
                return Answer(there);
            }

            var (audience, unknown) = await Audience.ParseAsync(request.Audience, caller.Id, db, cancellation, Audience.OfMoments);
            if (audience is null)
            {
                return unknown!;
            }

            if (content.Content?.Card is { } card && !await Cards.IsVisibleAsync(db, card, caller.Id, clock.Now(), cancellation))
            {
                return ContentRequest.CardUnknown();
            }

            var pictures = await FileUses.ClaimAsync(db, caller.Id, FileKind.Picture, content.Attached?.Pictures ?? [], FilePlace.Moment, id, cancellation);
            if (pictures is null)
            {
                return FileUses.Unknown("pictures");
            }

            var moment = new Moment
            {
                Id = id,
                OwnerId = caller.Id,
                CreatedAt = clock.Now(),
                Text = text,
                Content = pictures.Count > 0 ? new MessageContent { Pictures = pictures.ConvertAll(PictureRef.Of) } : content.Content,
            };
            audience.ApplyTo(moment);
            db.Moments.Add(moment);
            posted = moment;
            return Answer(id);
        }, cancellation);
        if (posted is not null)
        {
            hints.Tell(await hints.SeenByAsync(posted, cancellation), id, MomentHappening.Posted);
        }

        return answer;

        static Created<Made> Answer(Guid id) => TypedResults.Created($"/api/moments/{id:N}", new Made(id));
    }
}
