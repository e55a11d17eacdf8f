using System.Globalization;
using System.Text;

namespace Weir.Bench.Load;

/// <summary>
/// Plays one rendition of LL-HLS over one connection, as hls.js does: blocking playlist reload, then the new parts. A
/// multivariant playlist leads to its first variant here and to the variant's sound on a connection of its own.
/// </summary>
internal sealed class HlsPlayer : Player
{
    private readonly HttpResponses _responses = new();
    private readonly HttpResponses.BodyHandler _take;
    private readonly MemoryStream _playlist = new();
    private readonly Queue<Uri> _parts = new();
    private readonly List<(Uri, Player)> _further = [];
    private Mp4Payload _payload = new();
    private long _payloadBefore;
    private Uri _url;
    private bool _inPlaylist = true;
    private bool _begun;
    private bool _skip;
    private (long Segment, int Part) _last;
    private (long Segment, int Part) _next;

    public HlsPlayer(Uri url)
    {
        _url = url;
        _take = Take;
    }

    public override ReadOnlyMemory<byte> Open() => Request(_url);

    public override void Receive(ReadOnlySpan<byte> data, Action<ReadOnlyMemory<byte>> send)
    {
        while (!data.IsEmpty)
        {
            var (taken, whole) = _responses.Receive(data, _take);
            data = data[taken..];
            Payload = _payloadBefore + _payload.Bytes;
            if (whole)
            {
                send(Next());
            }
        }
    }

    public override IReadOnlyList<(Uri Url, Player Player)> TakeFurther()
    {
        if (_further.Count == 0)
        {
            return [];
        }

        (Uri, Player)[] taken = [.. _further];
        _further.Clear();
        return taken;
    }

    private void Take(ReadOnlySpan<byte> body)
    {
        if (_inPlaylist)
        {
            _playlist.Write(body);
        }
        else
        {
            _payload.Receive(body);
        }
    }

    private ReadOnlyMemory<byte> Next()
    {
        if (_inPlaylist)
        {
            var text = Encoding.UTF8.GetString(_playlist.GetBuffer(), 0, (int)_playlist.Length);
            _playlist.SetLength(0);
            if (text.Contains("#EXT-X-STREAM-INF", StringComparison.Ordinal))
            {
                Multivariant(text);
                return Request(_url);
            }

            Media(text);
        }
        else
        {
            _payloadBefore += _payload.Bytes;
            _payload = new Mp4Payload();
        }

        _inPlaylist = !_parts.TryDequeue(out var part);
        if (part is not null)
        {
            return Request(part);
        }

        var mark = _url.Query.Length == 0 ? '?' : '&';
        var skip = _skip ? "&_HLS_skip=YES" : "";
        return Request(new Uri($"{_url}{mark}_HLS_msn={_next.Segment}&_HLS_part={_next.Part}{skip}"));
    }

    private void Multivariant(string playlist)
    {
        var lines = playlist.Split('\n', StringSplitOptions.TrimEntries);
        var variant = Array.FindIndex(lines, line => line.StartsWith("#EXT-X-STREAM-INF", StringComparison.Ordinal));
        if (lines.FirstOrDefault(line => line.StartsWith("#EXT-X-MEDIA:", StringComparison.Ordinal) && line.Contains("TYPE=AUDIO", StringComparison.Ordinal)) is { } sound
            && Quoted(sound, "URI") is { } address)
        {
            var url = new Uri(_url, address);
            _further.Add((url, new HlsPlayer(url)));
        }

        _url = new Uri(_url, lines[variant + 1]);
    }

    private void Media(string playlist)
    {
        var at = (Segment: 0L, Part: 0);
        var fresh = new List<(Uri Url, bool Independent)>();
        var end = _last;
        foreach (var range in playlist.AsSpan().Split('\n'))
        {
            var line = playlist.AsSpan()[range].TrimEnd('\r');
            if (line.StartsWith("#EXT-X-MEDIA-SEQUENCE:"))
            {
                at = (Number(line), 0);
            }
            else if (line.StartsWith("#EXT-X-SKIP:"))
            {
                at = (at.Segment + Number(line), 0);
            }
            else if (line.StartsWith("#EXT-X-SERVER-CONTROL:"))
            {
                _skip = line.Contains("CAN-SKIP-UNTIL", StringComparison.Ordinal);
            }
            else if (line.StartsWith("#EXT-X-PART:"))
            {
                // 8216bis 4.4.4.9: a part marked GAP is not there and must not be loaded.
                if ((!_begun || at.CompareTo(_last) > 0) && !line.Contains("GAP=YES", StringComparison.Ordinal))
                {
                    var text = line.ToString();
                    fresh.Add((new Uri(_url, Quoted(text, "URI")!), text.Contains("INDEPENDENT=YES", StringComparison.Ordinal)));
                    end = at;
                }

                at.Part++;
            }
            else if (line.Length > 0 && line[0] != '#')
            {
                at = (at.Segment + 1, 0);
            }
        }

        if (!_begun && fresh.Count == 0)
        {
            throw new LoadException("The HLS playlist has no parts");
        }

        // A player begins at the last part that can be decoded by itself.
        var from = _begun ? 0 : Math.Max(0, fresh.FindLastIndex(part => part.Independent));
        foreach (var (url, _) in fresh.Skip(from))
        {
            _parts.Enqueue(url);
        }

        _begun = true;
        _last = end;
        _next = at;
    }

    private static long Number(ReadOnlySpan<char> line)
    {
        var from = line.IndexOf(':') + 1;
        var equals = line.IndexOf('=');
        var digits = line[(equals > 0 ? equals + 1 : from)..];
        var length = digits.IndexOfAnyExceptInRange('0', '9');
        return long.Parse(length < 0 ? digits : digits[..length], CultureInfo.InvariantCulture);
    }

    private static string? Quoted(string line, string name)
    {
        var from = line.IndexOf(name + "=\"", StringComparison.Ordinal);
        if (from < 0)
        {
            return null;
        }

        from += name.Length + 2;
        return line[from..line.IndexOf('"', from)];
    }

    private static byte[] Request(Uri url) => Encoding.ASCII.GetBytes($"GET {url.PathAndQuery} HTTP/1.1\r\nHost: {url.Authority}\r\n\r\n");
}
