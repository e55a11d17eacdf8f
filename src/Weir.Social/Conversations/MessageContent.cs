using System.Text.Json;
using Weir.Contracts;
using Weir.Hosting;
using Weir.Social.Accounts;
using Weir.Social.Data;
using Weir.Social.Files;
using Weir.Social.WebApp;

namespace Weir.Social.Conversations;

/// <summary>
/// What a message has beside its text; kept as JSON in one column and never changed in place, only replaced. What pictures and files look like is written down
/// with them, because it never changes either and a page of messages then needs no further query.
/// </summary>
internal sealed record MessageContent
{
    public const int MaxPictures = 9;

    private static readonly JsonSerializerOptions Options = MakeOptions();

    public List<PictureRef>? Pictures { get; init; }

    public FileRef? File { get; init; }

    public Card? Card { get; init; }

    /// <summary>Found by the server after the message was sent.</summary>
    public LinkCard? Link { get; init; }

    public Notice? Notice { get; init; }

    /// <summary>One word for those who cannot show it: what a message without text is.</summary>
    public string Kind => this switch
    {
        { Pictures: not null } => "picture",
        { File: not null } => "file",
        { Card: not null } => "card",
        { Notice: not null } => "notice",
        _ => "text",
    };

    public static string ToJson(MessageContent content) => JsonSerializer.Serialize(content, Options);

    public static MessageContent FromJson(string json) => JsonSerializer.Deserialize<MessageContent>(json, Options)!;

    private static JsonSerializerOptions MakeOptions()
    {
        var options = new JsonSerializerOptions(JsonSerializerDefaults.Web)
        {
            DefaultIgnoreCondition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull,
            IgnoreReadOnlyProperties = true,
        };
        Json.Configure(options);
        return options;
    }
}

internal enum CardKind
{
    Broadcast,
    Moment,
    Article,
}

/// <summary>Something of Weir's that was passed on. What it shows is asked by each who sees it: to whom it is hidden, it is not there.</summary>
internal sealed record Card(CardKind Kind, Guid Id);

/// <summary>The page behind the first address in a message's text, as it describes itself.</summary>
internal sealed record LinkCard(string Url, string Title, string? Description, string? Site, PictureRef? Picture);

internal enum NoticeKind
{
    Added,
    Joined,
    Removed,
    Renamed,
    Owner,
    Administrator,
}

/// <summary>What happened to a group, said as a message of whoever did it.</summary>
internal sealed record Notice(NoticeKind Kind, List<Guid> People, string? Name = null);

/// <summary>A notice with its people, as answers show it.</summary>
internal sealed record NoticeBody(NoticeKind Kind, List<Person> People, string? Name)
{
    public static NoticeBody? Of(Notice? notice, IReadOnlyDictionary<Guid, Person> people) => notice is null
        ? null
        : new NoticeBody(notice.Kind, [.. notice.People.Select(people.GetValueOrDefault).OfType<Person>()], notice.Name);
}

/// <summary>What the sender attaches, before it is known to be theirs, or passed on: that is asked in the transaction that writes the message.</summary>
internal sealed record Attached(List<Guid> Pictures, Guid? File)
{
    public IEnumerable<Guid> Ids => File is { } file ? Pictures.Append(file) : Pictures;

    /// <summary>Uses them in the message with this number; null when one is neither the sender's nor in a message that they read.</summary>
    public MessageContent? Use(WeirDb db, IReadOnlyDictionary<Guid, StoredFile> found, IReadOnlySet<(Guid, Guid)> passedOn, Draft draft, long seq)
    {
        var kind = File is null ? FileKind.Picture : FileKind.File;
        return FileUses.Take(db, found, draft.Sender.Id, kind, [.. Ids], FilePlace.Message, draft.Conversation, seq, passedOn) is not { } files ? null
            : File is null ? new MessageContent { Pictures = files.ConvertAll(PictureRef.Of) }
            : new MessageContent { File = FileRef.Of(files[0]) };
    }
}

/// <summary>The content of a request to send.</summary>
internal sealed record ContentRequest(Attached? Attached, MessageContent? Content)
{
    public static readonly ContentRequest None = new(null, null);

    /// <summary>At most one kind; its shape only.</summary>
    public static (ContentRequest Content, ProblemHttpResult? Fault) Parse(List<string>? pictures, string? file, ContentRequest.CardBody? card)
    {
        if ((pictures is { Count: > 0 } ? 1 : 0) + (file is null ? 0 : 1) + (card is null ? 0 : 1) > 1)
        {
            return (None, Problems.Field("pictures", "content-one", "A message has pictures, a file or a card, not several of them."));
        }

        if (pictures is { Count: > 0 })
        {
            var ids = new List<Guid>(pictures.Count);
            foreach (var typed in pictures)
            {
                if (!Ids.TryParse(typed, out var id) || ids.Contains(id) || ids.Count == MessageContent.MaxPictures)
                {
                    return (None, Problems.Field("pictures", "pictures-shape", $"Pictures are 1 to {MessageContent.MaxPictures} ids of uploads, each once."));
                }

                ids.Add(id);
            }

            return (new ContentRequest(new Attached(ids, null), null), null);
        }

        if (file is not null)
        {
            return Ids.TryParse(file, out var id) ? (new ContentRequest(new Attached([], id), null), null) : (None, FileUses.Unknown("file"));
        }

        if (card is not null)
        {
            return Ids.TryParse(card.Id, out var id) && card.Kind is { } kind
                ? (new ContentRequest(null, new MessageContent { Card = new Card(kind, id) }), null)
                : (None, CardUnknown());
        }

        return (None, null);
    }

    public static ProblemHttpResult CardUnknown() => Problems.Field("card", "card-unknown", "What you want to pass on is not there.");

    internal sealed record CardBody(CardKind? Kind, string? Id);
}
