using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Weir.Bench.Load;

/// <summary>What to ask for: the playlist, the newest part and the newest whole segment of a broadcast that is published meanwhile, or files of the same names.</summary>
internal sealed record RequestPlan
{
    /// <summary>A broadcast's playlist, found out more from; null: <see cref="Urls"/> are asked for as they are.</summary>
    public string? Playlist { get; init; }

    public PublishTarget? Publish { get; init; }

    public required string File { get; init; }

    public required uint FileMilliseconds { get; init; }

    public IReadOnlyDictionary<string, string> Urls { get; init; } = new Dictionary<string, string>();

    /// <summary>Where the bodies are kept, by their names, for another server to serve.</summary>
    public string? Keep { get; init; }

    public required int Connections { get; init; }

    public required int Seconds { get; init; }

    /// <summary>For each kind of request, before the first of them is measured.</summary>
    public required int WarmUpSeconds { get; init; }

    public required int ServerProcess { get; init; }
}

/// <param name="Bytes">Of the body.</param>
/// <param name="PerCore">Requests for a second of the server's processor time.</param>
internal sealed record RequestResult(string What, long Bytes, double PerSecond, double PerCore, double OwnCpuShare, int Failed);

/// <summary>Connections that ask for the same thing again and again, each as soon as it has the answer.</summary>
internal sealed class RequestLoad(RequestPlan plan)
{
    private const int Segments = 5;
    private static readonly TimeSpan PublishLimit = TimeSpan.FromSeconds(30);

    public IReadOnlyList<RequestResult> Run()
    {
        using var publishers = plan.Publish is { } target ? new Publishers(new PreparedFile(plan.File, plan.FileMilliseconds), [target]) : null;
        using var http = new HttpClient();
        if (plan.Playlist is { } begun)
        {
            AwaitSegments(http, new Uri(begun));
        }

        // The just-in-time compiler is done with a method in stages, and has one core to work on beside what it compiles for: what is asked for
        // in the first seconds costs twice of what it does from then on.
        string[] kinds = ["playlist", "part", "segment"];
        foreach (var what in kinds)
        {
            Ask(Address(http, what), plan.WarmUpSeconds);
        }

        var results = new List<RequestResult>();
        foreach (var what in kinds)
        {
            var url = Address(http, what);
            var body = http.GetByteArrayAsync(url).GetAwaiter().GetResult();
            if (plan.Keep is { } directory)
            {
                File.WriteAllBytes(Path.Combine(directory, what), body);
            }

            results.Add(Ask(url, plan.Seconds) with { What = what, Bytes = body.Length });
        }

        return results;
    }

    /// <summary>A playlist as long as those that players ask for: until then requests cost less than they will.</summary>
    private static void AwaitSegments(HttpClient http, Uri playlist)
    {
        var limit = Stopwatch.StartNew();
        while (Media(http, playlist).Lines.Count(line => line.Length > 0 && line[0] != '#') < Segments)
        {
            if (limit.Elapsed > PublishLimit)
            {
                throw new LoadException("The playlist does not grow");
            }

            Thread.Sleep(200);
        }
    }

    private static (Uri Playlist, string[] Lines) Media(HttpClient http, Uri playlist)
    {
        using var answer = http.GetAsync(playlist).GetAwaiter().GetResult();
        var text = answer.IsSuccessStatusCode ? answer.Content.ReadAsStringAsync().GetAwaiter().GetResult().Split('\n', StringSplitOptions.TrimEntries) : [];
        return Array.FindIndex(text, line => line.StartsWith("#EXT-X-STREAM-INF", StringComparison.Ordinal)) is >= 0 and var variant
            ? Media(http, new Uri(playlist, text[variant + 1]))
            : (playlist, text);
    }

    private Uri Address(HttpClient http, string what) => plan.Playlist is { } playlist ? Find(http, new Uri(playlist), what) : new Uri(plan.Urls[what]);

    private static Uri Find(HttpClient http, Uri address, string what)
    {
        var (playlist, text) = Media(http, address);
        return what switch
        {
            "playlist" => playlist,
            "part" => new Uri(playlist, text.Last(line => line.StartsWith("#EXT-X-PART:", StringComparison.Ordinal)).Split("URI=\"")[1].Split('"')[0]),
            _ => new Uri(playlist, text.Last(line => line.Length > 0 && line[0] != '#')),
        };
    }

    private RequestResult Ask(Uri url, int seconds)
    {
        var request = Encoding.ASCII.GetBytes($"GET {url.PathAndQuery} HTTP/1.1\r\nHost: {url.Authority}\r\nAccept-Encoding: identity\r\n\r\n");
        using var epoll = new Epoll();
        var sockets = new Socket[plan.Connections];
        var responses = new HttpResponses[plan.Connections];
        for (var i = 0; i < sockets.Length; i++)
        {
            sockets[i] = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            sockets[i].Connect(IPAddress.Loopback, url.Port);
            sockets[i].Send(request);
            epoll.Add((int)sockets[i].Handle, i);
            responses[i] = new HttpResponses();
        }

        var buffer = new byte[256 * 1024];
        Span<int> ready = stackalloc int[256];
        long answers = 0;
        var failed = 0;
        var server = ProcessFigures.CpuSeconds(plan.ServerProcess);
        var own = ProcessFigures.CpuSeconds(Environment.ProcessId);
        var clock = Stopwatch.StartNew();
        while (clock.Elapsed.TotalSeconds < seconds)
        {
            foreach (var key in ready[..epoll.Wait(ready, 100)])
            {
                var data = buffer.AsSpan(0, sockets[key].Receive(buffer));
                if (data.IsEmpty)
                {
                    failed++;
                    epoll.Remove((int)sockets[key].Handle);
                    continue;
                }

                while (!data.IsEmpty)
                {
                    var (taken, whole) = responses[key].Receive(data, static _ => { });
                    data = data[taken..];
                    if (whole)
                    {
                        failed += responses[key].Status == 200 ? 0 : 1;
                        answers++;
                        sockets[key].Send(request);
                    }
                }
            }
        }

        var took = clock.Elapsed.TotalSeconds;
        server = ProcessFigures.CpuSeconds(plan.ServerProcess) - server;
        own = ProcessFigures.CpuSeconds(Environment.ProcessId) - own;
        foreach (var socket in sockets)
        {
            socket.Dispose();
        }

        return new RequestResult("", 0, answers / took, answers / server, own / took, failed);
    }
}
