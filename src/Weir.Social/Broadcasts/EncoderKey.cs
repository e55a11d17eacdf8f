using Microsoft.EntityFrameworkCore;
using Weir.Contracts;
using Weir.Hosting;
using Weir.Social.Accounts;
using Weir.Social.Data;
using Weir.Social.LivePlane;
using Weir.Social.Security;
using Weir.Social.Sessions;
using Weir.Social.Throttling;

namespace Weir.Social.Broadcasts;

/// <summary><c>/api/encoder-key</c>: one permanent key a person, for encoders that are set up once. It feeds their newest broadcast that has not ended.</summary>
internal static class EncoderKey
{
    internal sealed record Answer(RtmpAddress Rtmp, string Masked, DateTimeOffset CreatedAt);

    public static void Map(RouteGroupBuilder api)
    {
        var key = api.MapGroup("/encoder-key").WithTags("Broadcasts");
        key.MapGet("", async (Caller caller, WeirDb db, Addresses addresses, HttpContext context, CancellationToken cancellation) =>
            TypedResults.Ok(Show(await db.Accounts.AsNoTracking().SingleAsync(a => a.Id == caller.Id, cancellation), addresses, context)));
        key.MapPost("/renew", RenewAsync).OnFullDisks();
    }

    private static async Task<Results<Ok<Answer>, ProblemHttpResult>> RenewAsync(
        Caller caller,
        WriteScope write,
        LiveLink node,
        Limits limits,
        WeirDb db,
        Addresses addresses,
        TimeProvider clock,
        SecurityLog security,
        HttpContext context,
        CancellationToken cancellation)
    {
        if (!limits.EncoderKeys.TryTake(out var retryAfter, caller.Id.ToText()))
        {
            return Problems.Throttled(context, retryAfter);
        }

        var account = await write.RunAsync(async () =>
        {
            var account = await db.Accounts.SingleAsync(a => a.Id == caller.Id, cancellation);
            account.EncoderKeyGeneration++;
            account.EncoderKeyCreatedAt = clock.Now();
            await write.ChangedOpenOfAsync(caller.Id, cancellation);
            return account;
        }, cancellation);
        security.EncoderKeyRenewed(context, caller);
        await node.AppliedAsync(cancellation);
        return TypedResults.Ok(Show(account, addresses, context));
    }

    private static Answer Show(Account account, Addresses addresses, HttpContext context)
    {
        var rtmp = addresses.Encoder(account.Id, account.EncoderKeyGeneration, context.Request);
        return new Answer(rtmp, $"{rtmp.StreamKey[..3]}••••••••{rtmp.StreamKey[^4..]}", account.EncoderKeyCreatedAt);
    }
}
