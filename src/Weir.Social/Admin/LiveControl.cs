using Microsoft.EntityFrameworkCore;
using Weir.Hosting;
using Weir.Social.Accounts;
using Weir.Social.Broadcasts;
using Weir.Social.Data;
using Weir.Social.LivePlane;
using Weir.Social.Sessions;
using Weir.Social.Throttling;
using Weir.Social.WebApp;

namespace Weir.Social.Admin;

/// <summary><c>/api/admin/live</c>: the one switch for all live, and who may go live.</summary>
internal static class LiveControl
{
    internal sealed record Settings(bool Enabled, LiveMode Mode, List<Person> Accounts);

    internal sealed record Request(bool? Enabled, LiveMode? Mode, List<string>? Handles);

    public static void Map(RouteGroupBuilder admin)
    {
        admin.MapGet("/live", async (WeirDb db, CancellationToken cancellation) => TypedResults.Ok(await ReadAsync(db, cancellation)));
        admin.MapPut("/live", PutAsync).OnFullDisks();
    }

    private static async Task<Results<Ok<Settings>, ProblemHttpResult>> PutAsync(
        Request request, Caller caller, WriteScope write, WeirDb db, LiveLink live, AuditTrail trail, CancellationToken cancellation)
    {
        var handles = request.Handles?.Select(Handle.Parse).ToHashSet();
        var fault = await write.RunAsync(async () =>
        {
            var settings = await db.LiveSettings.SingleAsync(cancellation);
            if (handles is not null)
            {
                var named = await db.Accounts.Where(a => handles.Contains(a.UserName) && a.DeletedAt == null).Select(a => a.Id).ToListAsync(cancellation);
                if (named.Count != handles.Count)
                {
                    return Problems.Field("handles", "handle-unknown", "Nobody has one of these handles.");
                }

                await db.LivePermissions.ExecuteDeleteAsync(cancellation);
                db.LivePermissions.AddRange(named.Select(id => new LivePermission { AccountId = id }));
            }

            settings.Enabled = request.Enabled ?? settings.Enabled;
            settings.Mode = request.Mode ?? settings.Mode;
            trail.Add(AuditAction.LiveChanged, caller, null, "", $"{(settings.Enabled ? "on" : "off")}, {Json.Word(settings.Mode)}{(handles is null ? "" : $": {string.Join(' ', handles.Order())}")}");
            // Which keys may publish depends on who may go live.
            foreach (var open in await db.Broadcasts.Where(b => b.State != BroadcastState.Ended).Select(b => b.Id).ToListAsync(cancellation))
            {
                write.Changed(open);
            }

            return null;
        }, cancellation);
        if (fault is not null)
        {
            return fault;
        }

        live.SwitchChanged();
        return TypedResults.Ok(await ReadAsync(db, cancellation));
    }

    private static async Task<Settings> ReadAsync(WeirDb db, CancellationToken cancellation)
    {
        var settings = await db.LiveSettings.AsNoTracking().SingleAsync(cancellation);
        var accounts = await db.LivePermissions
            .Join(db.Accounts, p => p.AccountId, a => a.Id, (p, a) => new Person(a.Id, a.UserName!, a.Name, a.AvatarId))
            .ToListAsync(cancellation);
        return new Settings(settings.Enabled, settings.Mode, [.. accounts.OrderBy(a => a.Name, StringComparer.Ordinal)]);
    }
}
