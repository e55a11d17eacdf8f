using System.Net;
using System.Net.WebSockets;
using Microsoft.Playwright;
using Weir.EndToEnd.Harness;

namespace Weir.Bench.Promises;

/// <summary>Somebody who watches by one of the outlets until nothing comes any more.</summary>
internal static class CutViewer
{
    /// <summary>Completes once when media has come, and once when nothing comes any more; gives how many seconds after that it was noticed.</summary>
    /// <param name="page">For "whep", which a browser watches.</param>
    public static (Task Watching, Task<double> Ended) WatchAsync(string outlet, string url, IPage? page, CancellationToken cancellation)
    {
        var watching = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        return (watching.Task.WaitAsync(Patience.Limit, cancellation), outlet switch
        {
            "websocket" => ByWebSocketAsync(),
            "flv" => ByFlvAsync(),
            "hls" => ByPlaylistAsync(),
            "whep" => ByWebRtcAsync(page!),
            _ => ByFfmpegAsync(),
        });

        async Task<double> ByWebSocketAsync()
        {
            using var socket = new ClientWebSocket();
            await socket.ConnectAsync(new Uri(url), cancellation);
            var buffer = new byte[64 * 1024];
            while (await socket.ReceiveAsync(buffer, cancellation) is { MessageType: not WebSocketMessageType.Close } part)
            {
                if (part.MessageType == WebSocketMessageType.Binary)
                {
                    watching.TrySetResult();
                }
            }

            return 0;
        }

        async Task<double> ByFlvAsync()
        {
            using var http = new HttpClient();
            await using var stream = await http.GetStreamAsync(new Uri(url), cancellation);
            var buffer = new byte[64 * 1024];
            try
            {
                while (await stream.ReadAsync(buffer, cancellation) > 0)
                {
                    watching.TrySetResult();
                }
            }
            catch (IOException)
            {
                // Ended without a last chunk.
            }

            return 0;
        }

        async Task<double> ByFfmpegAsync()
        {
            await using var process = new ChildProcess(
                "ffmpeg", ["-loglevel", "error", "-progress", "pipe:1", "-i", url, "-c", "copy", "-f", "null", "-"], line: _ => watching.TrySetResult());
            await process.WaitAsync(cancellation);
            return 0;
        }

        async Task<double> ByPlaylistAsync()
        {
            using var http = new HttpClient();
            var main = await http.GetStringAsync(new Uri(url), cancellation);
            var media = new Uri(new Uri(url), main.Split('\n').Last(line => line.Length > 0 && !line.StartsWith('#')));
            while (true)
            {
                using var answer = await http.GetAsync(media, cancellation);
                if (answer.StatusCode == HttpStatusCode.NotFound)
                {
                    return 0;
                }

                answer.EnsureSuccessStatusCode();
                watching.TrySetResult();
                await Task.Delay(10, cancellation);
            }
        }

        // The moment of the last packet, found half a second later: a connection that is cut says so to the browser in its own time.
        async Task<double> ByWebRtcAsync(IPage browser)
        {
            await browser.EvaluateAsync(Connect, url);
            watching.TrySetResult();
            return await browser.EvaluateAsync<double>("() => window.quiet");
        }
    }

    private const string Connect =
        """
        async (url) => {
          const connection = new RTCPeerConnection();
          connection.addTransceiver('video', { direction: 'recvonly' });
          await connection.setLocalDescription();
          const answer = await fetch(url, { method: 'POST', headers: { 'Content-Type': 'application/sdp' }, body: connection.localDescription.sdp });
          if (!answer.ok) throw new Error(`WHEP answered ${answer.status}`);
          await connection.setRemoteDescription({ type: 'answer', sdp: await answer.text() });
          const packets = async () => {
            let count = 0;
            (await connection.getStats()).forEach((entry) => { if (entry.type === 'inbound-rtp') count += entry.packetsReceived; });
            return count;
          };
          const rest = (ms) => new Promise((done) => setTimeout(done, ms));
          while ((await packets()) === 0) await rest(20);
          window.quiet = (async () => {
            for (let [count, since] = [0, performance.now()]; ; await rest(10)) {
              const now = await packets();
              if (now !== count) [count, since] = [now, performance.now()];
              else if (performance.now() - since > 500) {
                connection.close();
                return (performance.now() - since) / 1000;
              }
            }
          })();
        }
        """;
}
