using CsCheck;
using Weir.Media.Formats.Rtp;

namespace Weir.Media.Tests.Rtp;

public sealed class RtpTests
{
    [Fact]
    public void A_header_with_sources_extensions_and_padding_is_read()
    {
        var packet = Convert.FromHexString("b1e012341000000020000000" + "30000000" + "bede0001" + "51aabb00" + "010203" + "0002");
        Assert.True(RtpHeader.TryRead(packet, out var header));
        Assert.Equal((true, (byte)96, (ushort)0x1234, 0x10000000u, 0x20000000u), (header.Marker, header.PayloadType, header.Sequence, header.Timestamp, header.Ssrc));
        Assert.True(RtpExtensions.TryFind(header, packet, 5, out var value));
        Assert.Equal([0xaa, 0xbb], value.ToArray());
        Assert.False(RtpExtensions.TryFind(header, packet, 4, out _));
        Assert.True(header.TryPayload(packet, out var payload));
        Assert.Equal([1, 2, 3], payload.ToArray());
    }

    [Fact]
    public void The_two_byte_form_of_extensions_is_read()
    {
        var packet = Convert.FromHexString("9060000100000002000000031000000203" + "00" + "1402aabb" + "0000");
        Assert.True(RtpHeader.TryRead(packet, out var header));
        Assert.True(RtpExtensions.TryFind(header, packet, 3, out var empty));
        Assert.Equal(0, empty.Length);
        Assert.True(RtpExtensions.TryFind(header, packet, 20, out var value));
        Assert.Equal([0xaa, 0xbb], value.ToArray());
    }

    [Fact]
    public void Written_headers_and_extensions_are_read_again() =>
        Gen.Select(Gen.Byte.Array[1, 16], Gen.Int[1, 14], Gen.UShort, Gen.UInt).Sample((value, id, sequence, time) =>
        {
            var packet = new byte[64];
            RtpHeader.Write(packet, marker: true, 102, sequence, time, 7, hasExtensions: true);
            var writer = new RtpExtensionWriter(packet.AsSpan(12));
            writer.Add(0, [1]);
            writer.Add(id, value);
            var length = 12 + writer.Finish();
            return RtpHeader.TryRead(packet.AsSpan(0, length), out var header) && header.Sequence == sequence && header.Timestamp == time
                && header.HeaderLength == length && RtpExtensions.TryFind(header, packet, id, out var found) && found.SequenceEqual(value);
        });

    [Fact]
    public void Cut_anywhere_in_its_header_it_is_no_packet()
    {
        var packet = Convert.FromHexString("b1e012341000000020000000" + "30000000" + "bede0001" + "51aabb00");
        for (var length = 0; length < packet.Length; length++)
        {
            Assert.False(RtpHeader.TryRead(packet.AsSpan(0, length), out _));
        }
    }

    [Fact]
    public void Numbers_go_on_beyond_their_wrap()
    {
        var unwrap = new RtpUnwrapper();
        Assert.Equal(65534, unwrap.Sequence(65534));
        Assert.Equal(65537, unwrap.Sequence(1));
        Assert.Equal(65535, unwrap.Sequence(65535));
        var time = new RtpUnwrapper();
        Assert.Equal(uint.MaxValue, time.Timestamp(uint.MaxValue));
        Assert.Equal(uint.MaxValue + 3001L, time.Timestamp(3000));
    }

    [Fact]
    public void A_nack_says_the_same_after_writing_and_reading() =>
        Gen.Select(Gen.UShort, Gen.Int[1, 40].List[1, 30]).Sample((first, steps) =>
        {
            List<ushort> missing = [first];
            steps.ForEach(step => missing.Add((ushort)(missing[^1] + step)));
            var buffer = new byte[1200];
            var writer = new RtcpWriter(buffer);
            writer.ReceiverReport(1, [new ReportBlock(2, 3, -4, 5, 6, 7, 8)]);
            writer.Nack(1, 2, missing.ToArray());
            var reader = new RtcpReader(buffer.AsSpan(0, writer.Length));
            if (!reader.MoveNext() || !ReportBlock.TryRead(reader.Body[4..], 0, out var block) || block != new ReportBlock(2, 3, -4, 5, 6, 7, 8) || !reader.MoveNext())
            {
                return false;
            }

            var read = new ushort[600];
            var count = RtcpFeedbackReader.ReadNack(reader.Body, read);
            return reader is { Type: RtcpType.TransportFeedback, Count: RtcpFeedback.Nack } && read[..count].SequenceEqual(missing);
        });

