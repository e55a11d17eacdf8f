using System.Buffers;
using Weir.Media.Formats;
using Weir.Media.Formats.Rtp;

namespace Weir.Media.Tests.Rtp;

public sealed class RtpFramingTests
{
    private const int Most = 1500;

    public static TheoryData<string, string, string> Wire => new()
    {
        { "one datagram", "0003 aabbcc", "aabbcc" },
        { "the shortest", "0001 aa", "aa" },
        { "a null packet between two", "0002 aabb 0000 0001 cc", "aabb||cc" },
        { "three in a row", "0001 aa 0002 bbcc 0003 ddeeff", "aa|bbcc|ddeeff" },
        { "half of the second is not there", "0002 aabb 0003 cc", "aabb" },
        { "half of a length is not there", "0001 aa 00", "aa" },
    };

    [Theory]
    [MemberData(nameof(Wire))]
    public void Datagrams_read_the_same_whole_at_every_split_and_byte_by_byte(string what, string hex, string expected)
    {
        var bytes = Convert.FromHexString(hex.Replace(" ", ""));
        Assert.True(Read(bytes) == expected, $"{what}: {Read(bytes)}");
        for (var split = 1; split < bytes.Length; split++)
        {
            Assert.True(Read(bytes[..split], bytes[split..]) == expected, $"{what}, split at {split}: {Read(bytes[..split], bytes[split..])}");
        }

        Assert.True(Read([.. bytes.Select(b => new[] { b })]) == expected, $"{what}, byte by byte");
    }

    [Fact]
    public void Datagrams_read_the_same_from_a_sequence_of_many_segments()
    {
        var bytes = Convert.FromHexString("0003aabbcc0002ddee");
        var (begin, end) = Segment.PerByte(bytes);
        var input = new ReadOnlySequence<byte>(begin, 0, end, 1);
        Assert.True(RtpFraming.TryRead(ref input, Most, out var first));
        Assert.True(RtpFraming.TryRead(ref input, Most, out var second));
        Assert.Equal("AABBCC DDEE", $"{Convert.ToHexString(first.ToArray())} {Convert.ToHexString(second.ToArray())}");
        Assert.True(input.IsEmpty);
    }

    [Fact]
    public void A_longer_datagram_than_any_is_refused_as_soon_as_its_length_is_known()
    {
        Assert.Equal("RFC 4571 2", Assert.Throws<MalformedException>(() => Read([0x05, 0xdd])).Clause);
        Assert.Throws<MalformedException>(() => Read([0xff, 0xff]));
        Assert.Equal("", Read([0x05, 0xdc]));
    }

    [Fact]
    public void What_is_written_reads_back()
    {
        var datagram = Enumerable.Range(0, Most).Select(i => (byte)i).ToArray();
        var bytes = new byte[RtpFraming.HeaderLength + Most];
        Assert.Equal(bytes.Length, RtpFraming.Write(datagram, bytes));
        Assert.Equal(Convert.ToHexStringLower(datagram), Read(bytes));
    }

    /// <summary>What the pieces say, each datagram as soon as it is there; an incomplete one must leave the input as it was.</summary>
    private static string Read(params byte[][] pieces)
    {
        List<string> datagrams = [];
        var rest = ReadOnlySequence<byte>.Empty;
        foreach (var piece in pieces)
        {
            rest = new ReadOnlySequence<byte>([.. rest.ToArray(), .. piece]);
            var before = rest.Length;
            while (RtpFraming.TryRead(ref rest, Most, out var datagram))
            {
                datagrams.Add(Convert.ToHexStringLower(datagram.ToArray()));
                Assert.Equal(before - RtpFraming.HeaderLength - datagram.Length, rest.Length);
                before = rest.Length;
            }

            Assert.Equal(before, rest.Length);
        }

        return string.Join('|', datagrams);
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public static (Segment First, Segment Last) PerByte(byte[] bytes)
        {
            var first = new Segment { Memory = bytes.AsMemory(0, 1) };
            var last = first;
            for (var at = 1; at < bytes.Length; at++)
            {
                var next = new Segment { Memory = bytes.AsMemory(at, 1), RunningIndex = at };
                last.Next = next;
                last = next;
            }

            return (first, last);
        }
    }
}
