namespace Weir.Social.Articles;

/// <summary>
/// What an official account writes. Editors work on the draft; publishing copies it to what readers see, and so does publishing again. The permanent link is
/// <c>/a/HANDLE/SLUG</c>; the slug is given at the first publication and never changes. A deleted one has no text, no pictures and no slug.
/// </summary>
internal sealed class Article
{
    public const int TitleLength = 100;
    public const int SummaryLength = 200;
    public const int MaxMarkdown = 100_000;
    public const int MaxPictures = 50;
    public const int MaxPerAccount = 10_000;
    public const int SlugLength = 60;

    public Guid Id { get; init; }

    public Guid OfficialAccountId { get; init; }

    public Guid CreatedById { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    public string DraftTitle { get; set; } = "";

    public string DraftSummary { get; set; } = "";

    public string DraftMarkdown { get; set; } = "";

    public Guid? DraftCoverId { get; set; }

    /// <summary>Grows with every save, so that an editor who saves over another's work is told.</summary>
    public long Version { get; set; }

    public DateTimeOffset SavedAt { get; set; }

    public Guid SavedById { get; set; }

    public string? Slug { get; set; }

    public string Title { get; set; } = "";

    public string Summary { get; set; } = "";

    public string Markdown { get; set; } = "";

    public Guid? CoverId { get; set; }

    /// <summary>The draft that readers see.</summary>
    public long PublishedVersion { get; set; }

    /// <summary>The first publication; stays when it is taken back.</summary>
    public DateTimeOffset? PublishedAt { get; set; }

    /// <summary>The last publication after the first.</summary>
    public DateTimeOffset? EditedAt { get; set; }

    /// <summary>Readers see it.</summary>
    public bool IsPublished { get; set; }

    public DateTimeOffset? DeletedAt { get; set; }

    public long Reads { get; set; }

    public int Likes { get; set; }
}

/// <summary>How many read an article on one day (of the server's time zone). Nothing says who.</summary>
internal sealed class ArticleDay
{
    public Guid ArticleId { get; init; }

    public DateOnly Day { get; init; }

    public long Reads { get; set; }
}

internal sealed class ArticleLike
{
    public Guid ArticleId { get; init; }

    public Guid AccountId { get; init; }

    public DateTimeOffset At { get; init; }
}

/// <summary>Up to eight articles, sent to the followers together.</summary>
internal sealed class ArticleSend
{
    public const int MaxArticles = 8;

    public Guid Id { get; init; }

    public Guid OfficialAccountId { get; init; }

    public Guid SentById { get; init; }

    public DateTimeOffset SentAt { get; init; }

    public List<ArticleSendItem> Items { get; } = [];
}

internal sealed class ArticleSendItem
{
    public Guid SendId { get; init; }

    public int Position { get; init; }

    public Guid ArticleId { get; init; }
}
