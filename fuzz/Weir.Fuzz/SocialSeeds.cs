using System.Text;
using System.Text.Json;
using Google.Protobuf;
using Weir.Contracts;
using Weir.Contracts.Planes;

namespace Weir.Fuzz;

/// <summary>Valid inputs of the planes' targets to begin with.</summary>
internal static class SocialSeeds
{
    /// <summary>None for a target that is not known.</summary>
    public static IReadOnlyList<byte[]> Of(string target) => target switch
    {
        "ticket" => [ATicket(0), ATicket(9)],
        "comment-statement" =>
        [
            JsonSerializer.SerializeToUtf8Bytes(new CommentStatement(Guid.Empty, "0123456789abcdef0123456789abcdef", Guid.Empty, "Anna",
                "Hello", 1200, DateTimeOffset.UnixEpoch)),
            Encoding.ASCII.GetBytes(new CommentStatement(Guid.Empty, "c", Guid.Empty, "Anna", "Hello", 1200,
                DateTimeOffset.UnixEpoch).Sign(new NodeKey(new byte[NodeKey.Length]))),
            "{\"Comment\":null}"u8.ToArray(),
        ],
        "node-report" => Reports(),
        "page-head" =>
        [
            [
                .. """<!doctype html><html><head><meta charset="gbk"><title>One &amp; two</title>"""u8,
                .. """<meta property="og:title" content="T"><meta name=description content='D'></head>"""u8,
            ],
            [
                .. """<html><meta http-equiv="Content-Type" content="text/html; charset=utf-8">"""u8,
                .. """<script>if (a < b) {}</script><svg><title>x</title></svg><body>"""u8,
            ],
        ],
        "page-charset" =>
        [
            "utf-8\n<meta charset=gbk>"u8.ToArray(),
            "\"iso-8859-1\"\n<title>\xE9"u8.ToArray(),
            "\n<meta http-equiv=content-type content=\"text/html; charset=windows-31j\">"u8.ToArray(),
        ],
        "link-text" => ["See https://example.org/a_(b)?c=d#e, and http://[2001:db8::1]:8080/."u8.ToArray(),
            "北京https://zh.wikipedia.org/wiki/北京。"u8.ToArray()],
        "user-text" =>
        [
            Encoding.BigEndianUnicode.GetBytes(" A line\r\nwith a tab\t\u202Eand "
                + "\uD83C\uDFF4\uDB40\uDC67\uDB40\uDC62\uDB40\uDC65\uDB40\uDC7F \u2066x\u2069 "),
        ],
        "article" =>
        [
            [
                .. "# A\n\nText with *emphasis*, **more**, ~~less~~, `code` and <https://example.org>.\n\n> - one\n> - two\n\n"u8,
                .. "![x](/api/files/0123456789abcdef0123456789abcdef)\n"u8,
            ],
            [
                .. "[a](javascript:alert(1)) [b](//x.example) [c](/me \"t\") ![d](https://x.example/y.png)\n\n<script>x</script>\n\n"u8,
                .. "[r]: data:text/html,x\n[r] www.example.org a@b.example\n\n1. x\n\n        code\n"u8,
            ],
        ],
        "search-query" => ["zuhause 北京\nZu Hause in 北京, zuhause"u8.ToArray(), "café\nCAFE\u0301 und Cafés"u8.ToArray()],
        "public-address" => [[10, 0, 0, 1], [8, 8, 8, 8], [0x20, 1, 0x0D, 0xB8, .. new byte[11], 1], [0, 0x64, 0xFF, 0x9B, .. new byte[8],
            127, 0, 0, 1]],
        // The generator of P-256 is a point of it (SEC 2, 2.4.2).
        "push-key" => 
        [
            Convert.FromHexString("046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
                + "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"),
            new byte[65],
        ],
        "push-answer" => ["120"u8.ToArray(), "Wed, 21 Oct 2026 07:28:00 GMT"u8.ToArray(), "Tue, 21 Oct 2025 07:28:00 GMT"u8.ToArray(),
            "-1"u8.ToArray()],
        "file-name" => ["C:\\fakepath\\Holiday 2026.tar.gz"u8.ToArray(), "../con.txt. "u8.ToArray(), "\u202Egpj.exe"u8.ToArray(),
            "a\u200D.b~"u8.ToArray()],
        "picture-type" =>
        [
            [0xFF, 0xD8, 0xFF, 0xE0], [0x89, .. "PNG\r\n\x1A\n"u8], [.. "RIFF\0\0\0\0WEBPVP8 "u8], [.. "GIF89a"u8],
            // HEIC and AVIF, by the major brand and by a compatible one.
            [0, 0, 0, 24, .. "ftypheic\0\0\0\0mif1heic"u8], [0, 0, 0, 24, .. "ftypmif1\0\0\0\0mif1avif"u8],
        ],
        "location" or "location-tiff" or "location-xmp" or "location-png" or "location-iso" => LocationTargets.Seeds(target),
        _ => [],
    };

    private static byte[] ATicket(ulong session)
    {
        var ticket = new Ticket(Guid.Empty, Guid.Empty, 1, 2, DateTimeOffset.UnixEpoch.AddDays(1), TicketRights.Comment,
            "Anna") { Session = session };
        return Encoding.UTF8.GetBytes(ticket.Sign(new NodeKey(new byte[NodeKey.Length])));
    }

    private static byte[][] Reports()
    {
        var id = Guid.Empty.ToWire();
        var broadcast = new BroadcastReport { Broadcast = id, Revision = 3, Phase = BroadcastPhase.Live, StartedAt = 1_700_000_000_000_000,
            ChangedAt = 1_700_000_000_000_000, Width = 1280, Height = 720 };
        var presence = new Report { Sequence = 3, Presence = new() { Broadcast = id, Anonymous = 2 } };
        presence.Presence.Accounts.Add(id);
        return
        [
            new Report { Sequence = 1, Hello = new NodeHello { Node = "live", Version = "1.0.0" } }.ToByteArray(),
            new Report { Sequence = 2, Broadcast = broadcast }.ToByteArray(), presence.ToByteArray(),
            new Report { Sequence = 4, Acknowledge = new Acknowledge { Sequence = 1 } }.ToByteArray(),
        ];
    }
}
