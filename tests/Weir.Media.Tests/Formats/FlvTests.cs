using CsCheck;
using Weir.Media.Formats;

namespace Weir.Media.Tests.Formats;

public class FlvTests
{
    private static readonly Gen<FourCc> VideoCodecs = Gen.Int[0, 2].Select(i => new[] { FourCc.Avc, FourCc.Hevc, FourCc.Av1 }[i]);

    [Fact]
    public void A_written_video_frame_reads_back_with_its_composition_time() =>
        Gen.Select(VideoCodecs, Gen.Bool, Gen.Int[-8_388_608, 8_388_607], Gen.Byte.Array[0, 40]).Sample((codec, keyframe, composition, payload) =>
        {
            Span<byte> head = stackalloc byte[FlvWriter.MaxHeader];
            var length = FlvWriter.VideoFrame(head, codec, keyframe, composition);
            byte[] body = [.. head[..length], .. payload];
            var tag = FlvReader.ReadVideo(body);
            Assert.Equal(FlvPacket.CodedFrames, tag.Packet);
            Assert.Equal((codec, keyframe), (tag.Codec, tag.IsKeyframe));
            Assert.Equal(codec == FourCc.Av1 ? 0 : composition, tag.CompositionTime);
            Assert.Equal(payload, body[tag.Offset..(tag.Offset + tag.Length)]);
        });

    [Fact]
    public void Written_sequence_starts_and_ends_read_back()
    {
        var head = new byte[FlvWriter.MaxHeader];
        foreach (var codec in new[] { FourCc.Avc, FourCc.Hevc, FourCc.Av1 })
        {
            Assert.Equal(FlvPacket.SequenceStart, FlvReader.ReadVideo(head[..FlvWriter.VideoSequenceStart(head, codec)]).Packet);
            Assert.Equal(FlvPacket.SequenceEnd, FlvReader.ReadVideo(head[..FlvWriter.VideoSequenceEnd(head, codec)]).Packet);
        }

        foreach (var codec in new[] { FourCc.Aac, FourCc.Opus })
        {
            var start = FlvReader.ReadAudio(head[..FlvWriter.AudioSequenceStart(head, codec)]);
            Assert.Equal((FlvPacket.SequenceStart, codec), (start.Packet, start.Codec));
            Assert.Equal(FlvPacket.CodedFrames, FlvReader.ReadAudio(head[..FlvWriter.AudioFrame(head, codec)]).Packet);
        }
    }

    [Theory]
    // Keyframe, ModEx of three bytes (nanoseconds 0x000102), then CodedFramesX of hvc1.
    [InlineData("97 02 000102 03 68766331 aabb", FourCc.Hevc, FlvPacket.CodedFrames, 0x102, "aabb")]
    // Two modifiers in a row, the first unknown.
    [InlineData("97 00 ff 17 02 000005 00 61763031 0102", FourCc.Av1, FlvPacket.SequenceStart, 5, "0102")]
    // Multitrack, one track, id 0, CodedFrames of avc1 with composition time 1.
    [InlineData("96 01 61766331 00 000001 dd", FourCc.Avc, FlvPacket.CodedFrames, 0, "dd")]
    // Multitrack, many tracks: id 1 before id 0.
    [InlineData("96 13 68766331 01 000002 0101 00 000003 aabbcc", FourCc.Hevc, FlvPacket.CodedFrames, 0, "aabbcc")]
    // Multitrack, many tracks and codecs: id 1 is av01, id 0 is hvc1.
    [InlineData("96 23 61763031 01 000001 ff 68766331 00 000002 1122", FourCc.Hevc, FlvPacket.CodedFrames, 0, "1122")]
    // One track whose id is not 0.
    [InlineData("96 03 68766331 05 aabb", FourCc.None, FlvPacket.Ignored, 0, "")]
    // A codec nobody knows.
    [InlineData("93 76703039 aa", FourCc.None, FlvPacket.CodedFrames, 0, "aa")]
    // A command frame: no fourCC follows.
    [InlineData("d3 00", FourCc.None, FlvPacket.Command, 0, "00")]
    // The HEVC that encoders sent before Enhanced RTMP.
    [InlineData("1c 01 000000 aa", FourCc.Hevc, FlvPacket.CodedFrames, 0, "aa")]
    public void Enhanced_video_headers_read_as_the_specification_says(string hex, FourCc codec, FlvPacket packet, int nanoseconds, string payload)
    {
        var body = Convert.FromHexString(hex.Replace(" ", ""));
        var tag = FlvReader.ReadVideo(body);
        Assert.Equal((codec, packet, nanoseconds), (tag.Codec, tag.Packet, tag.NanosecondOffset));
        Assert.Equal(payload, Convert.ToHexStringLower(body.AsSpan(tag.Offset, tag.Length)));
    }

    [Fact]
    public void A_modifier_of_256_bytes_announces_its_size_in_two_more()
    {
        byte[] body = [0x97, 255, 0, 255, .. new byte[256], 0x13, .. "hvc1"u8, 0xcc];
        var tag = FlvReader.ReadVideo(body);
        Assert.Equal((FourCc.Hevc, FlvPacket.CodedFrames, body.Length - 1, 1), (tag.Codec, tag.Packet, tag.Offset, tag.Length));
    }

    [Theory]
    [InlineData("91 4f707573 aa", FourCc.Opus, FlvPacket.CodedFrames, "aa")]
    [InlineData("95 01 4f707573 00 aabb", FourCc.Opus, FlvPacket.CodedFrames, "aabb")]
    [InlineData("94 6d703461 00", FourCc.Aac, FlvPacket.MultichannelConfig, "00")]
    [InlineData("af 00 1210", FourCc.Aac, FlvPacket.SequenceStart, "1210")]
    [InlineData("2f aabb", FourCc.None, FlvPacket.CodedFrames, "aabb")]
    public void Audio_headers_read_as_the_specification_says(string hex, FourCc codec, FlvPacket packet, string payload)
    {
        var body = Convert.FromHexString(hex.Replace(" ", ""));
        var tag = FlvReader.ReadAudio(body);
        Assert.Equal((codec, packet), (tag.Codec, tag.Packet));
        Assert.Equal(payload, Convert.ToHexStringLower(body.AsSpan(tag.Offset, tag.Length)));
    }

    [Fact]
    public void Every_cut_of_a_header_is_refused_or_read_but_never_out_of_bounds()
    {
        var body = Convert.FromHexString("962361763031010000" + "01ff68766331000000021122");
        for (var length = 0; length < body.Length; length++)
        {
            try
            {
                var tag = FlvReader.ReadVideo(body.AsSpan(0, length));
                Assert.InRange(tag.Offset + tag.Length, 0, length);
            }
            catch (MalformedException)
            {
                // Cut short.
            }
        }
    }
}
