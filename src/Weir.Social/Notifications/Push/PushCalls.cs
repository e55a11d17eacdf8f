using System.Buffers.Text;
using Microsoft.EntityFrameworkCore;
using Weir.Hosting;
using Weir.Social.Data;
using Weir.Social.Sessions;

namespace Weir.Social.Notifications.Push;

/// <summary><c>/api/push</c>: the key that a browser subscribes with, and its subscription, one a session.</summary>
internal static class PushCalls
{
    internal sealed record KeyAnswer(string Key);

    internal sealed record Keys(string? P256dh, string? Auth);

    internal sealed record Request(string? Endpoint, Keys? Keys, string? Language);

    public static void Map(RouteGroupBuilder api)
    {
        var push = api.MapGroup("/push").WithTags("Notifications");
        push.MapGet("/key", (PushKey key) => TypedResults.Ok(new KeyAnswer(key.Public)));
        push.MapPut("/subscription", SubscribeAsync);
        push.MapDelete("/subscription", async (Caller caller, WriteScope write, WeirDb db, CancellationToken cancellation) =>
        {
            await write.RunAsync(() => db.PushSubscriptions.Where(s => s.SessionId == caller.Session).ExecuteDeleteAsync(cancellation), cancellation);
            return TypedResults.NoContent();
        });
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> SubscribeAsync(
        Request request,
        Caller caller,
        WriteScope write,
        WeirDb db,
        PushLimits limits,
        PushAudience audience,
        PushContact contact,
        HttpContext context,
        CancellationToken cancellation)
    {
        if (request.Endpoint is not { Length: <= PushSubscription.MaxEndpoint } text
            || !Uri.TryCreate(text, UriKind.Absolute, out var endpoint)
            || endpoint.UserInfo.Length > 0
            || !(endpoint.Scheme == Uri.UriSchemeHttps || (limits.AllowLocal && endpoint.Scheme == Uri.UriSchemeHttp)))
        {
            return Problems.Field("endpoint", "push-endpoint", "The endpoint is an https address of a push service.");
        }

        // A name is resolved when it is called; an address that is none of a push service is refused here.
        if (!limits.AllowLocal && System.Net.IPAddress.TryParse(endpoint.Host.Trim('[', ']'), out var address) && !Outgoing.PublicAddress.IsPublic(address))
        {
            return Problems.Field("endpoint", "push-endpoint", "The endpoint is an https address of a push service.");
        }

        var (key, auth) = (Decode(request.Keys?.P256dh), Decode(request.Keys?.Auth));
        if (!PushEncryption.IsKey(key) || auth is not { Length: PushEncryption.AuthLength })
        {
            return Problems.Field("keys", "push-keys", "The keys are those of the browser's subscription.");
        }

        await write.RunAsync(async () =>
        {
            // The same browser, signed in as somebody else before: what is theirs must not come up here.
            await db.PushSubscriptions.Where(s => s.Endpoint == text && s.SessionId != caller.Session).ExecuteDeleteAsync(cancellation);
            var there = await db.PushSubscriptions.SingleOrDefaultAsync(s => s.SessionId == caller.Session, cancellation);
            if (there is null)
            {
                there = new PushSubscription { SessionId = caller.Session, Endpoint = text, Key = key!, Auth = auth };
                db.PushSubscriptions.Add(there);
            }

            (there.Endpoint, there.Key, there.Auth, there.Language) = (text, key!, auth, request.Language == "zh" ? "zh" : "en");
            return true;
        }, cancellation);
        contact.Hear(context.Request);
        audience.Add(caller.Id);
        return TypedResults.NoContent();
    }

    private static byte[]? Decode(string? text)
    {
        try
        {
            return text is { Length: > 0 and < 200 } ? Base64Url.DecodeFromChars(text) : null;
        }
        catch (FormatException)
        {
            return null;
        }
    }
}
