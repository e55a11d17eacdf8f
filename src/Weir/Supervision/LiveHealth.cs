using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using Weir.Hosting;

namespace Weir.Supervision;

/// <summary>
/// Finds out that the live plane runs and answers nobody. It is asked over loopback, on a connection of its own each time, so that
/// accepting one is part of the answer. Whatever it answers counts, however late within the limit: a busy machine must not lose its live
/// plane. Only one that says that it is out of memory is as good as silent.
/// </summary>
/// <param name="limit">Silence after which it counts as hanging.</param>
internal sealed class LiveHealth(Uri address, TimeSpan limit, TimeProvider clock)
{
    /// <summary>
    /// Asked so often within the limit. A supervisor that was stopped itself meanwhile has not asked, and concludes nothing.
    /// </summary>
    private const int Asks = 6;

    /// <summary>A process that never answered is still starting, and its listeners may come late on a slow disk: ten times the limit.</summary>
    private const int AsksAtStart = 10 * Asks;

    private int _unanswered;
    private volatile bool _started;
    private volatile bool _isOutOfMemory;

    public TimeSpan Limit => limit;

    /// <summary>It answers, and its last answer was that it is out of memory.</summary>
    public bool IsOutOfMemory => _isOutOfMemory;

    /// <summary>Completes when nothing was answered for as long as the limit, or nothing but that it is out of memory.</summary>
    public async Task SilentAsync(CancellationToken ended)
    {
        using var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            AllowAutoRedirect = false,
            // This machine's own port, and nothing is sent that anybody may not read.
            SslOptions = new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = (_, _, _, _) => true },
        };
        using var http = new HttpClient(handler) { BaseAddress = address, Timeout = limit, MaxResponseContentBufferSize = 64 * 1024 };
        http.DefaultRequestHeaders.ConnectionClose = true;
        using var timer = new PeriodicTimer(limit / Asks, clock);
        (_unanswered, _started, _isOutOfMemory) = (0, false, false);
        var open = new List<Task>();
        try
        {
            do
            {
                // At most as many as fit into the limit, after which each gives up.
                open.RemoveAll(ask => ask.IsCompleted);
                if (Volatile.Read(ref _unanswered) >= (_started ? Asks : AsksAtStart))
                {
                    return;
                }

                Interlocked.Increment(ref _unanswered);
                open.Add(AskAsync(http, ended));
            }
            while (await timer.WaitForNextTickAsync(ended));
        }
        finally
        {
            http.CancelPendingRequests();
            await Task.WhenAll(open);
        }
    }

    private async Task AskAsync(HttpClient http, CancellationToken ended)
    {
        try
        {
            using var answer = await http.GetAsync(Operations.ReadyPath, ended);
            _isOutOfMemory = answer.StatusCode == HttpStatusCode.ServiceUnavailable
                && (await answer.Content.ReadAsStringAsync(ended)).Contains($"\"{Operations.OutOfMemory}\"", StringComparison.Ordinal);
            _started = true;
            if (!_isOutOfMemory)
            {
                Volatile.Write(ref _unanswered, 0);
            }
        }
        catch (OperationCanceledException)
        {
            // Nothing came within the limit, or nobody needs to know any more.
        }
        catch (HttpRequestException fault)
        {
            // Closed, or something else than HTTP: somebody is there. A socket that could not be had here says nothing about the other
            // side, and must not count against it.
            if (fault.InnerException is not SocketException { SocketErrorCode: SocketError.ConnectionRefused or SocketError.TimedOut })
            {
                Volatile.Write(ref _unanswered, 0);
            }
        }
    }
}
