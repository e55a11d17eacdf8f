using System.Globalization;
using System.Runtime.CompilerServices;
using Microsoft.EntityFrameworkCore;
using Weir.Social.Conversations;
using Weir.Social.Data;
using Weir.Social.Files;

namespace Weir.Social.Exports;

/// <summary>A conversation in which the person wrote something.</summary>
internal sealed record ExportedConversation(Guid Id, string Title, bool IsGroup, List<string> With, int Number)
{
    public string Path => string.Create(CultureInfo.InvariantCulture, $"conversations/{Number:0000}");

    public string PagePath => Path + ".html";
}

/// <summary>The person's own messages, by conversation.</summary>
internal static class ExportedConversations
{
    private const int MaxNamed = 20;

    internal sealed record Head(Guid Id, string Kind, string Title, List<string> With);

    internal sealed record Line(long Seq, DateTimeOffset SentAt, string? Text, List<string>? Pictures, string? File, string? FileName, Card? Card, string? Link, DateTimeOffset? RecalledAt);

    public static async Task<List<ExportedConversation>> FindAsync(WeirDb db, Guid me, ExportPages words, CancellationToken cancellation)
    {
        // Those that were left too: what was said there was said.
        var found = await db.Conversations.AsNoTracking()
            .Where(c => db.Messages.Any(m => m.ConversationId == c.Id && m.SenderId == me))
            .OrderBy(c => c.CreatedAt)
            .ToListAsync(cancellation);
        var list = new List<ExportedConversation>(found.Count);
        foreach (var conversation in found)
        {
            // Whoever is in a group no more knows nothing of what it is now: neither who is in it nor what it is called.
            var isMine = await db.ConversationMembers.AnyAsync(m => m.ConversationId == conversation.Id && m.AccountId == me, cancellation);
            var people = await db.ConversationMembers
                .Where(m => m.ConversationId == conversation.Id && m.AccountId != me && (isMine || conversation.OneId != null))
                .Join(db.Accounts, m => m.AccountId, a => a.Id, (m, a) => new { a.UserName, a.Name, Deleted = a.DeletedAt != null })
                .OrderBy(a => a.UserName).Take(MaxNamed).ToListAsync(cancellation);
            var names = people.ConvertAll(p => p.Deleted ? words["deleted"] : p.Name);
            var title = (isMine ? conversation.Name : null) ?? (names.Count > 0 ? string.Join(", ", names) : words["group"]);
            list.Add(new ExportedConversation(conversation.Id, title, conversation.IsGroup, people.ConvertAll(p => p.UserName!), list.Count + 1));
        }

        return list;
    }

    public static async Task WriteAsync(WeirDb db, ExportArchive archive, ExportPages words, Guid me, ExportedConversation conversation, CancellationToken cancellation)
    {
        await archive.WriteAsync(
            conversation.Path + ".about.json", new Head(conversation.Id, conversation.IsGroup ? "group" : "direct", conversation.Title, conversation.With), cancellation);
        await archive.WriteListAsync(conversation.Path + ".json", LinesAsync(db, me, conversation.Id, cancellation), cancellation);
        await archive.WriteTextAsync(conversation.PagePath, PageAsync(db, words, me, conversation, cancellation), cancellation);
    }

    private static async IAsyncEnumerable<Line> LinesAsync(WeirDb db, Guid me, Guid conversation, [EnumeratorCancellation] CancellationToken cancellation)
    {
        long after = 0;
        while (true)
        {
            var page = await db.Messages.AsNoTracking()
                .Where(m => m.ConversationId == conversation && m.SenderId == me && m.Seq > after)
                .OrderBy(m => m.Seq).Take(ExportWriter.Page).ToListAsync(cancellation);
            // What happened to a group was said in somebody's name; nobody wrote it.
            foreach (var message in page.Where(m => m.Content?.Notice is null))
            {
                var (pictures, file) = (message.Content?.Pictures, message.Content?.File);
                yield return new Line(
                    message.Seq,
                    message.SentAt,
                    message.Text is { Length: > 0 } text ? text : null,
                    pictures is null ? null : await PathsAsync(db, pictures.ConvertAll(p => p.Id), cancellation),
                    file is null ? null : ExportWriter.PathOf(file.Id, FileKind.File, file.Type, file.Name),
                    file?.Name,
                    message.Content?.Card,
                    message.Content?.Link?.Url,
                    message.RecalledAt);
            }

            if (page.Count < ExportWriter.Page)
            {
                yield break;
            }

            after = page[^1].Seq;
        }
    }

    public static async Task<List<string>> PathsAsync(WeirDb db, List<Guid> ids, CancellationToken cancellation)
    {
        var files = await db.Files.AsNoTracking().Where(f => ids.Contains(f.Id)).ToDictionaryAsync(f => f.Id, cancellation);
        return [.. ids.Where(files.ContainsKey).Select(id => ExportWriter.PathOf(id, files[id].Kind, files[id].Type, files[id].Name))];
    }

    private static async IAsyncEnumerable<string> PageAsync(
        WeirDb db, ExportPages words, Guid me, ExportedConversation conversation, [EnumeratorCancellation] CancellationToken cancellation)
    {
        yield return words.Begin(conversation.Title);
        await foreach (var line in LinesAsync(db, me, conversation.Id, cancellation))
        {
            yield return $"<article>{ExportPages.Time(line.SentAt)}"
                + (line.RecalledAt is null ? ExportPages.Text(line.Text) : $"<p><em>{ExportPages.Encode(words["recalled"])}</em></p>")
                + string.Concat((line.Pictures ?? []).Select(path => ExportPages.Picture("../" + path)))
                + (line.File is null ? "" : $"<p>{ExportPages.Link("../" + line.File, line.FileName!)}</p>")
                + "</article>\n";
        }
    }
}
