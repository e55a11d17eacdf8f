using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Threading.Channels;
using Microsoft.EntityFrameworkCore;
using Weir.Social.Data;
using Weir.Social.Outgoing;

namespace Weir.Social.Notifications.Push;

/// <summary>One push to one browser.</summary>
/// <param name="Until">Of no use afterwards.</param>
/// <param name="MadeAt">When its text was true: a <see cref="TimeProvider.GetTimestamp"/>.</param>
/// <param name="Again">
/// Its text as it is now; null when it is not to be sent any more: the message was recalled or read, the session has ended.
/// </param>
internal sealed record Push(
    PushSubscription To,
    string Topic,
    string Urgency,
    DateTimeOffset Until,
    byte[] Text,
    long MadeAt,
    Func<CancellationToken, Task<byte[]?>> Again)
{
    public int Attempt { get; init; } = 1;
}

/// <summary>
/// Hands pushes to the browsers' push services (RFC 8030), a few at a time. A subscription that its service does not know any more is
/// deleted, and none for what is wrong with our signature; a service that is busy is asked again when it says, at most <see
/// cref="PushLimits.Attempts"/> times.
/// </summary>
internal sealed class PushSender(
    IServiceScopeFactory scopes, PushKey key, PushContact contact, PushLimits limits, TimeProvider clock, ILogger<PushSender> log) : BackgroundService
{
    /// <summary>A push that waited for longer, or is sent again, is asked for anew.</summary>
    private static readonly TimeSpan TrueFor = TimeSpan.FromSeconds(5);

    private readonly HttpClient _http = new(PublicNetwork.Handler(limits.AllowLocal)) { Timeout = Timeout.InfiniteTimeSpan, MaxResponseContentBufferSize = 16 * 1024 };
    private bool _refused;
    private int _open;
    private readonly long _began = clock.GetTimestamp();

    // By the time since the beginning: a clock that is set back does not hold them up.
    private readonly PriorityQueue<Push, TimeSpan> _later = new();
    private readonly Channel<Push> _waiting = Channel.CreateBounded<Push>(limits.MaxWaiting);

    /// <summary>Nothing waits to be sent, now or again.</summary>
    public bool IsIdle => Volatile.Read(ref _open) == 0;

    /// <summary>Never waits. Of too many the oldest is dropped.</summary>
    public void Enqueue(Push push)
    {
        Interlocked.Increment(ref _open);
        while (!_waiting.Writer.TryWrite(push))
        {
            if (_waiting.Reader.TryRead(out _))
            {
                SocialMetrics.PushesDropped.Add(1);
                Interlocked.Decrement(ref _open);
            }
        }
    }

    public override void Dispose()
    {
        _http.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await Task.WhenAll([AgainAsync(stoppingToken), .. Enumerable.Range(0, limits.AtOnce).Select(_ => WorkAsync(stoppingToken))]);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }
    }

    private async Task WorkAsync(CancellationToken stopping)
    {
        await foreach (var push in _waiting.Reader.ReadAllAsync(stopping))
        {
            try
            {
                await SendAsync(push, stopping);
            }
            catch (Exception fault) when (!stopping.IsCancellationRequested)
            {
                // The network, the name, the service's own fault, or our time limit.
                log.LogDebug(fault, "A push service could not be reached");
                Retry(push, null);
            }
            finally
            {
                Interlocked.Decrement(ref _open);
            }
        }
    }

    private async Task SendAsync(Push push, CancellationToken stopping)
    {
        var left = push.Until - clock.GetUtcNow();
        if (left <= TimeSpan.Zero)
        {
            return;
        }

        var isOld = push.Attempt > 1 || clock.GetElapsedTime(push.MadeAt) > TrueFor;
        if ((isOld ? await push.Again(stopping) : push.Text) is not { } text)
        {
            return;
        }

        var endpoint = new Uri(push.To.Endpoint);
        using var request = new HttpRequestMessage(HttpMethod.Post, endpoint);
        request.Headers.TryAddWithoutValidation("Authorization", key.Authorization(endpoint, contact.Current, clock.GetUtcNow()));
        request.Headers.Add("TTL", ((long)left.TotalSeconds).ToString(CultureInfo.InvariantCulture));
        request.Headers.Add("Urgency", push.Urgency);
        request.Headers.Add("Topic", push.Topic);
        request.Content = new ByteArrayContent(PushEncryption.Encrypt(text, push.To.Key, push.To.Auth));
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        request.Content.Headers.ContentEncoding.Add("aes128gcm");
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        patience.CancelAfter(limits.Patience);
        using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, patience.Token);
        SocialMetrics.Pushes.Add(1, new KeyValuePair<string, object?>("status", (int)response.StatusCode));
        switch (response.StatusCode)
        {
            case HttpStatusCode.NotFound or HttpStatusCode.Gone:
                await ForgetAsync(push.To, stopping);
                break;

            // What we signed is refused, and nothing is wrong with the subscription. One that is bound to another key of ours (RFC 8292
            // 4.2) is replaced by its browser.
            case HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden:
                SocialMetrics.PushesDropped.Add(1);
                if (!Interlocked.Exchange(ref _refused, true))
                {
                    log.LogWarning(
                        "{Service} refuses this server's pushes ({Status}), signed for {Contact}. If that is not this site's address, set --public-url",
                        endpoint.Host, (int)response.StatusCode, contact.Current);
                }

                break;
            case HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError:
                Retry(push, response.Headers.RetryAfter);
                break;
            case >= HttpStatusCode.BadRequest:
                log.LogDebug("A push service answered {Status}", (int)response.StatusCode);
                break;
        }
    }

    private void Retry(Push push, RetryConditionHeaderValue? asked)
    {
        var now = clock.GetUtcNow();
        if (limits.Wait(asked, push.Attempt, now) is not { } wait || now + wait >= push.Until)
        {
            SocialMetrics.PushesDropped.Add(1);
            return;
        }

        lock (_later)
        {
            if (_later.Count >= limits.MaxWaiting)
            {
                SocialMetrics.PushesDropped.Add(1);
                return;
            }

            Interlocked.Increment(ref _open);
            _later.Enqueue(push with { Attempt = push.Attempt + 1 }, clock.GetElapsedTime(_began) + wait);
        }
    }

    private async Task AgainAsync(CancellationToken stopping)
    {
        using var timer = new PeriodicTimer(limits.Interval, clock);
        while (await timer.WaitForNextTickAsync(stopping))
        {
            lock (_later)
            {
                while (_later.TryPeek(out _, out var due) && due <= clock.GetElapsedTime(_began))
                {
                    Enqueue(_later.Dequeue());
                    Interlocked.Decrement(ref _open);
                }
            }
        }
    }

    private async Task ForgetAsync(PushSubscription gone, CancellationToken cancellation)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<WeirDb>();
        await scope.ServiceProvider.GetRequiredService<WriteScope>().RunAsync(
            // The browser may have made a new one meanwhile.
            () => db.PushSubscriptions.Where(s => s.SessionId == gone.SessionId && s.Endpoint == gone.Endpoint).ExecuteDeleteAsync(cancellation),
            cancellation);
    }
}
