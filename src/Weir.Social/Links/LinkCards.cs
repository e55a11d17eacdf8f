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
    IServiceScopeFactory scopes, PageFetch fetch, LinkLimits limits, DearCalls dear, Pictures pictures, FileStore store, FileLimits files,
    DiskRoom room, Connections connections, SocialOptions options, TimeProvider clock, ILogger<LinkCards> log)
    : BackgroundService
{
    private static readonly string[] Pages = ["text/html", "application/xhtml+xml"];

    /// <summary>On their way to a turn. Whoever has a place of <see cref="_places"/> has one here.</summary>
    private readonly Channel<Wanted> _waiting = Channel.CreateBounded<Wanted>(
        new BoundedChannelOptions(limits.MaxWaiting + limits.AtOnce) { SingleReader = true });
    private readonly Places _places = new(limits.EachWaiting, limits.OfAddressWaiting, limits.MaxWaiting + limits.AtOnce);
    private readonly FairTurns _turns = new(limits.AtOnce);
    private readonly AttemptLimiter _people = new(clock, limits.Burst, limits.Refill);
    private readonly AttemptLimiter _hosts = new(clock, limits.Burst, limits.Refill);

    /// <summary>A message was written. Never waits.</summary>
    /// <param name="from">The address that it came from; null for what the server says itself.</param>
    public void Offer(MessageBody message, string? from)
    {
        if (!options.LinkCards || message is not { Pictures.Count: 0, File: null, Card: null, Notice: null, Text: { } text } || LinkText.FirstIn(text) is not { } address)
        {
            return;
        }

        IDisposable? place = null;
        var sender = message.Sender.Id.ToText();
        var taken = room.MayWrite() && MayAsk(sender, from) && _hosts.TryTake(out _, address.IdnHost)
            && _places.TryEnter(sender, from, out place) == PlaceRefusal.None
            && _waiting.Writer.TryWrite(new Wanted(message.Conversation, message.Seq, message.Id, message.Sender.Id, address, place!));
        if (!taken)
        {
            place?.Dispose();
            SocialMetrics.LinkCards.Add(1, new KeyValuePair<string, object?>("result", "refused"));
        }
    }

    private bool MayAsk(string sender, string? from) =>
        from is null ? _people.TryTake(out _, sender) : dear.TryTake(DearCall.LinkCards, _people, sender, from, out _);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Each has a place, so there are few.
        var underWay = new List<Task>();
        try
        {
            await foreach (var wanted in _waiting.Reader.ReadAllAsync(stoppingToken))
            {
                underWay.RemoveAll(one => one.IsCompleted);
                underWay.Add(MakeInTurnAsync(wanted, stoppingToken));
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }

        await Task.WhenAll(underWay);
    }

    /// <summary>People take turns: whoever sends many links delays another's by one.</summary>
    private async Task MakeInTurnAsync(Wanted wanted, CancellationToken stopping)
    {
        using var place = wanted.Place;
        try
        {
            using var turn = await _turns.EnterAsync(wanted.Sender, stopping);
            var made = await MakeAsync(wanted, stopping);
            SocialMetrics.LinkCards.Add(1, new KeyValuePair<string, object?>("result", made ? "made" : "none"));
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
        }
        catch (Exception fault) when (!stopping.IsCancellationRequested)
        {
            log.LogWarning(fault, "A link has no card");
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
