using Microsoft.EntityFrameworkCore;
using Weir.Social.Accounts;

namespace Weir.Social.Exports;

internal enum ExportState
{
    Waiting,
    Working,
    Ready,
    Failed,
}

/// <summary>What one has written, being put together or ready to be downloaded. An account has one at a time.</summary>
internal sealed class Export
{
    /// <summary>How long it can be downloaded.</summary>
    public static readonly TimeSpan KeptFor = TimeSpan.FromDays(3);

    public Guid AccountId { get; init; }

    /// <summary>Names the file: a new export never meets an old one's.</summary>
    public Guid FileId { get; init; }

    public ExportState State { get; set; }

    /// <summary>Steps, for a bar: conversations and files.</summary>
    public int Done { get; set; }

    public int Total { get; set; }

    /// <summary>Of the file, in bytes.</summary>
    public long Size { get; set; }

    /// <summary>The language of its pages.</summary>
    public required string Language { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset? ReadyAt { get; set; }

    /// <summary>A short word the page translates.</summary>
    public string? Fault { get; set; }

    public static void Configure(ModelBuilder model) => model.Entity<Export>(export =>
    {
        export.HasKey(e => e.AccountId);
        export.Property(e => e.State).HasConversion<string>().HasMaxLength(16);
        export.Property(e => e.Language).HasMaxLength(8);
        export.Property(e => e.Fault).HasMaxLength(32);
        export.HasOne<Account>().WithMany().HasForeignKey(e => e.AccountId);
    });
}
