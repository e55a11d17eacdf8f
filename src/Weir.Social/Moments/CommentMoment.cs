using Microsoft.EntityFrameworkCore;
using Weir.Contracts;
using Weir.Hosting;
using Weir.Social.Audiences;
using Weir.Social.Conversations;
using Weir.Social.Data;
using Weir.Social.Notifications;
using Weir.Social.Sessions;

namespace Weir.Social.Moments;

/// <summary><c>POST /api/moments/{id}/comments</c>, by whoever sees it; <c>DELETE .../{comment}</c>, by its author or the moment's owner.</summary>
internal static class CommentMoment
{
    internal sealed record Request(string? Text, string? ClientId, string? ReplyTo = null);

    internal sealed record Made(Guid Id);

    public static void Map(RouteGroupBuilder moments)
    {
        moments.MapPost("/{id}/comments", CommentAsync);
        moments.MapDelete("/{id}/comments/{comment}", DeleteAsync);
    }

    private static async Task<Results<Created<Made>, ProblemHttpResult>> CommentAsync(
        string id,
        Request request,
        Caller caller,
        MomentThrottle throttle,
        RepeatableIds ids,
        MomentEntrance entrance,
        WriteScope write,
        WeirDb db,
        Notices notices,
        MomentHints hints,
        TimeProvider clock,
        HttpContext context,
        CancellationToken cancellation)
    {
        if (!MessageText.IsClientId(request.ClientId))
        {
            return Problems.Field("clientId", "client-id-shape", $"A clientId has 1 to {MessageText.MaxClientId} printable ASCII characters.");
        }

        if (MessageText.Parse(request.Text, MomentComment.MaxLength) is not { } text)
        {
            return Problems.Field("text", "text-shape", $"A comment has 1 to {MomentComment.MaxLength} characters, not only blanks.");
        }

        if (!throttle.Commenting.TryTake(out var retryAfter, caller.Id.ToText()))
        {
            return Problems.Throttled(context, retryAfter);
        }

        Moment? commented = null;
        var made = Guid.Empty;
        var fault = await write.RunAsync(async () =>
        {
            commented = null;
            var (moment, refusal) = await entrance.EnterAsync(id, caller, cancellation);
            if (moment is null)
            {
                return refusal;
            }

            made = ids.Of(moment.Id, caller.Id, request.ClientId!);
            var former = RepeatableIds.Former(moment.Id, caller.Id, request.ClientId!);
            var sent = db.MomentComments.Where(c => c.Id == made || c.Id == former).Select(c => (Guid?)c.Id);
            if (await sent.FirstOrDefaultAsync(cancellation) is { } there)
            {
                made = there;
                return null;
            }

            MomentComment? answered = null;
            if (request.ReplyTo is not null && (answered = await FindAsync(request.ReplyTo, moment, caller, db, clock.Now(), cancellation)) is null)
            {
                return Problems.Field("replyTo", "reply-unknown", "The comment that this replies to is not there.");
            }

            if (await db.MomentComments.CountAsync(c => c.MomentId == moment.Id, cancellation) >= MomentComment.MaxPerMoment)
            {
                return Problems.Conflict("too-many-comments", $"A moment has at most {MomentComment.MaxPerMoment} comments.");
            }

            db.MomentComments.Add(new MomentComment
            {
                Id = made,
                MomentId = moment.Id,
                AuthorId = caller.Id,
                Text = text,
                ReplyToId = answered?.Id,
                ReplyToAuthorId = answered?.AuthorId,
                CreatedAt = clock.Now(),
            });
            commented = moment;
            if (answered is not null)
            {
                await notices.AddAsync(new Happened(Notifications.NoticeKind.MomentReply, answered.AuthorId, caller.Id, moment.Id, made), cancellation);
            }

            // Of an answer to their own comment an owner hears once.
            if (answered?.AuthorId != moment.OwnerId)
            {
                await notices.AddAsync(new Happened(Notifications.NoticeKind.MomentComment, moment.OwnerId, caller.Id, moment.Id, made), cancellation);
            }

            return null;
        }, cancellation);
        if (fault is not null)
        {
            return fault;
        }

        if (commented is not null)
        {
            hints.Tell(await hints.SeenByAsync(commented, db.MomentComments.Where(c => c.Id == made), cancellation), commented.Id, MomentHappening.Commented);
        }

        return TypedResults.Created((string?)null, new Made(made));
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> DeleteAsync(
        string id, string comment, Caller caller, MomentEntrance entrance, WriteScope write, WeirDb db, MomentHints hints, TimeProvider clock, CancellationToken cancellation)
    {
        var fault = await write.RunAsync(async () =>
        {
            var (moment, refusal) = await entrance.EnterAsync(id, caller, cancellation);
            if (moment is null)
            {
                return refusal;
            }

            if (await FindAsync(comment, moment, caller, db, clock.Now(), cancellation) is not { } found)
            {
                return Problems.NotFound();
            }

            if (found.AuthorId != caller.Id && moment.OwnerId != caller.Id)
            {
                return Problems.Forbidden("not-yours", "Only its author and whoever posted the moment can delete a comment.");
            }

            await RemoveAsync(found.Id, moment, db, hints, write, cancellation);
            return null;
        }, cancellation);
        return fault is null ? TypedResults.NoContent() : fault;
    }

    /// <summary>Takes a comment away inside the running transaction, and tells those who saw it.</summary>
    internal static async Task RemoveAsync(Guid comment, Moment moment, WeirDb db, MomentHints hints, WriteScope write, CancellationToken cancellation)
    {
        var told = await hints.SeenByAsync(moment, db.MomentComments.Where(c => c.Id == comment), cancellation);
        await db.MomentComments.Where(c => c.Id == comment).ExecuteDeleteAsync(cancellation);
        write.AfterCommit(() => hints.Tell(told, moment.Id, MomentHappening.Commented));
    }

    /// <summary>A comment under this moment that the caller sees; what they do not see is not there.</summary>
    internal static async Task<MomentComment?> FindAsync(string id, Moment moment, Caller caller, WeirDb db, DateTimeOffset now, CancellationToken cancellation)
    {
        Ids.TryParse(id, out var comment);
        var known = await db.MomentComments.AsNoTracking().Where(c => c.Id == comment && c.MomentId == moment.Id).AsSeenBy(caller.Id).WithFacts(db).WithInteractionFacts(db)
            .SingleOrDefaultAsync(cancellation);
        return known?.MaySee(now) == true ? known.Item : null;
    }
}
