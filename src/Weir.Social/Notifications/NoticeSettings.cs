using System.Text.Json;
using System.Text.Json.Serialization;

namespace Weir.Social.Notifications;

internal enum PushChoice
{
    /// <summary>At once, but for quiet hours.</summary>
    Now,

    /// <summary>In the day's summary.</summary>
    Summary,
    Never,
}

/// <param name="InApp">In the list behind the bell.</param>
internal sealed record NoticeChoice(bool InApp, PushChoice Push);

/// <summary>What a person wants to hear of, when. Without a row everything is as it is by default.</summary>
internal sealed class NoticeSettings
{
    public const int DefaultSummaryAt = 18 * 60;
    public const int MaxTimeZone = 64;

    private static readonly JsonSerializerOptions Format = new() { Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) } };

    public Guid AccountId { get; init; }

    /// <summary>The kinds whose choice is not the default, as JSON.</summary>
    public string Choices { get; private set; } = "{}";

    /// <summary>Pushes say what a message says; otherwise only who wrote.</summary>
    public bool Previews { get; set; }

    /// <summary>Minutes after midnight between which nothing is pushed; both or neither.</summary>
    public int? QuietFrom { get; set; }

    public int? QuietTo { get; set; }

    /// <summary>Minutes after midnight; null without summaries.</summary>
    public int? SummaryAt { get; set; } = DefaultSummaryAt;

    /// <summary>IANA name; null, and one that this machine does not know, is UTC.</summary>
    public string? TimeZone { get; set; }

    /// <summary>Quiet by default: at once only what somebody says to me or asks of me, and who is live among those with my star.</summary>
    public static NoticeChoice Default(NoticeKind kind) => kind switch
    {
        NoticeKind.DirectMessage => new(false, PushChoice.Now),
        NoticeKind.GroupMessage => new(false, PushChoice.Never),
        NoticeKind.Mention or NoticeKind.Reply or NoticeKind.FriendRequest or NoticeKind.GroupRequest or NoticeKind.EditorInvitation
            or NoticeKind.Live or NoticeKind.AdministratorReset => new(true, PushChoice.Now),
        _ => new(true, PushChoice.Summary),
    };

    public NoticeChoice For(NoticeKind kind) => Changed().GetValueOrDefault(kind) ?? Default(kind);

    public void Choose(NoticeKind kind, NoticeChoice choice)
    {
        var changed = Changed();
        if (choice == Default(kind))
        {
            changed.Remove(kind);
        }
        else
        {
            changed[kind] = choice;
        }

        Choices = JsonSerializer.Serialize(changed, Format);
    }

    public bool IsQuiet(DateTimeOffset now)
    {
        if (QuietFrom is not { } from || QuietTo is not { } to || from == to)
        {
            return false;
        }

        var minute = (int)Local(now).TimeOfDay.TotalMinutes;
        return from < to ? minute >= from && minute < to : minute >= from || minute < to;
    }

    /// <summary>The last moment at which a summary was due.</summary>
    public DateTimeOffset? LastSummary(DateTimeOffset now)
    {
        if (SummaryAt is not { } at)
        {
            return null;
        }

        var zone = Zone();
        var day = Local(now).Date;
        var due = Utc(day);
        return due <= now ? due : Utc(day.AddDays(-1));

        DateTimeOffset Utc(DateTime date)
        {
            var local = date.AddMinutes(at);
            // A spring night has no such hour: the first one after it.
            while (zone.IsInvalidTime(local))
            {
                local = local.AddMinutes(15);
            }

            return new DateTimeOffset(local, zone.GetUtcOffset(local)).ToUniversalTime();
        }
    }

    public static bool IsKnownZone(string name) => name.Length <= MaxTimeZone && TimeZoneInfo.TryFindSystemTimeZoneById(name, out _);

    private DateTime Local(DateTimeOffset now) => TimeZoneInfo.ConvertTime(now, Zone()).DateTime;

    private TimeZoneInfo Zone() => TimeZone is not null && TimeZoneInfo.TryFindSystemTimeZoneById(TimeZone, out var zone) ? zone : TimeZoneInfo.Utc;

    private Dictionary<NoticeKind, NoticeChoice> Changed() => JsonSerializer.Deserialize<Dictionary<NoticeKind, NoticeChoice>>(Choices, Format) ?? [];
}
