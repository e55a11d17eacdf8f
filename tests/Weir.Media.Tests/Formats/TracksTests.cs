using Weir.Media.Broadcasting;
using Weir.Media.Formats;

namespace Weir.Media.Tests.Formats;

public class TracksTests
{
    [Fact]
    public async Task An_avcC_of_x264_gives_the_cropped_size_and_the_codec_string()
    {
        var track = Tracks.FromAvcC(await Samples.Box("h264.mp4", "avcC"));
        Assert.Equal((322, 180), (track.Width, track.Height));
        Assert.Matches("^avc1\\.[0-9a-f]{6}$", track.CodecString);
        Assert.Equal(Codec.H264, track.Codec);
    }

    [Fact]
    public async Task An_avcC_written_from_its_parameter_sets_is_the_one_they_came_from()
    {
        var original = await Samples.Box("h264.mp4", "avcC");
        var read = AvcConfiguration.Read(original);
        var written = AvcConfiguration.Read(AvcConfiguration.Write(read.Sps[0], read.Pps[0]));
        Assert.Equal(read.CodecString, written.CodecString);
        Assert.Equal(read.Sps[0], written.Sps[0]);
        Assert.Equal(read.Pps[0], written.Pps[0]);
    }

    [Fact]
    public async Task An_hvcC_of_x265_gives_the_size_and_the_codec_string()
    {
        var track = Tracks.FromHvcC(await Samples.Box("hevc.mp4", "hvcC"));
        Assert.Equal((322, 180), (track.Width, track.Height));
        Assert.Matches("^hvc1\\.1\\.6\\.L(30|60|63|90|93)(\\.[0-9A-F]{1,2}){0,6}$", track.CodecString);
    }

    [Fact]
    public async Task An_av1C_of_svt_gives_the_size_and_the_codec_string()
    {
        var track = Tracks.FromAv1C(await Samples.Box("av1.mp4", "av1C"));
        Assert.Equal((322, 180), (track.Width, track.Height));
        Assert.Matches("^av01\\.0\\.[0-9]{2}M\\.08$", track.CodecString);
    }

    [Fact]
    public async Task A_dOps_and_its_OpusHead_say_the_same()
    {
        var dOps = await Samples.Box("hevc.mp4", "dOps");
        var track = Tracks.FromDOps(dOps);
        var again = Tracks.FromOpusHead(OpusHeader.ReadDOps(dOps).WriteHead());
        Assert.Equal(track, again);
        Assert.Equal((48000, "opus"), (track.SampleRate, track.CodecString));
        Assert.Equal(dOps, track.Configuration.ToArray());
    }

    [Theory]
    [InlineData("1210", "mp4a.40.2", 44100, 2, 1024)]
    [InlineData("1190", "mp4a.40.2", 48000, 2, 1024)]
    [InlineData("1208", "mp4a.40.2", 44100, 1, 1024)]
    [InlineData("2b920800", "mp4a.40.5", 44100, 2, 2048)]
    [InlineData("eb8a0800", "mp4a.40.29", 44100, 2, 2048)]
    public void An_AudioSpecificConfig_gives_rate_channels_and_codec_string(string hex, string codec, int rate, int channels, int samples)
    {
        var track = Tracks.FromAac(Convert.FromHexString(hex));
        Assert.Equal((codec, rate, channels, samples), (track.CodecString, track.SampleRate, track.Channels, track.SamplesPerFrame));
    }

    [Fact]
    public async Task Records_with_short_NAL_lengths_become_tracks_of_four_bytes()
    {
        var avcC = await Samples.Box("h264.mp4", "avcC");
        avcC[4] = (byte)(avcC[4] & 0xfc | 1);
        Assert.Equal(4, AvcConfiguration.Read(Tracks.FromAvcC(avcC).Configuration.Span).LengthSize);
        var converted = NalUnits.WithFourByteLengths([0, 2, 7, 8, 0, 0, 0, 1, 9], 2);
        Assert.Equal([0, 0, 0, 2, 7, 8, 0, 0, 0, 1, 9], converted!);
        Assert.Null(NalUnits.WithFourByteLengths([0, 9, 7, 8], 2));
    }
}
