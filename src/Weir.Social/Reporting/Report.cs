using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.EntityFrameworkCore;
using Weir.Social.Accounts;
using Weir.Social.Files;
using Weir.Social.WebApp;

namespace Weir.Social.Reporting;

internal enum ReportKind
{
    Message,
    Moment,
    MomentComment,

    /// <summary>Of a broadcast or its replay; the live plane keeps those.</summary>
    LiveComment,
    Broadcast,
    Article,
    Official,
    Person,
}

internal enum ReportReason
{
    Spam,
    Harassment,
    Violence,
    Sexual,
    Illegal,
    Impersonation,
    SelfHarm,
    Other,
}

internal enum ReportOutcome
{
    Dismissed,
    Removed,
    Suspended,
    RemovedAndSuspended,
}

/// <summary>
/// Somebody's word to the administrators about one thing that they could see. What it said then is kept with it, and nothing around it: an administrator sees that one item, not the conversation.
/// </summary>
internal sealed class Report
{
    public const int MaxNote = 1000;

    /// <summary>Open ones of one person.</summary>
    public const int MaxOpen = 50;

    /// <summary>What was reported is kept for so long after the decision.</summary>
    public static readonly TimeSpan KeptFor = TimeSpan.FromDays(90);

    public Guid Id { get; init; }

    public Guid ReporterId { get; init; }

    public ReportKind Kind { get; init; }

    /// <summary>The message, moment, broadcast, article, account; of a comment, what it is under.</summary>
    public Guid TargetId { get; init; }

    /// <summary>The comment; empty for other kinds.</summary>
    public required string Part { get; init; }

    /// <summary>Who is answerable for it.</summary>
    public Guid? AccusedId { get; init; }

    public ReportReason Reason { get; init; }

    public required string Note { get; init; }

    /// <summary>Null once it is no longer kept.</summary>
    public Snapshot? Snapshot { get; set; }

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset? DecidedAt { get; set; }

    public Guid? DecidedById { get; set; }

    public ReportOutcome? Outcome { get; set; }

    public static void Configure(ModelBuilder model) => model.Entity<Report>(report =>
    {
        report.Property(r => r.Id).ValueGeneratedNever();
        report.Property(r => r.Kind).HasConversion<string>().HasMaxLength(16);
        report.Property(r => r.Reason).HasConversion<string>().HasMaxLength(16);
        report.Property(r => r.Outcome).HasConversion<string>().HasMaxLength(24);
        report.Property(r => r.Part).HasMaxLength(64);
        report.Property(r => r.Note).HasMaxLength(MaxNote * 2);
        report.Property(r => r.Snapshot).HasConversion(
            snapshot => snapshot == null ? null : Snapshot.ToJson(snapshot),
            json => json == null ? null : Snapshot.FromJson(json));
        // One person reports one thing once while it is open.
        report.HasIndex(r => new { r.ReporterId, r.Kind, r.TargetId, r.Part }).IsUnique().HasFilter("\"DecidedAt\" IS NULL");
        report.HasIndex(r => new { r.DecidedAt, r.CreatedAt });
        report.HasIndex(r => new { r.TargetId, r.Part });
        report.HasOne<Account>().WithMany().HasForeignKey(r => r.ReporterId);
    });
}

/// <summary>What a reported thing said and showed, when it was reported.</summary>
internal sealed record Snapshot
{
    private static readonly JsonSerializerOptions Options = MakeOptions();

    public string? Title { get; init; }

    public string? Text { get; init; }

    public List<PictureRef>? Pictures { get; init; }

    public FileRef? File { get; init; }

    /// <summary>The page behind a link in it.</summary>
    public string? Link { get; init; }

    /// <summary>Where it was: the name of a group, the title of a broadcast.</summary>
    public string? Place { get; init; }

    public DateTimeOffset? At { get; init; }

    public static string ToJson(Snapshot snapshot) => JsonSerializer.Serialize(snapshot, Options);

    public static Snapshot FromJson(string json) => JsonSerializer.Deserialize<Snapshot>(json, Options)!;

    private static JsonSerializerOptions MakeOptions()
    {
        var options = new JsonSerializerOptions(JsonSerializerDefaults.Web) { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };
        Json.Configure(options);
        return options;
    }
}
