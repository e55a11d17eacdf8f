using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Weir.Bench.Load;

/// <summary>Posts comments at a steady rate, each by the next of those who may, with the time of posting in it.</summary>
internal sealed class CommentPosts(int perSecond)
{
    private readonly Samples _delays = new();
    private long _begun;
    private bool _over = true;

    public int Posted { get; private set; }

    public void Begin() => (_begun, _over) = (Stopwatch.GetTimestamp(), perSecond == 0);

    public void End() => _over = true;

    /// <summary>How long the next one may be waited for.</summary>
    public int Patience(int milliseconds) => _over ? milliseconds : Math.Min(milliseconds, Math.Max(1, 1000 / perSecond));

    /// <summary>Posts what is due. What cannot be sent counts as posted: then nobody gets it, which shows.</summary>
    public void SendDue(IReadOnlyList<Connection> writers)
    {
        while (!_over && writers.Count > 0 && Posted < Stopwatch.GetElapsedTime(_begun).TotalSeconds * perSecond)
        {
            var text = string.Create(CultureInfo.InvariantCulture, $"{{\"type\":\"comment\",\"clientId\":\"c{Posted}\",\"text\":\"{Encoding.ASCII.GetString(Marker.CommentName)}{Marker.Now:D16}\"}}");
            var writer = writers[Posted % writers.Count];
            Posted++;
            try
            {
                // RFC 6455, 5.2: a client masks; a mask of zeros changes nothing.
                writer.Send((byte[])[0x81, (byte)(0x80 | text.Length), 0, 0, 0, 0, .. Encoding.ASCII.GetBytes(text)]);
            }
            catch (LoadException)
            {
                // Reading from it says the same, and counts it.
            }
        }
    }

    /// <summary>Looks for comments in what a viewer got.</summary>
    public void Sample(ReadOnlySpan<byte> data)
    {
        var now = Marker.Now;
        while (Marker.TryFind(Marker.CommentName, ref data, out var sent))
        {
            _delays.Add((now - sent) / 1000.0);
        }
    }

    public CommentFigures? Figures(IReadOnlyList<Player> viewers)
    {
        if (perSecond == 0)
        {
            return null;
        }

        var got = new Samples();
        foreach (var viewer in viewers.OfType<WebSocketPlayer>())
        {
            got.Add(viewer.Comments);
        }

        return new CommentFigures(
            Posted, viewers.OfType<WebSocketPlayer>().Sum(viewer => viewer.Refused), (int)got.Percentile(0), got.Median,
            _delays.Count == 0 ? -1 : _delays.Median, _delays.Count == 0 ? -1 : _delays.Percentile(99));
    }
}
