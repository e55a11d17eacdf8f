using CsCheck;
using Weir.Media.Formats;
using Weir.Media.Formats.Sdp;

namespace Weir.Media.Tests.Rtp;

public sealed class SdpTests
{
    public static string Offer(string name) => File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Rtp", "offers", name + ".sdp"));

    [Fact]
    public void What_Chromium_offers_to_publish_is_read()
    {
        var offer = SessionDescription.Read(Offer("chromium-publish"));
        Assert.Equal("BUNDLE 0 1", offer.Attribute("group"));
        Assert.Equal(["video", "audio"], offer.Media.Select(media => media.Kind));
        var video = offer.Media[0];
        Assert.Equal(SdpDirection.SendOnly, video.Direction);
        Assert.Equal("0", video.Mid);
        Assert.Equal(4, video.Extension("http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"));
        Assert.Equal(0, video.Extension("urn:nobody"));
        var h264 = video.Codecs().First(codec => codec.Is("h264"));
        Assert.Equal((102, 90000), (h264.PayloadType, h264.ClockRate));
        Assert.Equal("1", h264.Parameter("packetization-mode"));
        Assert.Equal("42001f", h264.Parameter("profile-level-id"));
        Assert.Contains("nack pli", h264.Feedback);
        Assert.Equal("102", video.Codecs().Single(codec => codec.PayloadType == 103).Parameter("apt"));
        var opus = offer.Media[1].Codecs()[0];
        Assert.Equal(("opus", 48000, 2), (opus.Name, opus.ClockRate, opus.Channels));
    }

    [Fact]
    public void A_description_with_a_NUL_is_none()
    {
        var offer = Offer("chromium-publish");
        foreach (var at in new[] { 0, offer.IndexOf("H264", StringComparison.Ordinal), offer.IndexOf("a=mid:", StringComparison.Ordinal) + 6, offer.Length })
        {
            Assert.Throws<MalformedException>(() => SessionDescription.Read(offer.Insert(at, "\0")));
        }
    }

    [Fact]
    public void What_GStreamer_offers_is_read()
    {
        var offer = SessionDescription.Read(Offer("gstreamer-publish"));
        Assert.Equal(["video", "audio"], offer.Media.Select(media => media.Kind).Order().Reverse());
        Assert.Contains(offer.Media.Single(media => media.Kind == "video").Codecs(), codec => codec.Is("H264"));
        Assert.All(offer.Media, media => Assert.NotNull(media.Attribute("ice-ufrag")));
    }

    [Fact]
    public void What_was_read_is_written_with_all_it_says()
    {
        foreach (var name in new[] { "chromium-publish", "chromium-play", "gstreamer-publish" })
        {
            var offer = SessionDescription.Read(Offer(name));
            var again = SessionDescription.Read(offer.ToString());
            Assert.Equal(offer.Attributes, again.Attributes);
            Assert.Equal(offer.Media.Count, again.Media.Count);
            foreach (var (one, other) in offer.Media.Zip(again.Media))
            {
                Assert.Equal((one.Kind, one.Port, one.Protocol), (other.Kind, other.Port, other.Protocol));
                Assert.Equal(one.Formats, other.Formats);
                Assert.Equal(one.Attributes, other.Attributes);
            }
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("hello")]
    [InlineData("v=1\r\no=- 1 1 IN IP4 0.0.0.0\r\n")]
    [InlineData("v=0\r\n")]
    [InlineData("v=0\r\no=-\r\nm=video 9\r\n")]
    [InlineData("v=0\r\no=-\r\nm=video 99999 UDP/TLS/RTP/SAVPF 96\r\n")]
    public void What_is_no_description_is_refused(string text) => Assert.Throws<MalformedException>(() => SessionDescription.Read(text));

    [Fact]
    public void Too_much_is_refused()
    {
        Assert.Throws<MalformedException>(() => SessionDescription.Read("v=0\r\no=-\r\n" + new string('x', SessionDescription.MaxLength)));
        Assert.Throws<MalformedException>(() => SessionDescription.Read("v=0\r\no=-\r\n" + string.Concat(Enumerable.Repeat("a=x\r\n", 5000))));
        Assert.Throws<MalformedException>(() => SessionDescription.Read("v=0\r\no=-\r\n" + string.Concat(Enumerable.Repeat("m=audio 9 RTP 0\r\n", 40))));
    }

    [Fact]
    public void Changed_and_cut_offers_are_read_or_refused()
    {
        var offer = Offer("chromium-play");
        Gen.Select(Gen.Int[0, offer.Length - 1], Gen.Char, Gen.Int[0, offer.Length]).Sample((at, other, length) =>
        {
            var text = (offer[..at] + other + offer[(at + 1)..])[..length];
            try
            {
                foreach (var media in SessionDescription.Read(text).Media)
                {
                    media.Codecs();
                    media.Extension("urn:x");
                }
            }
            catch (MalformedException)
            {
                // The one refusal there is.
            }
        }, iter: 500);
    }
}
