using Weir.Media.Broadcasting;
using Weir.Media.Formats.Rtp;
using Weir.Media.Formats.Sdp;

namespace Weir.Media.WebRtc.Negotiation;

/// <summary>
/// What this side offers a player whose own offer had nothing that fits (draft-ietf-wish-whep 4.2.1): H.264 and Opus as they are sent here. It is the answer to
/// an offer that has all that is known here, which leaves to the player who begins the handshake.
/// </summary>
public static class RtcCounterOffer
{
    private static readonly string Wanted = string.Join("\r\n",
    [
        "v=0", "o=- 0 0 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=group:BUNDLE 0 1",
        "a=ice-ufrag:none", "a=ice-pwd:0000000000000000000000", "a=setup:actpass", "a=fingerprint:sha-256 " + string.Join(':', Enumerable.Repeat("00", 32)),
        "m=video 9 UDP/TLS/RTP/SAVPF 96 97", "a=mid:0", "a=recvonly", "a=rtcp-mux", "a=rtcp-rsize",
        $"a=extmap:1 {RtpExtensionUris.Mid}", $"a=extmap:2 {RtpExtensionUris.AbsSendTime}", $"a=extmap:3 {RtpExtensionUris.PlayoutDelay}",
        "a=rtpmap:96 H264/90000", "a=fmtp:96 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=PROFILE",
        "a=rtcp-fb:96 goog-remb", "a=rtcp-fb:96 ccm fir", "a=rtcp-fb:96 nack", "a=rtcp-fb:96 nack pli", "a=rtpmap:97 rtx/90000", "a=fmtp:97 apt=96",
        "m=audio 9 UDP/TLS/RTP/SAVPF 111", "a=mid:1", "a=recvonly", "a=rtcp-mux", "a=rtcp-rsize",
        $"a=extmap:1 {RtpExtensionUris.Mid}", $"a=extmap:2 {RtpExtensionUris.AbsSendTime}", "a=rtpmap:111 opus/48000/2", "",
    ]);

    /// <param name="video">The track to be played, where it is known: its profile is offered.</param>
    /// <param name="session">A number for <c>o=</c>, positive.</param>
    public static SessionDescription Write(Track? video, RtcLocal local, RtcSources sources, long session)
    {
        var profile = video is { Codec: Codec.H264 } && video.Configuration.Length > 3 ? Convert.ToHexStringLower(video.Configuration.Span[1..4]) : "42e01f";
        var wanted = RtcOffer.Read(Wanted.Replace("PROFILE", profile, StringComparison.Ordinal), RtcRole.Play, video, out var refusal)
            ?? throw new InvalidOperationException($"Our own offer is refused: {refusal}.");
        var answer = RtcAnswer.Write(wanted, local, sources, session);
        return answer with
        {
            Media = [.. answer.Media.Select(media => media with { Attributes = [.. media.Attributes.Select(a => a.Name == "setup" ? a with { Value = "actpass" } : a)] })],
        };
    }
}
