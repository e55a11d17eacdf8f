using System.Net;
using Weir.Media.Broadcasting;
using Weir.Media.Formats;
using Weir.Media.Formats.Sdp;
using Weir.Media.Tests.Rtp;
using Weir.Media.WebRtc.Negotiation;
using Weir.Media.WebRtc.Transport;

namespace Weir.Media.Tests.WebRtc;

public sealed class NegotiationTests
{
    private static readonly string Fingerprint = "sha-256 " + string.Join(':', Enumerable.Repeat("AB", 32));

    private static readonly RtcLocal Local = new(
        new IceCredentials("here", "aPasswordOf24Characters_"),
        Fingerprint,
        [new RtcCandidate(new IPEndPoint(IPAddress.Parse("192.0.2.7"), 8082), Tcp: false, 2130706431, "1")]);

    /// <summary>An offer in the shape of one program's, one line an entry.</summary>
    private static string Offer(params string[] lines) => string.Join("\r\n", ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0", .. lines]) + "\r\n";

    private static string[] Transport(string setup = "actpass") =>
        ["a=ice-ufrag:abcd", "a=ice-pwd:0123456789012345678901", "a=fingerprint:" + Fingerprint, "a=setup:" + setup, "a=rtcp-mux"];

    private static readonly string[] Firefox =
    [
        "a=group:BUNDLE 0 1", "a=ice-options:trickle", "a=fingerprint:" + Fingerprint,
        "m=audio 9 UDP/TLS/RTP/SAVPF 109 9 0 8 101", "c=IN IP4 0.0.0.0", "a=sendonly", "a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level",
        "a=extmap:3 urn:ietf:params:rtp-hdrext:sdes:mid", "a=fmtp:109 maxplaybackrate=48000;stereo=1;useinbandfec=1", "a=ice-pwd:0123456789012345678901",
        "a=ice-ufrag:abcd", "a=mid:0", "a=rtcp-mux", "a=rtpmap:109 opus/48000/2", "a=rtpmap:9 G722/8000/1", "a=setup:actpass",
        "m=video 9 UDP/TLS/RTP/SAVPF 120 124 126 127 97 98", "c=IN IP4 0.0.0.0", "a=sendonly", "a=extmap:3 urn:ietf:params:rtp-hdrext:sdes:mid",
        "a=extmap:4 http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
        "a=extmap:7 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
        "a=fmtp:126 profile-level-id=42e01f;level-asymmetry-allowed=1;packetization-mode=1", "a=fmtp:97 profile-level-id=42e01f;level-asymmetry-allowed=1",
        "a=fmtp:124 apt=120", "a=fmtp:127 apt=126", "a=fmtp:98 apt=97", "a=ice-pwd:0123456789012345678901", "a=ice-ufrag:abcd", "a=mid:1",
        "a=rtcp-fb:126 nack", "a=rtcp-fb:126 nack pli", "a=rtcp-fb:126 ccm fir", "a=rtcp-fb:126 goog-remb", "a=rtcp-fb:126 transport-cc", "a=rtcp-mux",
        "a=rtpmap:120 VP8/90000", "a=rtpmap:124 rtx/90000", "a=rtpmap:126 H264/90000", "a=rtpmap:127 rtx/90000", "a=rtpmap:97 H264/90000",
        "a=rtpmap:98 rtx/90000", "a=setup:actpass",
    ];

    private static readonly string[] Obs =
    [
        "a=group:BUNDLE 0 1", "a=group:LS 0 1", "a=msid-semantic:WMS *", "a=setup:actpass", "a=ice-ufrag:abcd", "a=ice-pwd:0123456789012345678901",
        "a=ice-options:ice2,trickle", "a=fingerprint:" + Fingerprint,
        "m=audio 9 UDP/TLS/RTP/SAVPF 111", "c=IN IP4 0.0.0.0", "a=mid:0", "a=sendonly", "a=ssrc:100 cname:x", "a=rtcp-mux", "a=rtpmap:111 opus/48000/2",
        "a=fmtp:111 minptime=10;maxaveragebitrate=96000;stereo=1;sprop-stereo=1;useinbandfec=1",
        "m=video 9 UDP/TLS/RTP/SAVPF 96", "c=IN IP4 0.0.0.0", "a=mid:1", "a=sendonly", "a=ssrc:101 cname:x", "a=rtcp-mux", "a=rtpmap:96 H264/90000",
        "a=rtcp-fb:96 nack", "a=rtcp-fb:96 nack pli", "a=rtcp-fb:96 goog-remb",
        "a=fmtp:96 profile-level-id=42e01f;packetization-mode=1;level-asymmetry-allowed=1",
    ];

    private static readonly string[] FfmpegWhip =
    [
        "a=group:BUNDLE 0 1", "a=extmap-allow-mixed", "a=msid-semantic: WMS",
        "m=audio 9 UDP/TLS/RTP/SAVPF 111", "c=IN IP4 0.0.0.0", "a=ice-ufrag:abcd", "a=ice-pwd:0123456789012345678901", "a=fingerprint:" + Fingerprint,
        "a=setup:passive", "a=mid:0", "a=sendonly", "a=msid:FFmpeg audio", "a=rtcp-mux", "a=rtpmap:111 opus/48000/2", "a=ssrc:1 cname:FFmpeg",
        "m=video 9 UDP/TLS/RTP/SAVPF 106 105", "c=IN IP4 0.0.0.0", "a=ice-ufrag:abcd", "a=ice-pwd:0123456789012345678901", "a=fingerprint:" + Fingerprint,
        "a=setup:passive", "a=mid:1", "a=sendonly", "a=msid:FFmpeg video", "a=rtcp-mux", "a=rtcp-rsize", "a=rtpmap:106 H264/90000",
        "a=fmtp:106 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42c01f", "a=rtcp-fb:106 nack", "a=rtpmap:105 rtx/90000", "a=fmtp:105 apt=106",
    ];

    public static TheoryData<string, string, byte, byte, byte> Publishers() => new()
    {
        { "Chromium", SdpTests.Offer("chromium-publish"), 108, 109, 111 },
        { "GStreamer", SdpTests.Offer("gstreamer-publish"), 96, 0, 97 },
        { "Firefox", Offer(Firefox), 126, 127, 109 },
        { "OBS", Offer(Obs), 96, 0, 111 },
        { "ffmpeg", Offer(FfmpegWhip), 106, 105, 111 },
    };

    [Theory]
    [MemberData(nameof(Publishers))]
    public void A_publisher_s_offer_is_answered(string program, string text, byte video, byte rtx, byte audio)
    {
        var offer = RtcOffer.Read(text, RtcRole.Publish, null, out var refusal);
        Assert.True(offer is not null, $"{program}: {refusal}");
        Assert.Equal((video, rtx, audio), (offer.Video!.PayloadType, offer.Video.RtxPayloadType, offer.Audio!.PayloadType));
        var answer = SessionDescription.Read(RtcAnswer.Write(offer, Local, null, 1).ToString());
        Assert.Equal(offer.Description.Media.Select(media => (media.Kind, media.Mid)), answer.Media.Select(media => (media.Kind, media.Mid)));
        Assert.Equal(offer.Description.Attribute("group"), answer.Attribute("group"));
        Assert.NotNull(answer.Attribute("ice-lite"));
        Assert.All(answer.Media, media =>
        {
            Assert.Equal(SdpDirection.ReceiveOnly, media.Direction);
            Assert.True(media.Has("rtcp-mux"));
            Assert.Equal(program == "ffmpeg" ? "active" : "passive", media.Attribute("setup"));
            Assert.Equal("here", media.Attribute("ice-ufrag"));
        });
        Assert.Single(answer.Media, media => media.Has("candidate"));
        Assert.Equal("1 1 udp 2130706431 192.0.2.7 8082 typ host", answer.Media[0].Attribute("candidate"));
        var codec = answer.Media.Single(media => media.Kind == "video").Codecs()[0];
        Assert.Equal("1", codec.Parameter("packetization-mode"));
        Assert.Equal(program == "ffmpeg" ? DtlsRole.Client : DtlsRole.Server, offer.Dtls);
    }

    [Fact]
    public void What_GStreamer_says_of_its_parameter_sets_is_kept()
    {
        var offer = RtcOffer.Read(SdpTests.Offer("gstreamer-publish"), RtcRole.Publish, null, out _)!;
        Assert.Equal((320, 240), (H264Sps.Read(offer.Video!.Sps).Width, H264Sps.Read(offer.Video.Sps).Height));
        Assert.Equal(8, offer.Video.Pps![0] & 0x1f);
    }

    [Fact]
    public void A_player_s_offer_is_answered_with_what_is_sent()
    {
        var offer = RtcOffer.Read(SdpTests.Offer("chromium-play"), RtcRole.Play, null, out _)!;
        var answer = SessionDescription.Read(RtcAnswer.Write(offer, Local, new RtcSources(10, 11, 12, "name"), 1).ToString());
        var video = answer.Media[0];
        Assert.Equal(SdpDirection.SendOnly, video.Direction);
        Assert.Equal("FID 10 11", video.Attribute("ssrc-group"));
        Assert.Equal("weir video", video.Attribute("msid"));
        Assert.Equal("weir audio", answer.Media[1].Attribute("msid"));
        Assert.Equal(5, video.Extension("http://www.webrtc.org/experiments/rtp-hdrext/playout-delay"));
        Assert.Equal(0, video.Extension("http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"));
        Assert.Equal(["goog-remb", "ccm fir", "nack", "nack pli"], video.Codecs()[0].Feedback);
    }

    [Fact]
    public void The_profile_that_is_to_be_played_is_chosen_where_it_is_offered()
    {
        var main = new Track(TrackKind.Video, Codec.H264, new byte[] { 1, 0x4d, 0, 0x1f, 0xff }, "avc1.4d001f");
        Assert.Equal(116, RtcOffer.Read(SdpTests.Offer("chromium-play"), RtcRole.Play, main, out _)!.Video!.PayloadType);
        var high = main with { Configuration = new byte[] { 1, 0x64, 0, 0x1f, 0xff } };
        Assert.Equal(108, RtcOffer.Read(SdpTests.Offer("chromium-play"), RtcRole.Play, high, out _)!.Video!.PayloadType);
    }

    [Fact]
    public void Media_that_are_not_wanted_are_refused_one_by_one()
    {
        string[] video = ["m=video 9 UDP/TLS/RTP/SAVPF 96", "a=rtpmap:96 H264/90000", "a=fmtp:96 packetization-mode=1;profile-level-id=42e01f", "a=sendonly", .. Transport()];
        var text = Offer([
            "a=group:BUNDLE a v w d", "m=audio 9 UDP/TLS/RTP/SAVPF 0", "a=rtpmap:0 PCMU/8000", "a=mid:a", "a=sendonly", .. Transport(), .. video, "a=mid:v",
            .. video, "a=mid:w", "m=application 9 UDP/DTLS/SCTP webrtc-datachannel", "a=mid:d", "a=sctp-port:5000", .. Transport()]);
        var answer = SessionDescription.Read(RtcAnswer.Write(RtcOffer.Read(text, RtcRole.Publish, null, out _)!, Local, null, 1).ToString());
        Assert.Equal([("audio", 0), ("video", 9), ("video", 0), ("application", 0)], answer.Media.Select(media => (media.Kind, media.Port)));
        Assert.Equal("BUNDLE v", answer.Attribute("group"));
        Assert.Equal(SdpDirection.Inactive, answer.Media[0].Direction);
        Assert.Equal("UDP/DTLS/SCTP", answer.Media[3].Protocol);
        Assert.True(answer.Media[1].Has("candidate"));
    }

    [Theory]
    [InlineData("sendonly", RtcRole.Publish, true)]
    [InlineData("sendrecv", RtcRole.Publish, true)]
    [InlineData("recvonly", RtcRole.Publish, false)]
    [InlineData("recvonly", RtcRole.Play, true)]
    [InlineData("sendonly", RtcRole.Play, false)]
    [InlineData("inactive", RtcRole.Play, false)]
    public void Only_the_right_direction_is_accepted(string direction, RtcRole role, bool accepted)
    {
        var text = Offer(["m=audio 9 UDP/TLS/RTP/SAVPF 111", "a=rtpmap:111 opus/48000/2", "a=" + direction, .. Transport()]);
        Assert.Equal(accepted, RtcOffer.Read(text, role, null, out var refusal) is not null);
        Assert.Equal(accepted ? OfferRefusal.Malformed : OfferRefusal.NoMedia, refusal);
    }

    [Theory]
    [InlineData("a=rtpmap:96 H264/90000", "a=rtpmap:96 VP8/90000", OfferRefusal.NoH264)]
    [InlineData("packetization-mode=1", "packetization-mode=0", OfferRefusal.NoH264)]
    [InlineData("a=rtcp-mux", "a=nothing", OfferRefusal.NoRtcpMux)]
    [InlineData("a=ice-pwd:0123456789012345678901", "a=ice-pwd:short", OfferRefusal.NoIce)]
    [InlineData("a=ice-ufrag:abcd", "a=nothing", OfferRefusal.NoIce)]
    [InlineData("a=fingerprint:sha-256 ", "a=fingerprint:sha-1 ", OfferRefusal.NoFingerprint)]
    [InlineData("AB:AB", "AB", OfferRefusal.NoFingerprint)]
    [InlineData("a=setup:actpass", "a=setup:holdconn", OfferRefusal.DtlsRole)]
    [InlineData("a=sendonly", "a=recvonly", OfferRefusal.NoMedia)]
    [InlineData("v=0", "v=1", OfferRefusal.Malformed)]
    public void What_cannot_be_answered_is_refused_with_its_reason(string part, string instead, OfferRefusal reason)
    {
        var text = Offer(["m=video 9 UDP/TLS/RTP/SAVPF 96", "a=rtpmap:96 H264/90000", "a=fmtp:96 packetization-mode=1;profile-level-id=42e01f", "a=sendonly", .. Transport()]);
        Assert.NotNull(RtcOffer.Read(text, RtcRole.Publish, null, out _));
        Assert.Null(RtcOffer.Read(text.Replace(part, instead, StringComparison.Ordinal), RtcRole.Publish, null, out var refusal));
        Assert.Equal(reason, refusal);
    }

    [Fact]
    public void Two_media_without_a_bundle_are_refused()
    {
        var text = SdpTests.Offer("chromium-publish").Replace("a=group:BUNDLE 0 1", "a=nothing", StringComparison.Ordinal);
        Assert.Null(RtcOffer.Read(text, RtcRole.Publish, null, out var refusal));
        Assert.Equal(OfferRefusal.NoBundle, refusal);
    }

    [Fact]
    public void A_fragment_names_the_ice_session_or_begins_another()
    {
        Assert.Equal(
            new IceCredentials("EsAw", "P2uYro0UCOQ4zxjKXaWCBui1"),
            IceFragment.Read("a=ice-ufrag:EsAw\r\na=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\nm=audio 9 RTP/AVP 0\r\na=mid:0\r\na=candidate:1 1 udp 1 192.0.2.1 61764 typ host\r\na=end-of-candidates\r\n").Ice);
        Assert.Null(IceFragment.Read("m=audio 9 RTP/AVP 0\r\na=mid:0\r\na=end-of-candidates\r\n").Ice);
        Assert.Throws<MalformedException>(() => IceFragment.Read("a=ice-ufrag:EsAw\r\n"));
        Assert.Throws<MalformedException>(() => IceFragment.Read(""));
        Assert.Throws<MalformedException>(() => IceFragment.Read("hello"));
        Assert.Throws<MalformedException>(() => IceFragment.Read(string.Concat(Enumerable.Repeat("a=x\r\n", 300))));
        Assert.Equal(Local.Ice, IceFragment.Read(IceFragment.Write(Local, "0")).Ice);
    }
}
