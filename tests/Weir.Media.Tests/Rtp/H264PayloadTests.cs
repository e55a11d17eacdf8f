using System.Buffers.Binary;
using CsCheck;
using Weir.Media.Formats;
using Weir.Media.Formats.Rtp;

namespace Weir.Media.Tests.Rtp;

public sealed class H264PayloadTests
{
    private static readonly byte[] Sps = [0x67, 0x42, 0xe0, 0x1f, 1, 2, 3];
    private static readonly byte[] Pps = [0x68, 0xce, 0x3c, 0x80];

    public static byte[] Picture(params byte[][] units) =>
        [.. units.SelectMany(unit =>
        {
            var length = new byte[4];
            BinaryPrimitives.WriteInt32BigEndian(length, unit.Length);
            return length.Concat(unit);
        })];

    [Fact]
    public void A_picture_is_the_same_after_packets_of_any_size() =>
        Gen.Select(Gen.Byte.Array[1, 5000].Array[1, 6], Gen.Int[60, 1300], Gen.Bool).Sample((bodies, max, keyframe) =>
        {
            var units = bodies.Select(body => (byte[])[keyframe ? (byte)0x65 : (byte)0x41, .. body]).ToArray();
            var picture = Picture(units);
            var payloads = H264Packetizer.Packetize(keyframe ? [Sps, Pps] : [], picture, max);
            Assert.All(payloads, payload => Assert.InRange(payload.Length, 1, max));
            var reader = new H264Depacketizer();
            payloads.ForEach(payload => reader.Take(payload));
            var read = reader.Finish()!;
            Assert.Equal(picture, read.Payload.ToArray());
            Assert.Equal(keyframe, read.IsKeyframe);
            Assert.Equal(keyframe ? Sps : null, read.Sps);
            Assert.Equal(keyframe ? Pps : null, read.Pps);
            Assert.Null(reader.Finish());
        }, iter: 300);

    [Fact]
    public void Parameter_sets_and_a_small_keyframe_share_a_packet()
    {
        var payload = Assert.Single(H264Packetizer.Packetize([Sps, Pps], Picture([0x65, 1, 2]), 1200));
        Assert.Equal("78" + "0007" + Convert.ToHexString(Sps) + "0004" + Convert.ToHexString(Pps) + "0003650102", Convert.ToHexString(payload), ignoreCase: true);
    }

    [Theory]
    [InlineData("7c45aabb")] // goes on without a beginning
    [InlineData("7c")] // nothing in it
    [InlineData("780005aa")] // longer than the packet
    [InlineData("780000")] // an empty unit
    [InlineData("1dff")] // FU-B, of mode 2
    public void What_makes_no_sense_is_refused(string payload) =>
        Assert.Throws<MalformedException>(() => new H264Depacketizer().Take(Convert.FromHexString(payload)));

    [Fact]
    public void A_unit_that_never_ended_is_refused()
    {
        var reader = new H264Depacketizer();
        reader.Take(Convert.FromHexString("7c85aabb"));
        Assert.Throws<MalformedException>(reader.Finish);
        reader.Reset();
        reader.Take([0x65, 1]);
        Assert.NotNull(reader.Finish());
    }
}
