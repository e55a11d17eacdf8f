using System.Globalization;
using Weir.Media.Broadcasting;
using Weir.Media.Formats.Rtp;
using Weir.Media.Formats.Sdp;
using Weir.Media.WebRtc.Transport;

namespace Weir.Media.WebRtc.Negotiation;

/// <summary>How this side is reached and known, for one session.</summary>
/// <param name="Fingerprint">The value of <c>a=fingerprint</c>.</param>
/// <param name="Candidates">The same for all sessions.</param>
public sealed record RtcLocal(IceCredentials Ice, string Fingerprint, IReadOnlyList<RtcCandidate> Candidates);

/// <summary>The streams this side sends to a player.</summary>
public sealed record RtcSources(uint Video, uint VideoRtx, uint Audio, string Cname);

/// <summary>Writes the answer to an offer (RFC 9429 5.3.1, RFC 3264 6): every media in the offer's order, those not agreed with port 0.</summary>
public static class RtcAnswer
{
    /// <param name="sources">What is sent; null towards a publisher.</param>
    /// <param name="session">A number for <c>o=</c>, positive.</param>
    public static SessionDescription Write(RtcOffer offer, RtcLocal local, RtcSources? sources, long session)
    {
        var agreed = new[] { offer.Video, offer.Audio }.OfType<RtcMedia>().OrderBy(media => media.Index).ToList();
        List<SdpMedia> media = [];
        foreach (var (offered, index) in offer.Description.Media.Select((value, index) => (value, index)))
        {
            var match = agreed.Find(one => one.Index == index);
            media.Add(match is null ? Refuse(offered) : Accept(offer, offered, match, local, sources, isFirst: match == agreed[0]));
        }

        List<SdpAttribute> attributes = [];
        if (RtcOffer.Bundle(offer.Description).Count > 0)
        {
            attributes.Add(new("group", "BUNDLE " + string.Join(' ', agreed.Select(one => one.Mid))));
        }

        attributes.Add(new("ice-lite"));
        attributes.Add(new("msid-semantic", "WMS *"));
        return new SessionDescription
        {
            Origin = string.Create(CultureInfo.InvariantCulture, $"- {session} 1 IN IP4 0.0.0.0"),
            Attributes = attributes,
            Media = media,
        };
    }

    private static SdpMedia Refuse(SdpMedia offered) => new(offered.Kind, 0, offered.Protocol, [offered.Formats[0]])
    {
        Attributes = [.. offered.Mid is { } mid ? [new SdpAttribute("mid", mid)] : (SdpAttribute[])[], new("inactive")],
    };

    private static SdpMedia Accept(RtcOffer offer, SdpMedia offered, RtcMedia agreed, RtcLocal local, RtcSources? sources, bool isFirst)
    {
        var type = Text(agreed.PayloadType);
        List<SdpAttribute> lines =
        [
            new("ice-ufrag", local.Ice.Ufrag),
            new("ice-pwd", local.Ice.Password),
            new("fingerprint", local.Fingerprint),
            new("setup", offer.Dtls == DtlsRole.Server ? "passive" : "active"),
        ];
        if (agreed.Mid.Length > 0)
        {
            lines.Add(new("mid", agreed.Mid));
        }

        AddExtension(lines, agreed.MidExtension, RtpExtensionUris.Mid);
        AddExtension(lines, agreed.AbsSendTimeExtension, RtpExtensionUris.AbsSendTime);
        AddExtension(lines, agreed.TransportCcExtension, RtpExtensionUris.TransportCc);
        AddExtension(lines, agreed.PlayoutDelayExtension, RtpExtensionUris.PlayoutDelay);
        lines.Add(new(offer.Role == RtcRole.Publish ? "recvonly" : "sendonly"));
        lines.Add(new("rtcp-mux"));
        if (offered.Has("rtcp-mux-only"))
        {
            lines.Add(new("rtcp-mux-only"));
        }

        if (offered.Has("rtcp-rsize"))
        {
            lines.Add(new("rtcp-rsize"));
        }

        lines.Add(new("rtpmap", agreed.Kind == TrackKind.Video ? $"{type} H264/90000" : $"{type} opus/48000/2"));
        lines.AddRange(agreed.Feedback.Select(value => new SdpAttribute("rtcp-fb", $"{type} {value}")));
        lines.Add(new("fmtp", $"{type} {agreed.Parameters}"));
        List<string> formats = [type];
        if (agreed.RtxPayloadType > 0)
        {
            formats.Add(Text(agreed.RtxPayloadType));
            lines.Add(new("rtpmap", $"{formats[1]} rtx/90000"));
            lines.Add(new("fmtp", $"{formats[1]} apt={type}"));
        }

        if (sources is not null)
        {
            AddSources(lines, agreed, sources);
        }

        if (isFirst)
        {
            // RFC 9143 7.1.3: the first carries the transport for all.
            lines.AddRange(local.Candidates.Select(candidate => new SdpAttribute("candidate", candidate.ToString())));
            lines.Add(new("end-of-candidates"));
        }

        return new SdpMedia(offered.Kind, 9, offered.Protocol, formats) { Attributes = lines };
    }

    private static void AddSources(List<SdpAttribute> lines, RtcMedia agreed, RtcSources sources)
    {
        // One stream for both: players keep the tracks of one stream together in time.
        var kind = agreed.Kind == TrackKind.Video ? "video" : "audio";
        lines.Add(new("msid", $"weir {kind}"));
        var main = agreed.Kind == TrackKind.Video ? sources.Video : sources.Audio;
        if (agreed.RtxPayloadType > 0)
        {
            lines.Add(new("ssrc-group", $"FID {Text(main)} {Text(sources.VideoRtx)}"));
        }

        lines.Add(new("ssrc", $"{Text(main)} cname:{sources.Cname}"));
        if (agreed.RtxPayloadType > 0)
        {
            lines.Add(new("ssrc", $"{Text(sources.VideoRtx)} cname:{sources.Cname}"));
        }
    }

    private static void AddExtension(List<SdpAttribute> lines, int id, string uri)
    {
        if (id > 0)
        {
            lines.Add(new("extmap", $"{Text(id)} {uri}"));
        }
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
