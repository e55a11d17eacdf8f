using System.Buffers;
using CsCheck;
using Weir.Media.Rtmp;

namespace Weir.Media.Tests.Rtmp;

public class ChunkTests
{
    private const int MaxMessage = 1 << 20;

    /// <summary>Bytes on the wire, and what they say: type, stream, time stamp, payload.</summary>
    public static TheoryData<string, string, string> Wire => new()
    {
        { "type 0", "03 000010 000003 14 01000000 aabbcc", "CommandAmf0 1 16 aabbcc" },
        { "an empty message", "03 000010 000000 14 00000000", "CommandAmf0 0 16 " },
        { "type 1 after type 0", "06 000064 000002 09 01000000 aabb 46 000028 000001 09 cc", "Video 1 100 aabb|Video 1 140 cc" },
        { "type 2 keeps length and type", "06 000064 000001 09 01000000 aa 86 000021 bb", "Video 1 100 aa|Video 1 133 bb" },
        { "type 3 repeats the delta", "06 0f4240 000001 09 01000000 aa 86 000021 bb c6 cc", "Video 1 1000000 aa|Video 1 1000033 bb|Video 1 1000066 cc" },
        { "type 3 right after an early type 0 advances by it", "06 000028 000001 09 01000000 aa c6 bb", "Video 1 40 aa|Video 1 80 bb" },
        { "type 3 right after a late type 0 does not", "06 0f4240 000001 09 01000000 aa c6 bb", "Video 1 1000000 aa|Video 1 1000000 bb" },
        { "two-byte chunk stream id", "00 40 000001 000001 08 01000000 aa c0 40 bb", "Audio 1 1 aa|Audio 1 2 bb" },
        { "three-byte chunk stream id, lower byte first", "01 0001 000001 000001 08 01000000 aa 81 0001 000002 bb", "Audio 1 1 aa|Audio 1 3 bb" },
        { "extended time stamp", "06 ffffff 000001 09 01000000 01000000 aa", "Video 1 16777216 aa" },
        { "extended delta on a new message of type 3", "06 000000 000001 09 01000000 aa 86 ffffff 01000000 bb c6 01000000 cc", "Video 1 0 aa|Video 1 16777216 bb|Video 1 33554432 cc" },
        { "type 1 on a new chunk stream, as librtmp's pings", "42 000000 000006 04 000700000001", "UserControl 0 0 000700000001" },
        { "set chunk size applies to the next chunk", "02 000000 000004 01 00000000 00000002 03 000000 000003 14 00000000 aabb c3 cc", "CommandAmf0 0 0 aabbcc" },
        { "interleaved messages", "02 000000 000004 01 00000000 00000002 06 000005 000004 09 01000000 aabb 04 000006 000003 08 01000000 1122 c6 ccdd c4 33", "Video 1 5 aabbccdd|Audio 1 6 112233" },
        { "abort discards a half message", "02 000000 000004 01 00000000 00000002 06 000005 000004 09 01000000 aabb 02 000000 000004 02 00000000 0000 c2 0006 06 000007 000001 09 01000000 ee", "Video 1 7 ee" },
        { "extended time stamp repeated on type 3", "02 000000 000004 01 00000000 00000002 06 ffffff 000004 09 01000000 01000001 aabb c6 01000001 ccdd", "Video 1 16777217 aabbccdd" },
        { "extended time stamp not repeated on type 3", "02 000000 000004 01 00000000 00000004 06 ffffff 000008 09 01000000 01000001 aabbccdd c6 11223344", "Video 1 16777217 aabbccdd11223344" },
    };

    [Theory]
    [MemberData(nameof(Wire))]
    public void Messages_read_the_same_whole_at_every_split_and_byte_by_byte(string what, string hex, string expected)
    {
        var bytes = Convert.FromHexString(hex.Replace(" ", ""));
        Assert.True(Read(bytes) == expected, $"{what}: {Read(bytes)}");
        for (var split = 1; split < bytes.Length; split++)
        {
            Assert.True(Read(bytes[..split], bytes[split..]) == expected, $"{what}, split at {split}: {Read(bytes[..split], bytes[split..])}");
        }

        Assert.True(Read([.. bytes.Select(b => new[] { b })]) == expected, $"{what}, byte by byte");
    }

    [Theory]
    [InlineData("06 000000 100001 09 01000000", "5.3.1.2.1")]
    [InlineData("86 000000 aa", "5.3.1.2")]
    [InlineData("c6 aa", "5.3.1.2")]
    [InlineData("02 000000 000004 01 00000000 00000000", "5.4.1")]
    [InlineData("02 000000 000004 01 00000000 ffffffff", "5.4.1")]
    [InlineData("02 000000 000004 01 00000000 00000001 06 000000 000002 09 01000000 aa 06 000000 000002 09 01000000 bb", "5.3.1.2.4")]
    public void What_the_specification_forbids_is_refused_with_its_clause(string hex, string clause) =>
        Assert.Equal(clause, Assert.Throws<RtmpProtocolException>(() => Read(Convert.FromHexString(hex.Replace(" ", "")))).Clause);

