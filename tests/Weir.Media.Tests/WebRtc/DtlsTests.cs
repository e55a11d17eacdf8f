using Weir.Media.WebRtc.Transport;
using Weir.Media.WebRtc.Transport.Dtls;

namespace Weir.Media.Tests.WebRtc;

public sealed class DtlsTests
{
    private static readonly string Hash = string.Join(':', Enumerable.Repeat("AB", 32));

    [Theory]
    [InlineData("sha-1 AB:CD")]
    [InlineData("sha-256")]
    [InlineData("")]
    [InlineData("sha-256 AB:CD")]
    [InlineData("md5 00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF")]
    public void What_is_no_good_fingerprint_is_refused(string text) => Assert.Throws<ArgumentException>(() => CertificateFingerprint.Parse(text));

    [Fact]
    public void A_fingerprint_is_of_one_certificate()
    {
        byte[] certificate = [1, 2, 3];
        Assert.True(CertificateFingerprint.Parse(CertificateFingerprint.Of(certificate)).IsOf(certificate));
        Assert.True(CertificateFingerprint.Parse(CertificateFingerprint.Of(certificate).ToLowerInvariant()).IsOf(certificate));
        Assert.False(CertificateFingerprint.Parse($"sha-256 {Hash}").IsOf(certificate));
        Assert.Throws<ArgumentException>(() => CertificateFingerprint.Parse($"sha-256 {Hash[..^2]}XY"));
        Assert.Throws<ArgumentException>(() => CertificateFingerprint.Parse($"sha-256 {Hash.Replace(':', ' ')}"));
        Assert.Throws<ArgumentException>(() => CertificateFingerprint.Parse($"sha-256 {Hash.Replace(':', '-')}"));
    }

    [Fact]
    public void Records_are_told_apart()
    {
        Assert.Equal(DtlsContent.ClientHello, DtlsRecords.Classify(Record(22, 0, Message(1, 100, 0, 40))));
        Assert.Equal(DtlsContent.Handshake, DtlsRecords.Classify(Record(22, 0, Message(11, 40, 0, 40))));
        Assert.Equal(DtlsContent.Handshake, DtlsRecords.Classify(Record(22, 1, new byte[40])));
        Assert.Equal(DtlsContent.Alert, DtlsRecords.Classify(Record(21, 1, new byte[26])));
        Assert.Equal(DtlsContent.Other, DtlsRecords.Classify(Record(20, 0, [1])));
        Assert.Equal(DtlsContent.Other, DtlsRecords.Classify([.. Record(20, 0, [1]), .. Record(22, 1, new byte[40])]));
    }

    [Fact]
    public void Records_that_would_cost_memory_or_make_no_sense_are_malformed()
    {
        Assert.Equal(DtlsContent.Malformed, DtlsRecords.Classify(Record(22, 0, Message(1, 0xffffff, 0, 40))));
        Assert.Equal(DtlsContent.Malformed, DtlsRecords.Classify(Record(22, 0, Message(1, 100, 90, 40))));
        Assert.Equal(DtlsContent.Malformed, DtlsRecords.Classify(Record(22, 0, Message(1, 100, 0, 40)[..^1])));
        Assert.Equal(DtlsContent.Malformed, DtlsRecords.Classify(Record(22, 0, [1, 2, 3])));
        Assert.Equal(DtlsContent.Malformed, DtlsRecords.Classify(Record(22, 0, [])));
        Assert.Equal(DtlsContent.Malformed, DtlsRecords.Classify(Record(99, 0, [1])));
        Assert.Equal(DtlsContent.Malformed, DtlsRecords.Classify([]));
        var tls = Record(22, 0, Message(1, 100, 0, 40));
        tls[1] = 3;
        Assert.Equal(DtlsContent.Malformed, DtlsRecords.Classify(tls));
        var record = Record(22, 0, Message(1, 100, 0, 40));
        for (var cut = 0; cut < record.Length; cut++)
        {
            Assert.Equal(DtlsContent.Malformed, DtlsRecords.Classify(record.AsSpan(0, cut)));
        }
    }

