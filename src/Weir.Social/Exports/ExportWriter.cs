using System.Globalization;
using System.Runtime.CompilerServices;
using Microsoft.EntityFrameworkCore;
using Weir.Contracts;
using Weir.Social.Accounts;
using Weir.Social.Data;
using Weir.Social.Files;
using Weir.Social.Notifications;

namespace Weir.Social.Exports;

/// <summary>
/// Writes everything that one person wrote: JSON for programs, pages for people, pictures and files as they are. Whatever there may be much of is read a page at a time and written at once.
/// What others wrote is not in it.
/// </summary>
internal sealed class ExportWriter(WeirDb db, FileStore store, TimeProvider clock)
{
    public const int Page = 500;
    private static readonly TimeSpan TellEvery = TimeSpan.FromSeconds(1);

    internal sealed record Profile(string Handle, string Name, string About, DateTimeOffset CreatedAt, string? Avatar);

    internal sealed record FriendLine(string Handle, string Name, DateTimeOffset Since, List<string> Circles);

    internal sealed record BroadcastLine(Guid Id, string Title, DateTimeOffset CreatedAt, DateTimeOffset? StartedAt, DateTimeOffset? EndedAt, long DurationMs, int Comments, int PeakViewers, bool Recorded);

    internal sealed record FileLine(Guid Id, string File, string Name, string Type, long Size, DateTimeOffset CreatedAt);

    internal sealed record Settings(List<string> Blocked, List<string> Starred, List<string> Follows, List<InvitationLine> Invitations, string? Notifications, string? TimeZone);

    internal sealed record InvitationLine(DateTimeOffset CreatedAt, string? UsedBy);

    /// <param name="progress">Called now and then with steps done and all steps; false ends it.</param>
    /// <exception cref="ExportGoneException">The export was deleted meanwhile.</exception>
    public async Task WriteAsync(Export export, Stream output, Func<int, int, Task<bool>> progress, CancellationToken cancellation)
    {
        var me = await db.Accounts.AsNoTracking().SingleAsync(a => a.Id == export.AccountId, cancellation);
        var words = new ExportPages(export.Language);
        using var archive = new ExportArchive(output);
        var conversations = await ExportedConversations.FindAsync(db, me.Id, words, cancellation);
        var files = await db.Files.CountAsync(f => f.OwnerId == me.Id && f.ExpiresAt == null, cancellation);
        var (done, total, told) = (0, conversations.Count + files + 1, 0L);
        await StepAsync(0);

        await archive.WriteAsync("profile.json", new Profile(me.Handle, me.Name, me.About, me.CreatedAt, me.AvatarId is { } avatar ? $"files/{avatar.ToText()}.jpg" : null), cancellation);
        var friends = await FriendsAsync(me.Id, cancellation);
        await archive.WriteAsync("friends.json", friends, cancellation);
        await archive.WriteAsync("settings.json", await SettingsAsync(me.Id, cancellation), cancellation);
        await archive.WriteListAsync("broadcasts.json", BroadcastsAsync(me.Id, cancellation), cancellation);
        var moments = await ExportedMoments.WriteAsync(db, archive, words, me.Id, clock.Now(), cancellation);
        var articles = await ExportedArticles.WriteAsync(db, archive, words, me.Id, cancellation);
        foreach (var conversation in conversations)
        {
            await ExportedConversations.WriteAsync(db, archive, words, me.Id, conversation, cancellation);
            await StepAsync(1);
        }

        await archive.WriteListAsync("files.json", FilesAsync(me.Id, cancellation), cancellation);
        await foreach (var file in FilesAsync(me.Id, cancellation))
        {
            // Deleted since it was listed: what nobody uses any more.
            if (File.Exists(store.PathOf(file.Id)))
            {
                await archive.CopyAsync(file.File, store.PathOf(file.Id), cancellation);
            }

            await StepAsync(1);
        }

        await archive.WriteTextAsync("index.html", IndexAsync(me, words, friends, conversations, moments, articles, cancellation), cancellation);

        async Task StepAsync(int steps)
        {
            done += steps;
            if (told == 0 || clock.GetElapsedTime(told) > TellEvery)
            {
                told = clock.GetTimestamp();
                if (!await progress(done, total))
                {
                    throw new ExportGoneException();
                }
            }
        }
    }

    /// <summary>Where a file of mine lies in the archive.</summary>
    public static string PathOf(Guid id, FileKind kind, string type, string name) => kind switch
    {
        FileKind.File when Path.GetExtension(name) is { Length: > 1 and <= 10 } extension && extension[1..].All(char.IsAsciiLetterOrDigit) => $"files/{id.ToText()}{extension.ToLowerInvariant()}",
        FileKind.File => $"files/{id.ToText()}.bin",
        _ => $"files/{id.ToText()}.{(type == "image/webp" ? "webp" : "jpg")}",
    };

    private async Task<List<FriendLine>> FriendsAsync(Guid me, CancellationToken cancellation)
    {
        var circles = (await db.CircleMembers.Join(db.Circles.Where(c => c.OwnerId == me), m => m.CircleId, c => c.Id, (m, c) => new { m.AccountId, c.Name }).ToListAsync(cancellation))
            .ToLookup(m => m.AccountId, m => m.Name);
        var found = await (
            from friendship in db.Friendships
            where friendship.OwnerId == me
            join account in db.Accounts.VisibleTo(db, me) on friendship.FriendId equals account.Id
            orderby account.UserName
            select new { account.Id, Handle = account.UserName!, account.Name, friendship.Since }).ToListAsync(cancellation);
        return found.ConvertAll(f => new FriendLine(f.Handle, f.Name, f.Since, [.. circles[f.Id]]));
    }

