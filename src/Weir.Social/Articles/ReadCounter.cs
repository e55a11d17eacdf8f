using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Threading.Channels;
using Microsoft.EntityFrameworkCore;
using Weir.Social.Data;
using Weir.Social.Sessions;
using Weir.Social.Throttling;

namespace Weir.Social.Articles;

/// <summary>
/// Counts readers: each once a day and article, and nothing says who. A reader is known only by a hash with a salt of the day that lives in memory: of the account, or of address and browser. What was
/// counted goes to the database every few seconds; a page never waits for that. After a restart somebody may be counted once more on the same day.
/// </summary>
internal sealed class ReadCounter(IServiceScopeFactory scopes, SocialOptions site, TimeProvider clock, ILogger<ReadCounter> log) : BackgroundService
{
    /// <summary>Readers told apart in one day; whoever comes after them is not counted.</summary>
    public const int MaxReaders = 500_000;

    /// <summary>Browsers at one address that count for one article in a day, so that nobody reads it a thousand times by another name.</summary>
    public const int MaxPerAddress = 20;

    private const int MaxWaiting = 8192;
    private static readonly TimeSpan FlushEvery = TimeSpan.FromSeconds(5);

    // Full: a reader is not counted, which only makes the number smaller.
    private readonly Channel<Sight> _waiting = Channel.CreateBounded<Sight>(new BoundedChannelOptions(MaxWaiting) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly ConcurrentDictionary<(Guid Article, DateOnly Day), long> _counted = new();
    private Dictionary<ulong, int> _seen = [];
    private DateOnly _day = DateOnly.FromDateTime(clock.GetLocalNow().Date);
    private byte[] _salt = RandomNumberGenerator.GetBytes(32);

    private readonly record struct Sight(Guid Article, Guid? Account, byte[]? Token, byte[] Place, byte[] Browser);

    /// <summary>Somebody was shown this article. Never waits. <paramref name="account"/> null: whoever the cookie says, or nobody known.</summary>
    public void Saw(Guid article, HttpContext context, Guid? account = null)
    {
        var agent = context.Request.Headers.UserAgent.ToString();
        if (IsMachine(agent))
        {
            return;
        }

        var cookie = context.Request.Cookies[SessionAuthentication.CookieOf(context.Request, site)];
        var address = context.Connection.RemoteIpAddress ?? IPAddress.None;
        _waiting.Writer.TryWrite(new Sight(
            article,
            account,
            account is null && cookie is { Length: > 0 and <= 100 } ? SessionAuthentication.Hash(cookie) : null,
            // Neither address nor browser waits here as itself.
            Keyed(Encoding.UTF8.GetBytes(AttemptLimiter.KeyOf(address))),
            Keyed(Encoding.UTF8.GetBytes(agent))));
    }

    /// <summary>Writes what was counted so far.</summary>
    public async Task FlushAsync(CancellationToken cancellation)
    {
        await _turn.WaitAsync(cancellation);
        try
        {
            await using var scope = scopes.CreateAsyncScope();
            var db = scope.ServiceProvider.GetRequiredService<WeirDb>();
            await CountAsync(db, cancellation);
            if (!_counted.IsEmpty)
            {
                await WriteAsync(db, scope.ServiceProvider.GetRequiredService<WriteScope>(), cancellation);
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    public override void Dispose()
    {
        _turn.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(FlushEvery, clock);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                try
                {
                    await FlushAsync(stoppingToken);
                }
                catch (Exception fault) when (fault is not OperationCanceledException)
                {
                    log.LogError(fault, "Readers could not be counted");
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        try
        {
            await FlushAsync(cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The time for the end is over, and a count is not worth more of it.
            log.LogWarning("The server ended before its last readers were counted");
        }
    }

    private async Task CountAsync(WeirDb db, CancellationToken cancellation)
    {
        var sights = new List<Sight>();
        while (sights.Count < MaxWaiting && _waiting.Reader.TryRead(out var sight))
        {
            sights.Add(sight);
        }

        if (sights.Count == 0)
        {
            return;
        }

        var today = DateOnly.FromDateTime(clock.GetLocalNow().Date);
        if (today != _day)
        {
            _day = today;
            _seen = [];
            _salt = RandomNumberGenerator.GetBytes(32);
        }

        var tokens = sights.Select(s => s.Token).OfType<byte[]>().DistinctBy(Convert.ToHexString).ToList();
        var accounts = tokens.Count == 0 ? [] : (await db.Sessions.Where(s => tokens.Contains(s.TokenHash)).Select(s => new { s.TokenHash, s.AccountId }).ToListAsync(cancellation))
            .ToDictionary(s => Convert.ToHexString(s.TokenHash), s => s.AccountId);
        foreach (var sight in sights)
        {
            var account = sight.Account ?? (sight.Token is null ? null : accounts.TryGetValue(Convert.ToHexString(sight.Token), out var known) ? known : (Guid?)null);
            if (account is { } reader ? IsNew(sight.Article, reader.ToByteArray()) : IsNew(sight))
            {
                _counted.AddOrUpdate((sight.Article, today), 1, (_, count) => count + 1);
            }
        }
    }

    private bool IsNew(Sight sight)
    {
        var place = Key(sight.Article, sight.Place);
        if (_seen.GetValueOrDefault(place) >= MaxPerAddress || !IsNew(sight.Article, [.. sight.Place, .. sight.Browser]))
        {
            return false;
        }

        _seen[place] = _seen.GetValueOrDefault(place) + 1;
        return true;
    }

    private bool IsNew(Guid article, byte[] reader) => _seen.Count < MaxReaders && _seen.TryAdd(Key(article, reader), 1);

    private ulong Key(Guid article, byte[] reader) => BinaryPrimitives.ReadUInt64LittleEndian(Keyed([.. article.ToByteArray(), .. reader]));

    private byte[] Keyed(byte[] what) => HMACSHA256.HashData(_salt, what);

    private async Task WriteAsync(WeirDb db, WriteScope write, CancellationToken cancellation)
    {
        var counted = _counted.ToArray();
        await write.RunAsync(async () =>
        {
            foreach (var ((article, day), reads) in counted)
            {
                if (await db.Articles.SingleOrDefaultAsync(a => a.Id == article, cancellation) is not { } row)
                {
                    continue;
                }

                row.Reads += reads;
                if (await db.ArticleDays.SingleOrDefaultAsync(d => d.ArticleId == article && d.Day == day, cancellation) is { } found)
                {
                    found.Reads += reads;
                }
                else
                {
                    db.ArticleDays.Add(new ArticleDay { ArticleId = article, Day = day, Reads = reads });
                }
            }

            return true;
        }, cancellation);
        foreach (var (key, reads) in counted)
        {
            _counted.AddOrUpdate(key, 0, (_, now) => now - reads);
            _counted.TryRemove(new KeyValuePair<(Guid, DateOnly), long>(key, 0));
        }
    }

    // Those who fetch a page to make a card of it, and indexers that say so.
    private static bool IsMachine(string agent) => agent.Length == 0 || agent.Contains("bot", StringComparison.OrdinalIgnoreCase)
        || agent.Contains("crawl", StringComparison.OrdinalIgnoreCase) || agent.Contains("spider", StringComparison.OrdinalIgnoreCase)
        || agent.Contains("preview", StringComparison.OrdinalIgnoreCase);
}
