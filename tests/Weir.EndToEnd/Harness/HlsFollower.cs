using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text.RegularExpressions;

namespace Weir.EndToEnd.Harness;

/// <summary>A viewer by LL-HLS without a picture: blocking reloads, and each part and segment as soon as a playlist names it.</summary>
internal sealed partial class HlsFollower : IDisposable
{
    private readonly HttpClient _http;
    private readonly bool _asksAhead;
    private readonly Uri _index;
    private readonly HashSet<string> _seen = [];

    /// <param name="encoding">Accept-Encoding as this viewer's program writes it, or null.</param>
    /// <param name="origin">The page it plays in, or null for a program of its own.</param>
    /// <param name="asksAhead">Asks for the part that EXT-X-PRELOAD-HINT names before it is there, as Safari does.</param>
    public HlsFollower(string index, string? encoding, string? origin, bool asksAhead)
    {
        var handler = Trust.Handler();
        handler.AutomaticDecompression = DecompressionMethods.None;
        _http = new HttpClient(handler) { Timeout = Eventually.Patience };
        _index = new Uri(index);
        _asksAhead = asksAhead;
        if (encoding is not null)
        {
            _http.DefaultRequestHeaders.Add("Accept-Encoding", encoding);
        }

        if (origin is not null)
        {
            _http.DefaultRequestHeaders.Add("Origin", origin);
        }
    }

    public ConcurrentQueue<Answer> Answers { get; } = [];

    public IEnumerable<Answer> Media => Answers.Where(answer => !answer.IsPlaylist && answer.Status == HttpStatusCode.OK);

    public IEnumerable<Answer> Playlists => Answers.Where(answer => answer.IsPlaylist);

    /// <summary>From the live edge on, for so many reloads. They go on from the first playlist when all have it, because some come so far sooner than others.</summary>
    public static Task FollowAsync(IReadOnlyCollection<HlsFollower> viewers, int reloads)
    {
        var (here, everybody) = (0, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        return Task.WhenAll(viewers.Select(viewer => viewer.FollowAsync(reloads, () =>
        {
            if (Interlocked.Increment(ref here) == viewers.Count)
            {
                everybody.SetResult();
            }

            return everybody.Task.WaitAsync(Eventually.Patience);
        })));
    }

    private async Task FollowAsync(int reloads, Func<Task> ready)
    {
        var index = await GetAsync(_index);
        var main = new Uri(_index, index.Text.Split('\n').First(line => line.StartsWith("main.m3u8", StringComparison.Ordinal)));
        var text = (await GetAsync(main)).Text;
        foreach (var (uri, _) in Named(text))
        {
            _seen.Add(uri);
        }

        await GetAsync(new Uri(main, Map().Match(text).Groups[1].Value));
        await ready();
        for (var i = 0; i < reloads; i++)
        {
            var hint = Hint().Match(text).Groups[1].Value;
            var ahead = _asksAhead && _seen.Add(hint) ? GetAsync(new Uri(main, hint), mayBeMissing: true) : null;
            var (msn, part) = Next(text);
            text = (await GetAsync(new Uri($"{main}{(main.Query.Length > 0 ? '&' : '?')}_HLS_msn={msn}&_HLS_part={part}"))).Text;
            foreach (var (uri, _) in Named(text).Where(one => _seen.Add(one.Uri)))
            {
                await GetAsync(new Uri(main, uri));
            }

            if (ahead is not null)
            {
                await ahead;
            }
        }
    }

    /// <param name="mayBeMissing">A hinted part that does not come because its segment ended before is an expected 404.</param>
    public async Task<Answer> GetAsync(Uri address, bool mayBeMissing = false)
    {
        using var answer = await _http.GetAsync(address);
        var bytes = await answer.Content.ReadAsByteArrayAsync();
        Assert.True(answer.IsSuccessStatusCode || (mayBeMissing && answer.StatusCode == HttpStatusCode.NotFound), $"{address}: {(int)answer.StatusCode}");
        var took = new Answer(
            address,
            answer.StatusCode,
            answer.Headers.CacheControl ?? new CacheControlHeaderValue(),
            answer.Headers.TryGetValues("Access-Control-Allow-Origin", out var allowed) ? string.Join(',', allowed) : "",
            string.Join(',', answer.Headers.Vary),
            answer.Content.Headers.ContentEncoding.Contains("gzip"),
            bytes);
        Answers.Enqueue(took);
        return took;
    }

    public void Dispose() => _http.Dispose();

    private static IEnumerable<(string Uri, bool Part)> Named(string playlist) =>
        playlist.Split('\n').Select(line => Part().Match(line) is { Success: true } part ? (part.Groups[1].Value, true) : (line, false))
            .Where(one => one.Item2 || (one.Item1.Length > 0 && one.Item1[0] != '#'));

    /// <summary>8216bis 6.2.5.2: the part after the last one. A segment that is complete ends with its own URI.</summary>
    private static (long Msn, int Part) Next(string playlist)
    {
        var msn = long.Parse(Sequence().Match(playlist).Groups[1].Value, CultureInfo.InvariantCulture);
        var parts = 0;
        foreach (var (_, isPart) in Named(playlist))
        {
            (msn, parts) = isPart ? (msn, parts + 1) : (msn + 1, 0);
        }

        return (msn, parts);
    }

    [GeneratedRegex("^#EXT-X-PART:.*URI=\"([^\"]+)\"")]
    private static partial Regex Part();

    [GeneratedRegex("#EXT-X-PRELOAD-HINT:.*URI=\"([^\"]+)\"")]
    private static partial Regex Hint();

    [GeneratedRegex("#EXT-X-MAP:URI=\"([^\"]+)\"")]
    private static partial Regex Map();

    [GeneratedRegex("#EXT-X-MEDIA-SEQUENCE:([0-9]+)")]
    private static partial Regex Sequence();

    /// <summary>What came back.</summary>
    internal sealed record Answer(Uri Address, HttpStatusCode Status, CacheControlHeaderValue Cache, string AllowedOrigin, string Vary, bool Gzip, byte[] Bytes)
    {
        public bool IsPlaylist => Address.AbsolutePath.EndsWith(".m3u8", StringComparison.Ordinal);

        public override string ToString() => $"{(int)Status} {Address}";

        public string Hash { get; } = Convert.ToHexString(SHA256.HashData(Bytes));

        public string Text
        {
            get
            {
                using Stream stream = Gzip
                    ? new System.IO.Compression.GZipStream(new MemoryStream(Bytes), System.IO.Compression.CompressionMode.Decompress)
                    : new MemoryStream(Bytes);
                using var reader = new StreamReader(stream);
                return reader.ReadToEnd();
            }
        }
    }
}
