using Microsoft.EntityFrameworkCore;
using Weir.Hosting;
using Weir.Social.Data;
using Weir.Social.Sessions;

namespace Weir.Social.Notifications;

/// <summary><c>GET/PUT /api/notifications/settings</c>.</summary>
internal static class ChooseNotices
{
    private const int Day = 24 * 60;

    /// <param name="QuietHours">Minutes after midnight in my time zone.</param>
    /// <param name="SummaryAt">The same; null without summaries.</param>
    internal sealed record Settings(Dictionary<NoticeKind, NoticeChoice>? Kinds, bool? Previews, Hours? QuietHours, int? SummaryAt, string? TimeZone);

    internal sealed record Hours(int From, int To);

    public static void Map(RouteGroupBuilder notifications)
    {
        notifications.MapGet("/settings", async (Caller caller, WeirDb db, CancellationToken cancellation) =>
            TypedResults.Ok(Body(await db.NoticeSettings.AsNoTracking().SingleOrDefaultAsync(s => s.AccountId == caller.Id, cancellation) ?? new NoticeSettings())));
        notifications.MapPut("/settings", ChooseAsync);
    }

    private static Settings Body(NoticeSettings settings) => new(
        Enum.GetValues<NoticeKind>().Where(kind => kind != NoticeKind.Summary).ToDictionary(kind => kind, settings.For),
        settings.Previews,
        settings is { QuietFrom: { } from, QuietTo: { } to } ? new Hours(from, to) : null,
        settings.SummaryAt,
        settings.TimeZone);

    /// <summary>The whole of it; kinds that are left out keep their choice.</summary>
    private static async Task<Results<Ok<Settings>, ProblemHttpResult>> ChooseAsync(Settings wanted, Caller caller, WriteScope write, WeirDb db, CancellationToken cancellation)
    {
        if (wanted.QuietHours is { } hours && (hours.From is < 0 or >= Day || hours.To is < 0 or >= Day))
        {
            return Problems.Field("quietHours", "minutes-shape", "Hours are minutes after midnight, 0 to 1439.");
        }

        if (wanted.SummaryAt is < 0 or >= Day)
        {
            return Problems.Field("summaryAt", "minutes-shape", "Hours are minutes after midnight, 0 to 1439.");
        }

        if (wanted.TimeZone is { } zone && !NoticeSettings.IsKnownZone(zone))
        {
            return Problems.Field("timeZone", "time-zone-unknown", "This time zone is not known.");
        }

        return TypedResults.Ok(await write.RunAsync(async () =>
        {
            var settings = await db.NoticeSettings.SingleOrDefaultAsync(s => s.AccountId == caller.Id, cancellation);
            if (settings is null)
            {
                settings = new NoticeSettings { AccountId = caller.Id };
                db.NoticeSettings.Add(settings);
            }

            foreach (var (kind, choice) in wanted.Kinds ?? [])
            {
                // What the list of chats shows is not listed twice.
                settings.Choose(kind, kind is NoticeKind.DirectMessage or NoticeKind.GroupMessage ? choice with { InApp = false, Push = choice.Push == PushChoice.Now ? PushChoice.Now : PushChoice.Never } : choice);
            }

            settings.Previews = wanted.Previews ?? settings.Previews;
            settings.QuietFrom = wanted.QuietHours?.From;
            settings.QuietTo = wanted.QuietHours?.To;
            settings.SummaryAt = wanted.SummaryAt;
            settings.TimeZone = wanted.TimeZone ?? settings.TimeZone;
            return Body(settings);
        }, cancellation));
    }
}
