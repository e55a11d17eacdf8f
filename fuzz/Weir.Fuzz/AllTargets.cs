using System.Text;
using Weir.Contracts;
using Weir.Social.Links;

namespace Weir.Fuzz;

/// <summary>The media core's targets, and those of the planes around it.</summary>
internal static class AllTargets
{
    private static readonly Dictionary<string, Action<ReadOnlyMemory<byte>>> Planes = new()
    {
        ["ticket"] = ReadTicket,
        ["page-head"] = bytes => PageHead.Read(bytes.Span, null),
    };

    public static IEnumerable<string> Names => Targets.All.Keys.Concat(Planes.Keys);

    public static IReadOnlyList<byte[]> SeedsOf(string target) => target switch
    {
        "ticket" => [ATicket()],
        "page-head" =>
        [
            """<!doctype html><html><head><meta charset="gbk"><title>One &amp; two</title><meta property="og:title" content="T"><meta name=description content='D'></head>"""u8.ToArray(),
            """<html><meta http-equiv="Content-Type" content="text/html; charset=utf-8"><script>if (a < b) {}</script><svg><title>x</title></svg><body>"""u8.ToArray(),
        ],
        _ => Seeds.Of(target),
    };

    public static void Run(string target, ReadOnlyMemory<byte> bytes)
    {
        if (Planes.TryGetValue(target, out var run))
        {
            run(bytes);
        }
        else
        {
            Targets.Run(target, bytes);
        }
    }

    private static byte[] ATicket()
    {
        var ticket = new Ticket(Guid.Empty, Guid.Empty, 1, 2, DateTimeOffset.UnixEpoch.AddDays(1), TicketRights.Comment, "Anna");
        return Encoding.UTF8.GetBytes(ticket.Sign(new NodeKey(new byte[NodeKey.Length])));
    }

    /// <summary>Only what was signed is a ticket.</summary>
    private static void ReadTicket(ReadOnlyMemory<byte> bytes)
    {
        var text = Encoding.UTF8.GetString(bytes.Span);
        var key = new NodeKey(new byte[NodeKey.Length]);
        if (Ticket.TryVerify(key, text, out var ticket) && ticket.Sign(key) != text)
        {
            throw new InvalidOperationException("Two texts are the same ticket.");
        }
    }
}
