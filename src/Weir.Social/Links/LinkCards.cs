using System.Collections.Frozen;
using System.Threading.Channels;
using Microsoft.EntityFrameworkCore;
using Weir.Contracts;
using Weir.Hosting;
using Weir.Social.Conversations;
using Weir.Social.Data;
using Weir.Social.Files;
using Weir.Social.Realtime;
using Weir.Social.Throttling;

namespace Weir.Social.Links;

/// <summary>A message's card is there.</summary>
internal sealed record LinkEvent(Guid Conversation, long Seq, Guid Id, LinkCard Link);

/// <summary>
/// After a message with an address is on disk, looks at the page and puts a card of it into the message. Nobody waits for it and nothing depends on it: when too many wait, when the
/// page does not answer in time, and when the process ends meanwhile, there is no card.
/// </summary>
internal sealed class LinkCards(
    IServiceScopeFactory scopes, PageFetch fetch, LinkLimits limits, Pictures pictures, FileStore store, FileLimits files, DiskRoom room, Connections connections, SocialOptions options, TimeProvider clock, ILogger<LinkCards> log)
    : BackgroundService
{
    private static readonly string[] Pages = ["text/html", "application/xhtml+xml"];
    private readonly Channel<Wanted> _waiting = Channel.CreateBounded<Wanted>(new BoundedChannelOptions(limits.MaxWaiting));
    private readonly Places _places = new(limits.EachWaiting, limits.MaxWaiting + limits.AtOnce);
    private readonly AttemptLimiter _people = new(clock, limits.Burst, limits.Refill);
    private readonly AttemptLimiter _hosts = new(clock, limits.Burst, limits.Refill);

    /// <summary>A message was written. Never waits.</summary>
    public void Offer(MessageBody message)
    {
        if (!options.LinkCards || message is not { Pictures.Count: 0, File: null, Card: null, Notice: null, Text: { } text } || LinkText.FirstIn(text) is not { } address)
        {
            return;
        }

        IDisposable? place = null;
        var taken = room.MayWrite() && _people.TryTake(out _, message.Sender.Id.ToText()) && _hosts.TryTake(out _, address.IdnHost)
            && _places.TryEnter(message.Sender.Id.ToText(), out place) == PlaceRefusal.None
            && _waiting.Writer.TryWrite(new Wanted(message.Conversation, message.Seq, message.Id, message.Sender.Id, address, place!));
        if (!taken)
        {
            place?.Dispose();
            SocialMetrics.LinkCards.Add(1, new KeyValuePair<string, object?>("result", "refused"));
        }
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(Enumerable.Range(0, limits.AtOnce).Select(_ => WorkAsync(stoppingToken)));

    private async Task WorkAsync(CancellationToken stopping)
    {
        try
        {
            await foreach (var wanted in _waiting.Reader.ReadAllAsync(stopping))
            {
                using var place = wanted.Place;
                try
                {
                    var made = await MakeAsync(wanted, stopping);
                    SocialMetrics.LinkCards.Add(1, new KeyValuePair<string, object?>("result", made ? "made" : "none"));
                }
                catch (Exception fault) when (!stopping.IsCancellationRequested)
                {
                    log.LogWarning(fault, "A link has no card");
                }
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
        }
    }

    private async Task<bool> MakeAsync(Wanted wanted, CancellationToken cancellation)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<WeirDb>();
        if (!await db.Messages.AnyAsync(m => m.Id == wanted.Message && m.RecalledAt == null, cancellation)
            || await fetch.GetAsync(wanted.Address, "text/html,application/xhtml+xml;q=0.9", Pages, limits.MaxPage, cancellation) is not { } page
            || PageHead.Read(page.Bytes, page.Charset) is not { Title: { } title } head)
        {
            return false;
        }

        var file = await PictureAsync(db, head.Picture, page.Address, wanted.Sender, title, cancellation);
        var link = new LinkCard(wanted.Address.AbsoluteUri, title, head.Description, head.Site, file is null ? null : PictureRef.Of(file));
        var told = FrozenSet<Guid>.Empty;
        try
        {
            told = await scope.ServiceProvider.GetRequiredService<WriteScope>().RunAsync(() => AddAsync(db, wanted, link, file, cancellation), cancellation);
        }
        finally
        {
            if (file is not null && told.Count == 0)
            {
                store.Delete(file.Id);
            }
        }

        connections.Send(told, Events.Link, new LinkEvent(wanted.Conversation, wanted.Seq, wanted.Message, link));
        return told.Count > 0;
    }

    /// <summary>Those who may see the message; nobody when it was recalled meanwhile.</summary>
    private static async Task<FrozenSet<Guid>> AddAsync(WeirDb db, Wanted wanted, LinkCard link, StoredFile? file, CancellationToken cancellation)
    {
        var message = await db.Messages.SingleOrDefaultAsync(m => m.Id == wanted.Message && m.RecalledAt == null, cancellation);
        if (message is null || message.Content is not null)
        {
            return FrozenSet<Guid>.Empty;
        }

        message.Content = new MessageContent { Link = link };
        if (file is not null)
        {
            db.Files.Add(file);
            db.FileUses.Add(new FileUse { FileId = file.Id, Place = FilePlace.Message, PlaceId = wanted.Conversation, Seq = wanted.Seq });
        }

        return (await db.ConversationMembers.Where(m => m.ConversationId == wanted.Conversation && m.FromSeq < wanted.Seq).Select(m => m.AccountId).ToListAsync(cancellation)).ToFrozenSet();
    }

    /// <summary>The page's picture, made anew like any other and on disk, with the row that is not added yet.</summary>
    private async Task<StoredFile?> PictureAsync(WeirDb db, string? wanted, Uri page, Guid owner, string title, CancellationToken cancellation)
    {
        // Its picture counts as the sender's; who has no space left gets a card without one.
        if (wanted is null || await UploadFile.UsedByAsync(db, owner, cancellation) >= files.PerPerson || !Uri.TryCreate(page, wanted, out var address)
            || await fetch.GetAsync(address, "image/webp,image/avif,image/jpeg,image/png,image/gif", ["image/"], limits.MaxPicture, cancellation) is not { Bytes.Length: > 0 } got)
        {
            return null;
        }

        var path = await store.WriteAsync(got.Bytes, cancellation);
        try
        {
            var (picture, _) = await pictures.MakeAsync(owner, path, FileKind.Picture, null, cancellation);
            return picture is null
                ? null
                : await UploadFile.KeepAsync(store, picture, FileKind.Picture, owner, FileName.Parse(title, "link") ?? "link", clock.Now(), null, cancellation);
        }
        finally
        {
            FileStore.Discard(path);
        }
    }

    private sealed record Wanted(Guid Conversation, long Seq, Guid Message, Guid Sender, Uri Address, IDisposable Place);
}

/// <summary>Cards of links, put together.</summary>
internal static class LinkServices
{
    public static void AddServices(IServiceCollection services)
    {
        services.AddSingleton(new LinkLimits());
        services.AddSingleton<PageFetch>().AddSingleton<LinkCards>();
        services.AddHostedService(provider => provider.GetRequiredService<LinkCards>());
    }
}
