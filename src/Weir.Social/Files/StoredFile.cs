namespace Weir.Social.Files;

internal enum FileKind
{
    /// <summary>Any bytes; only ever downloaded.</summary>
    File,

    /// <summary>Decoded and encoded anew by the server, so it is what its type says.</summary>
    Picture,

    /// <summary>A square picture of a person or an account.</summary>
    Avatar,
}

/// <summary>Something uploaded. The bytes are in the files' directory under the id; they never change.</summary>
internal sealed class StoredFile
{
    public const int MaxName = 200;
    public const int MaxType = 100;

    public Guid Id { get; init; }

    /// <summary>Who uploaded it, and may put it somewhere; others only pass on in messages what they read in messages.</summary>
    public Guid OwnerId { get; init; }

    public FileKind Kind { get; init; }

    /// <summary>Safe to show and to save under; for people only, nothing is looked up by it.</summary>
    public required string Name { get; init; }

    /// <summary>The media type. A picture's is true; a file's is what its name suggests, and nothing is shown in a page because of it.</summary>
    public required string Type { get; init; }

    public long Size { get; init; }

    public long ThumbSize { get; init; }

    /// <summary>Pictures only.</summary>
    public int? Width { get; init; }

    public int? Height { get; init; }

    /// <summary>What the picture looks like from far away, <c>#rrggbb</c>: shown until it is there.</summary>
    public string? Color { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it is deleted unless somebody uses it until then; null while it is used.</summary>
    public DateTimeOffset? ExpiresAt { get; set; }
}

/// <summary>Where a file is used. Whoever sees the place may read the file.</summary>
internal enum FilePlace
{
    /// <summary><see cref="FileUse.PlaceId"/> is the conversation, <see cref="FileUse.Seq"/> the message's number.</summary>
    Message,
    Moment,

    /// <summary>In an article's draft, for its editors.</summary>
    Article,

    /// <summary>In what was published of an article last, for its readers.</summary>
    PublishedArticle,

    /// <summary>Of a person or an official account.</summary>
    Avatar,

    /// <summary>Shown by a report, to administrators while it is not decided.</summary>
    Report,
}

/// <summary>One use, written in the transaction that makes its place and deleted in the one that takes it away.</summary>
internal sealed class FileUse
{
    public Guid FileId { get; init; }

    public FilePlace Place { get; init; }

    public Guid PlaceId { get; init; }

    public long Seq { get; init; }
}
