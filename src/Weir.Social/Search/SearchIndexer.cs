using Microsoft.EntityFrameworkCore;
using Weir.Social.Conversations;
using Weir.Social.Data;

namespace Weir.Social.Search;

/// <summary>
/// Keeps the index up, behind everything else: it follows each conversation by its numbers, and what else is searched by the changes noted with it. Nothing waits for it, nothing is missed: how far it has come
/// is in the index's own transactions, so after a crash, a restore or with a database that never had an index it goes on from there, half of the time at most. A message is taken in when it cannot be recalled any
/// more; until then searches read it themselves.
/// </summary>
internal sealed class SearchIndexer(
    ISearchIndex index, SearchSignal signal, SearchLimits limits, IServiceScopeFactory scopes, TimeProvider clock, ILogger<SearchIndexer> log) : BackgroundService
{
    private const int ConversationPage = 100;
    private const int ThingPage = 100;
    private const int DuePage = 100;
    private readonly SemaphoreSlim _round = new(1, 1);
    private readonly HashSet<ThingKind> _read = [];
    private Guid? _lookedAt = Guid.Empty;
    private long? _lookedAtAll;

    /// <summary>The index can be asked.</summary>
    public bool IsReady { get; private set; }

    /// <summary>Everything that was there at the start is in it.</summary>
    public bool IsComplete { get; private set; }

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await PrepareAsync(cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    /// <summary>Works until nothing is left to do, but for messages that may still be recalled.</summary>
    public async Task CatchUpAsync(CancellationToken cancellation)
    {
        while (await RoundAsync(cancellation))
        {
        }
    }

    /// <summary>Looks at all conversations, from the next round on.</summary>
    public void LookAtAll() => _lookedAt ??= Guid.Empty;

    public override void Dispose()
    {
        _round.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                if (!IsReady)
                {
                    await PrepareAsync(stoppingToken);
                }

                var started = clock.GetTimestamp();
                if (IsReady && await RoundAsync(stoppingToken))
                {
                    // As long as the work took: the machine is for the people who use it.
                    await Task.Delay(clock.GetElapsedTime(started), clock, stoppingToken);
                }
                else
                {
                    await signal.WaitAsync(limits.Every, stoppingToken);
                }
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception fault)
            {
                log.LogWarning(fault, "The search index could not be brought up to date; it is tried again");
                LookAtAll();
                await Task.Delay(limits.Every, clock, stoppingToken).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            }
        }
    }

    private async Task PrepareAsync(CancellationToken cancellation)
    {
        try
        {
            await index.PrepareAsync(cancellation);
            IsReady = true;
        }
        catch (Exception fault) when (fault is not OperationCanceledException)
        {
            // Everything else works without it.
            log.LogError(fault, "There is no search: its index could not be opened");
        }
    }

    /// <summary>One piece of each kind of work; true when there is more at once.</summary>
    private async Task<bool> RoundAsync(CancellationToken cancellation)
    {
        await _round.WaitAsync(cancellation);
        try
        {
            await using var scope = scopes.CreateAsyncScope();
            var db = scope.ServiceProvider.GetRequiredService<WeirDb>();
            var more = await ChangesAsync(db, scope.ServiceProvider.GetRequiredService<WriteScope>(), cancellation);
            more |= await FirstReadingAsync(db, cancellation);
            more |= await ConversationsAsync(db, cancellation);
            IsComplete |= !more;
            return await DueAsync(db, cancellation) || more;
        }
        finally
        {
            _round.Release();
        }
    }

    private async Task<bool> ChangesAsync(WeirDb db, WriteScope write, CancellationToken cancellation)
    {
        var changes = await db.SearchChanges.AsNoTracking().OrderBy(c => c.Id).Take(ThingPage).ToListAsync(cancellation);
        if (changes.Count == 0)
        {
            return false;
        }

        var things = new List<Thing>();
        foreach (var kind in changes.GroupBy(c => c.Kind, c => c.ThingId))
        {
            var ids = kind.Distinct().ToList();
            var found = (await Things.ReadAsync(db, kind.Key, ids, cancellation)).ToDictionary(thing => thing.Id);
            things.AddRange(ids.Select(id => found.GetValueOrDefault(id) ?? new Thing(kind.Key, id, default, null)));
        }

        await index.PutAsync(things, cancellation);
        var done = changes.ConvertAll(c => c.Id);
        await write.RunAsync(() => db.SearchChanges.Where(c => done.Contains(c.Id)).ExecuteDeleteAsync(cancellation), cancellation);
        return changes.Count == ThingPage;
    }

    /// <summary>What was there before there was an index.</summary>
    private async Task<bool> FirstReadingAsync(WeirDb db, CancellationToken cancellation)
    {
        foreach (var kind in Enum.GetValues<ThingKind>().Where(kind => !_read.Contains(kind)))
        {
            if (await index.FirstReadingAsync(kind, cancellation) is { } last)
            {
                var ids = await Things.NextAsync(db, kind, last, ThingPage, cancellation);
                await index.PutAsync(await Things.ReadAsync(db, kind, ids, cancellation), cancellation);
                await index.SetFirstReadingAsync(kind, ids.Count < ThingPage ? null : ids[^1], cancellation);
                return true;
            }

            _read.Add(kind);
        }

        return false;
    }

    /// <summary>The next conversations in the order of their ids: at the start, and where word was lost.</summary>
    private async Task<bool> ConversationsAsync(WeirDb db, CancellationToken cancellation)
    {
        if (signal.TakeLost() || _lookedAtAll is not { } looked || clock.GetElapsedTime(looked) >= limits.LookAtAllEvery)
        {
            LookAtAll();
            _lookedAtAll = clock.GetTimestamp();
        }

        if (_lookedAt is not { } last)
        {
            return false;
        }

        var page = await db.Conversations.Where(c => c.Id.CompareTo(last) > 0).OrderBy(c => c.Id).Take(ConversationPage).Select(c => new Last(c.Id, c.LastSeq)).ToListAsync(cancellation);
        var followed = await FollowAsync(db, page, cancellation);
        if (_lookedAt == last)
        {
            _lookedAt = followed == page.Count && page.Count < ConversationPage ? null : followed == 0 ? last : page[followed - 1].Id;
        }

        return _lookedAt is not null;
    }

    private async Task<bool> DueAsync(WeirDb db, CancellationToken cancellation)
    {
        var due = signal.TakeDue(DuePage);
        if (due.Count == 0)
        {
            return false;
        }

        var conversations = await db.Conversations.Where(c => due.Contains(c.Id)).Select(c => new Last(c.Id, c.LastSeq)).ToListAsync(cancellation);
        var followed = await FollowAsync(db, conversations, cancellation);
        signal.Again(conversations.Skip(followed).Select(c => c.Id));
        return followed < conversations.Count || due.Count == DuePage;
    }

    /// <summary>Brings the first of these up to date, in one transaction of about <see cref="SearchLimits.Batch"/> messages, and says how many are done.</summary>
    private async Task<int> FollowAsync(WeirDb db, List<Last> conversations, CancellationToken cancellation)
    {
        var progress = await index.ProgressAsync(conversations.ConvertAll(c => c.Id), cancellation);
        if (conversations.Any(c => progress.GetValueOrDefault(c.Id).Indexed > c.Seq))
        {
            // The index has seen messages that never were: the database is another one, or an older state of this one.
            log.LogWarning("The search index is of another database and is made anew");
            await index.RestartAsync(cancellation);
            _read.Clear();
            _lookedAt = Guid.Empty;
            return 0;
        }

        var portions = new List<Portion>();
        long messages = 0;
        var done = 0;
        for (; done < conversations.Count && messages < limits.Batch; done++)
        {
            var (id, last) = conversations[done];
            var after = progress.GetValueOrDefault(id).Indexed;
            if (after < last && await ReadAsync(db, id, after, last, cancellation) is { } portion)
            {
                portions.Add(portion);
                messages += portion.Until - portion.After;
                after = portion.Until;
                if (portion.Until - portion.After == limits.Batch)
                {
                    break; // There is more of this one.
                }
            }

            if (after < last)
            {
                // The rest can still be recalled.
                signal.Written([id]);
            }
        }

        if (portions.Count > 0)
        {
            await index.AddAsync(portions, cancellation);
        }

        return done;
    }

    private async Task<Portion?> ReadAsync(WeirDb db, Guid conversation, long after, long last, CancellationToken cancellation)
    {
        var recallable = clock.Now() - Message.RecallLimit;
        var rows = await db.Messages.AsNoTracking()
            .Where(m => m.ConversationId == conversation && m.Seq > after)
            .OrderBy(m => m.Seq).Take(limits.Batch)
            .Select(m => new { m.Seq, m.SentAt, m.Text, m.Content, m.RecalledAt })
            .ToListAsync(cancellation);
        var settled = rows.TakeWhile(m => m.SentAt <= recallable || m.Seq <= last - limits.Waiting).ToList();
        return settled.Count == 0
            ? null
            : new Portion(
                conversation,
                after,
                settled[^1].Seq,
                [.. settled.Where(m => m.RecalledAt is null).Select(m => (m.Seq, (IReadOnlyCollection<string>)Tokens.Of(m.Text, m.Content?.File?.Name))).Where(m => m.Item2.Count > 0)]);
    }

    private readonly record struct Last(Guid Id, long Seq);
}