    [Fact]
    public async Task A_handshake_survives_the_loss_of_any_one_datagram()
    {
        // Each round loses another one of the handshake's datagrams, until a round has none to lose any more.
        for (var lost = 0; ; lost++)
        {
            using var wire = new Wire();
            var number = 0;
            var dropped = false;
            wire.Carries = (bytes, _, _) =>
            {
                var lose = bytes[0] is >= 20 and <= 63 && Interlocked.Increment(ref number) - 1 == lost;
                dropped |= lose;
                return !lose;
            };
            var pair = new Pair(wire);
            await wire.UntilAsync(() => pair.Client.State == RtcPeerState.Connected && pair.Server.State == RtcPeerState.Connected, what: $"without datagram {lost}");
            await pair.ExchangeAsync();
            if (!dropped)
            {
                Assert.True(lost > 8);
                return;
            }
        }
    }

    [Fact]
    public async Task A_hello_in_pieces_and_in_the_wrong_order_is_put_together()
    {
        using var wire = new Wire();
        var whole = true;
        wire.Carries = (bytes, from, to) =>
        {
            if (!whole || DtlsRecords.Classify(bytes) != DtlsContent.ClientHello)
            {
                return true;
            }

            // One record with one message; browsers send its pieces as records of their own.
            whole = false;
            var pieces = Split(bytes, 70);
            Assert.True(pieces.Count > 1);
            pieces.Reverse();
            foreach (var piece in pieces)
            {
                wire.Inject(piece, from, to);
            }

            return false;
        };
        var pair = new Pair(wire);
        await wire.UntilAsync(() => pair.Client.State == RtcPeerState.Connected && pair.Server.State == RtcPeerState.Connected);
        Assert.False(whole);
        await pair.ExchangeAsync();
    }

    [Fact]
    public async Task Another_certificate_than_the_promised_one_ends_the_session()
    {
        using var wire = new Wire();
        var pair = new Pair(wire, clientFingerprint: $"sha-256 {Hash}");
        await wire.UntilAsync(() => pair.ServerPackets.Closed.IsCompleted);
        Assert.Equal(RtcClosed.Handshake, await pair.ServerPackets.Closed);
        Assert.False(pair.ServerPackets.Connected.IsCompleted);
    }

    [Fact]
    public async Task Another_certificate_of_the_server_ends_the_session()
    {
        using var wire = new Wire();
        var pair = new Pair(wire, serverFingerprint: $"sha-256 {Hash}");
        await wire.UntilAsync(() => pair.ClientPackets.Closed.IsCompleted);
        Assert.Equal(RtcClosed.Handshake, await pair.ClientPackets.Closed);
        Assert.False(pair.ClientPackets.Connected.IsCompleted);
    }

    [Fact]
    public async Task Either_side_may_begin_the_handshake()
    {
        using var wire = new Wire();
        var pair = new Pair(wire, serverRole: DtlsRole.Client);
        await wire.UntilAsync(() => pair.Client.State == RtcPeerState.Connected && pair.Server.State == RtcPeerState.Connected);
        await pair.ExchangeAsync();
    }

    private static byte[] Record(byte type, ushort epoch, byte[] body) =>
        [type, 254, 253, (byte)(epoch >> 8), (byte)epoch, 0, 0, 0, 0, 0, 1, (byte)(body.Length >> 8), (byte)body.Length, .. body];

    private static byte[] Message(byte type, int whole, int offset, int length) =>
    [
        type, (byte)(whole >> 16), (byte)(whole >> 8), (byte)whole, 0, 0, (byte)(offset >> 16), (byte)(offset >> 8), (byte)offset,
        (byte)(length >> 16), (byte)(length >> 8), (byte)length, .. new byte[length],
    ];

    private static List<byte[]> Split(byte[] record, int size)
    {
        List<byte[]> pieces = [];
        var message = record.AsSpan(13, 12).ToArray();
        var body = record[25..];
        for (var offset = 0; offset < body.Length; offset += size)
        {
            var piece = Message(message[0], body.Length, offset, Math.Min(size, body.Length - offset));
            message.AsSpan(4, 2).CopyTo(piece.AsSpan(4));
            body.AsSpan(offset, Math.Min(size, body.Length - offset)).CopyTo(piece.AsSpan(12));
            var wrapped = Record(22, 0, piece);
            record.AsSpan(1, 2).CopyTo(wrapped.AsSpan(1));
            wrapped[10] = (byte)(pieces.Count + 20);
            pieces.Add(wrapped);
        }

        return pieces;
    }
}