    [Fact]
    public void More_chunk_streams_than_the_bound_are_refused()
    {
        var bytes = Enumerable.Range(3, ChunkReader.MaxChunkStreams + 1)
            .SelectMany(id => Convert.FromHexString($"{id:x2}00000000000008010000 00".Replace(" ", ""))).ToArray();
        Assert.Throws<RtmpProtocolException>(() => Read(bytes));
    }

    [Fact]
    public void Half_messages_on_many_chunk_streams_do_not_add_up_beyond_the_bound()
    {
        // Each within the limit; together they would hold sixteen times as much.
        var bytes = Enumerable.Range(3, 16).SelectMany(id => Convert.FromHexString($"{id:x2}0000000fffff0801000000" + new string('a', 256))).ToArray();
        Assert.Equal("5.3.1.2.1", Assert.Throws<RtmpProtocolException>(() => Read(bytes)).Clause);
    }

    [Fact]
    public void Written_messages_read_back_whatever_their_size_time_and_the_pieces_they_arrive_in() =>
        Gen.Select(
                Gen.Select(Gen.Int[2, 63], Gen.UInt, Gen.OneOf(Gen.Int[0, 300], Gen.Int[65_500, 66_000], Gen.Int[0, 200_000])).List[1, 4],
                Gen.Int[1, 9000])
            .Sample((messages, piece) =>
            {
                List<byte> wire = [.. Convert.FromHexString("0200000000000401000000000000ffff")];
                List<string> expected = [];
                foreach (var (id, timestamp, length) in messages)
                {
                    var payload = new byte[length];
                    new Random(length).NextBytes(payload);
                    wire.AddRange(ChunkWriter.Message(id, RtmpMessageType.Video, 1, timestamp, payload.AsSpan(0, length / 3), payload.AsSpan(length / 3), ChunkWriter.ChunkSize));
                    expected.Add($"Video 1 {timestamp} {Convert.ToHexStringLower(payload)}");
                }

                Assert.Equal(string.Join('|', expected), Read([.. wire.Chunk(piece)]));
            }, iter: 200);

    [Fact]
    public void Random_bytes_end_in_messages_or_a_protocol_error() =>
        Gen.Byte.Array[0, 400].Sample(bytes =>
        {
            try
            {
                Read(bytes);
            }
            catch (RtmpProtocolException)
            {
                // Refused.
            }
        }, iter: 20_000);

    [Fact]
    public void The_handshake_reads_the_same_at_every_split()
    {
        var hello = new byte[1 + Handshake.PacketLength];
        new Random(1).NextBytes(hello);
        hello[0] = 3;
        for (var length = 0; length < hello.Length; length++)
        {
            var part = new ReadOnlySequence<byte>(hello, 0, length);
            Assert.False(Handshake.TryReadHello(ref part, 7, out _));
            Assert.Equal(length, part.Length);
        }

        var whole = new ReadOnlySequence<byte>([.. hello, 9]);
        Assert.True(Handshake.TryReadHello(ref whole, 7, out var answer));
        Assert.Equal(1, whole.Length);
        Assert.Equal(1 + (2 * Handshake.PacketLength), answer.Length);

        // S2 is C1 but for the time it was read at.
        Assert.Equal(hello[9..], answer[(1 + Handshake.PacketLength + 8)..]);
        Assert.Equal([0, 0, 0, 7], answer[1..5]);
    }

    [Theory]
    [InlineData((byte)'G')]
    [InlineData((byte)6)]
    [InlineData((byte)22)]
    public void Another_protocol_is_known_by_its_first_byte(byte first) =>
        Assert.Throws<RtmpProtocolException>(() =>
        {
            var input = new ReadOnlySequence<byte>(new[] { first });
            Handshake.TryReadHello(ref input, 0, out _);
        });

    private static string Read(params byte[][] pieces)
    {
        var reader = new ChunkReader(MaxMessage);
        List<string> messages = [];
        var rest = ReadOnlySequence<byte>.Empty;
        foreach (var piece in pieces)
        {
            rest = new ReadOnlySequence<byte>([.. rest.ToArray(), .. piece]);
            while (reader.TryRead(ref rest, out var message))
            {
                messages.Add($"{message.Type} {message.StreamId} {message.Timestamp} {Convert.ToHexStringLower(message.Payload.Span)}");
            }
        }

        return string.Join('|', messages);
    }
}