    [Fact]
    public void Every_packet_of_a_compound_is_read_again()
    {
        var buffer = new byte[1200];
        var writer = new RtcpWriter(buffer);
        writer.SenderReport(new SenderReport(1, 0x1122334455667788, 90000, 5, 6));
        writer.SourceDescription(1, "weir");
        writer.Pli(1, 2);
        writer.Fir(1, 2, 9);
        writer.Remb(1, [2, 3], 1_234_567);
        writer.Goodbye(1);
        var reader = new RtcpReader(buffer.AsSpan(0, writer.Length));
        Assert.True(reader.MoveNext());
        Assert.True(SenderReport.TryRead(reader.Body, out var report));
        Assert.Equal(new SenderReport(1, 0x1122334455667788, 90000, 5, 6), report);
        Assert.True(reader.MoveNext());
        Assert.Equal(RtcpType.SourceDescription, reader.Type);
        Assert.Equal("0000000101047765697200", Convert.ToHexString(reader.Body[..11]));
        Assert.True(reader.MoveNext());
        Assert.Equal((RtcpType.PayloadFeedback, RtcpFeedback.Pli), (reader.Type, reader.Count));
        Assert.True(RtcpFeedbackReader.TryMediaSsrc(reader.Body, out var media));
        Assert.Equal(2u, media);
        Assert.True(reader.MoveNext());
        Assert.True(RtcpFeedbackReader.IsFirFor(reader.Body, 2));
        Assert.False(RtcpFeedbackReader.IsFirFor(reader.Body, 3));
        Assert.True(reader.MoveNext());
        Assert.True(RtcpFeedbackReader.TryRemb(reader.Body, out var bitrate));
        Assert.InRange(bitrate, 1_234_500ul, 1_234_567ul);
        Assert.True(reader.MoveNext());
        Assert.Equal(RtcpType.Goodbye, reader.Type);
        Assert.False(reader.MoveNext());
    }

    [Fact]
    public void Transport_wide_feedback_says_when_each_packet_arrived() =>
        Gen.Select(Gen.UShort, Gen.Int[-40_000, 300_000].Array[1, 120], Gen.Int[0, 5]).Sample((first, steps, lossEvery) =>
        {
            var at = 5_000_000_000L;
            var arrivals = steps.Select((step, i) => i > 0 && lossEvery > 0 && i % (lossEvery + 1) == 0 ? -1 : at += step).ToArray();
            var buffer = new byte[1200];
            var writer = new RtcpWriter(buffer);
            var count = TransportCc.Write(ref writer, 1, 2, 3, first, arrivals);
            var reader = new RtcpReader(buffer.AsSpan(0, writer.Length));
            var read = new List<(ushort, long)>();
            Assert.True(reader.MoveNext());
            Assert.True(TransportCc.TryRead(reader.Body, (sequence, time) => read.Add((sequence, time))));
            var expected = arrivals.Select((time, i) => ((ushort)(first + i), time)).Take(count).Where(pair => pair.time >= 0).ToArray();
            Assert.Equal(arrivals.Length, count);
            Assert.Equal(expected.Select(pair => pair.Item1), read.Select(pair => pair.Item1));
            foreach (var (wanted, got) in expected.Zip(read))
            {
                // 24 bits of 64 ms wrap after 12 days; a unit is 250 microseconds, and errors do not add up.
                Assert.InRange(wanted.time - got.Item2, -250, 250);
            }
        }, iter: 300);
}