    private async Task<Settings> SettingsAsync(Guid me, CancellationToken cancellation)
    {
        var notices = await db.NoticeSettings.AsNoTracking().SingleOrDefaultAsync(s => s.AccountId == me, cancellation);
        return new Settings(
            await db.Blocks.Where(b => b.OwnerId == me).Select(b => b.Handle).ToListAsync(cancellation),
            await db.Stars.Where(s => s.OwnerId == me).Join(db.Accounts, s => s.TargetId, a => a.Id, (s, a) => a.UserName!).ToListAsync(cancellation),
            await db.Followers.Where(f => f.AccountId == me).Join(db.OfficialAccounts, f => f.OfficialAccountId, o => o.Id, (f, o) => o.Handle).ToListAsync(cancellation),
            await db.Invitations.Where(i => i.FromId == me)
                .Select(i => new InvitationLine(i.CreatedAt, db.Accounts.Where(a => a.Id == i.UsedById).Select(a => a.UserName).FirstOrDefault())).ToListAsync(cancellation),
            notices?.Choices,
            notices?.TimeZone);
    }

    private IAsyncEnumerable<BroadcastLine> BroadcastsAsync(Guid me, CancellationToken cancellation) => Paged(
        after => db.Broadcasts.AsNoTracking().Where(b => b.OwnerId == me && b.DeletedAt == null && b.Id > after).OrderBy(b => b.Id)
            .Select(b => new BroadcastLine(b.Id, b.Title, b.CreatedAt, b.StartedAt, b.EndedAt, b.MediaDuration / 1000, b.Comments, b.PeakViewers, b.Recorded)),
        line => line.Id,
        cancellation);

    private async IAsyncEnumerable<FileLine> FilesAsync(Guid me, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var files = Paged(after => db.Files.AsNoTracking().Where(f => f.OwnerId == me && f.ExpiresAt == null && f.Id > after).OrderBy(f => f.Id), f => f.Id, cancellation);
        await foreach (var file in files)
        {
            yield return new FileLine(file.Id, PathOf(file.Id, file.Kind, file.Type, file.Name), file.Name, file.Type, file.Size, file.CreatedAt);
        }
    }

    /// <summary>All rows, a page at a time, in the order of their ids.</summary>
    public static async IAsyncEnumerable<T> Paged<T>(Func<Guid, IQueryable<T>> from, Func<T, Guid> idOf, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var after = Guid.Empty;
        while (true)
        {
            var page = await from(after).Take(Page).ToListAsync(cancellation);
            foreach (var row in page)
            {
                yield return row;
            }

            if (page.Count < Page)
            {
                yield break;
            }

            after = idOf(page[^1]);
        }
    }

    private async IAsyncEnumerable<string> IndexAsync(
        Account me,
        ExportPages words,
        List<FriendLine> friends,
        List<ExportedConversation> conversations,
        List<(string Path, string Title)> moments,
        List<(string Path, string Title)> articles,
        [EnumeratorCancellation] CancellationToken cancellation)
    {
        yield return words.Begin(words["title"], isIndex: true);
        yield return $"<p><strong>{ExportPages.Encode(me.Name)}</strong> @{me.Handle}</p>{ExportPages.Text(me.About)}"
            + $"<p><small>{ExportPages.Encode(string.Format(CultureInfo.InvariantCulture, words["made"], clock.GetUtcNow().ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture)))} UTC</small></p>";
        yield return Head("conversations") + ExportPages.Text(words["conversations.text"]) + "<ul>";
        foreach (var conversation in conversations)
        {
            yield return $"<li>{ExportPages.Link(conversation.PagePath, conversation.Title)}</li>";
        }

        yield return "</ul>" + Head("moments") + "<ul>";
        foreach (var (path, title) in moments)
        {
            yield return $"<li>{ExportPages.Link(path, title)}</li>";
        }

        yield return "</ul>" + Head("articles") + "<ul>";
        foreach (var (path, title) in articles)
        {
            yield return $"<li>{ExportPages.Link(path, title)}</li>";
        }

        yield return "</ul>" + Head("broadcasts") + "<ul>";
        await foreach (var broadcast in BroadcastsAsync(me.Id, cancellation))
        {
            yield return $"<li>{ExportPages.Encode(broadcast.Title)} {ExportPages.Time(broadcast.StartedAt ?? broadcast.CreatedAt)}</li>";
        }

        yield return "</ul>" + Head("friends") + "<ul>";
        foreach (var friend in friends)
        {
            yield return $"<li>{ExportPages.Encode(friend.Name)} <small>@{friend.Handle}{(friend.Circles.Count == 0 ? "" : " · " + ExportPages.Encode(string.Join(", ", friend.Circles)))}</small></li>";
        }

        yield return "</ul>" + Head("files") + "<ul>";
        await foreach (var file in FilesAsync(me.Id, cancellation))
        {
            yield return $"<li>{ExportPages.Link(file.File, file.Name)}</li>";
        }

        yield return "</ul>" + Head("data") + ExportPages.Text(words["data.text"]);

        string Head(string key) => $"<h2>{ExportPages.Encode(words[key])}</h2>\n";
    }
}
