using Weir.Media.Broadcasting;
using Weir.Media.Formats;
using Weir.Media.Formats.Rtp;
using Weir.Media.Formats.Sdp;
using Weir.Media.WebRtc.Transport;

namespace Weir.Media.WebRtc.Negotiation;

/// <summary>Why an offer cannot be answered.</summary>
public enum OfferRefusal
{
    /// <summary>It is no session description, or contradicts itself.</summary>
    Malformed,

    /// <summary>RFC 9725 4.4.1: all media go over one transport, RTCP with them.</summary>
    NoBundle,
    NoRtcpMux,

    /// <summary>Without name and password of ICE nobody can be told from a stranger.</summary>
    NoIce,

    /// <summary>No SHA-256 fingerprint of the certificate.</summary>
    NoFingerprint,

    /// <summary>No <c>setup</c> that says who begins the handshake (RFC 8842).</summary>
    DtlsRole,

    /// <summary>Nothing in it goes in the direction that is asked for here.</summary>
    NoMedia,

    /// <summary>Video, and none of it H.264 with packetization mode 1.</summary>
    NoH264,
}

/// <summary>
/// What a client offered, down to what is agreed: at most one H.264 and one Opus stream. Everything else is refused in the answer.
/// </summary>
public sealed record RtcOffer
{
    private const string Sha256 = "sha-256 ";

    public required RtcRole Role { get; init; }

    public required SessionDescription Description { get; init; }

    public required IceCredentials Ice { get; init; }

    /// <summary>Of the client's certificate, as its <c>fingerprint</c> says it.</summary>
    public required string Fingerprint { get; init; }

    /// <summary>Which side of the handshake this end takes: it waits, unless the client does.</summary>
    public required DtlsRole Dtls { get; init; }

    public RtcMedia? Video { get; init; }

    public RtcMedia? Audio { get; init; }

    /// <param name="video">The track to be played, where it is known: of several fitting codecs its own profile is best.</param>
    /// <returns>Null when it is refused; <paramref name="refusal"/> says why.</returns>
    public static RtcOffer? Read(string text, RtcRole role, Track? video, out OfferRefusal refusal)
    {
        refusal = OfferRefusal.Malformed;
        SessionDescription description;
        try
        {
            description = SessionDescription.Read(text);
        }
        catch (MalformedException)
        {
            return null;
        }

        var wanted = description.Media.Select((media, index) => (media, index)).Where(pair => IsWanted(pair.media, role)).ToList();
        if (wanted.Count == 0)
        {
            refusal = OfferRefusal.NoMedia;
            return null;
        }

        if (Refuse(description, wanted.ConvertAll(pair => pair.media)) is { } fault)
        {
            refusal = fault;
            return null;
        }

        var bundle = Bundle(description);
        RtcMedia? Choose(string kind, Func<SdpMedia, int, RtcMedia?> choose) => wanted
            .Where(pair => pair.media.Kind == kind && (bundle.Count == 0 || bundle.Contains(pair.media.Mid ?? "")))
            .Select(pair => choose(pair.media, pair.index)).FirstOrDefault(found => found is not null);

        var agreedVideo = Choose("video", (media, index) => H264Choice.Choose(media, index, role, video));
        var agreedAudio = Choose("audio", OpusChoice);
        if (agreedVideo is null && wanted.Exists(pair => pair.media.Kind == "video"))
        {
            refusal = OfferRefusal.NoH264;
            return null;
        }

        if (agreedVideo is null && agreedAudio is null)
        {
            refusal = OfferRefusal.NoMedia;
            return null;
        }

        var first = description.Media[Math.Min(agreedVideo?.Index ?? int.MaxValue, agreedAudio?.Index ?? int.MaxValue)];
        return new RtcOffer
        {
            Role = role,
            Description = description,
            Ice = new IceCredentials(Of(description, first, "ice-ufrag")!, Of(description, first, "ice-pwd")!),
            Fingerprint = Of(description, first, "fingerprint")!,
            Dtls = Of(description, first, "setup") == "passive" ? DtlsRole.Client : DtlsRole.Server,
            Video = agreedVideo,
            Audio = agreedAudio,
        };
    }

    /// <summary>Counts an offer that was refused.</summary>
    public static void CountRefusal(RtcRole role, OfferRefusal reason) =>
        RtcSessionMeter.Refused.Add(1, new KeyValuePair<string, object?>("role", role.ToString()), new KeyValuePair<string, object?>("reason", reason.ToString()));

    /// <summary>The mids of the one group; empty where there is none.</summary>
    internal static IReadOnlyList<string> Bundle(SessionDescription description) =>
        description.Attributes.Where(a => a.Name == "group" && a.Value.StartsWith("BUNDLE ", StringComparison.Ordinal))
            .Select(a => a.Value.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1..]).FirstOrDefault() ?? [];

    internal static bool IsDtls(SdpMedia media) => media.Protocol is "UDP/TLS/RTP/SAVPF" or "TCP/TLS/RTP/SAVPF" or "UDP/TLS/RTP/SAVP";

    /// <summary>The feedback that both sides know.</summary>
    internal static IReadOnlyList<string> Agreed(SdpCodec codec, params string[] known) => [.. known.Where(codec.Feedback.Contains)];

    private static bool IsWanted(SdpMedia media, RtcRole role)
    {
        // RFC 9143 6: port 0 with bundle-only is no refusal but says that the port is another's.
        var isOffered = media.Port > 0 || media.Has("bundle-only");
        return media.Kind is "video" or "audio" && isOffered && IsDtls(media)
            && (media.Direction is SdpDirection.SendReceive || media.Direction == (role == RtcRole.Publish ? SdpDirection.SendOnly : SdpDirection.ReceiveOnly));
    }

    private static OfferRefusal? Refuse(SessionDescription description, List<SdpMedia> wanted)
    {
        if (wanted.Count > 1 && Bundle(description) is var bundle && wanted.Count(media => bundle.Contains(media.Mid ?? "")) < 2)
        {
            return OfferRefusal.NoBundle;
        }

        if (!wanted.TrueForAll(media => media.Has("rtcp-mux")))
        {
            return OfferRefusal.NoRtcpMux;
        }

        foreach (var media in wanted)
        {
            // RFC 8839 5.4: 4 to 256 and 22 to 256 characters.
            if (Of(description, media, "ice-ufrag") is not { Length: >= 4 and <= 256 } || Of(description, media, "ice-pwd") is not { Length: >= 22 and <= 256 })
            {
                return OfferRefusal.NoIce;
            }

            if (!IsSha256(Of(description, media, "fingerprint")))
            {
                return OfferRefusal.NoFingerprint;
            }

            if (Of(description, media, "setup") is not ("actpass" or "active" or "passive"))
            {
                return OfferRefusal.DtlsRole;
            }
        }

        return null;
    }

    private static string? Of(SessionDescription description, SdpMedia media, string name) => media.Attribute(name) ?? description.Attribute(name);

    private static bool IsSha256(string? fingerprint) =>
        fingerprint?.StartsWith(Sha256, StringComparison.OrdinalIgnoreCase) == true
        && fingerprint[Sha256.Length..].Trim().Split(':') is { Length: 32 } bytes
        && Array.TrueForAll(bytes, b => b.Length == 2 && char.IsAsciiHexDigit(b[0]) && char.IsAsciiHexDigit(b[1]));

    private static RtcMedia? OpusChoice(SdpMedia media, int index)
    {
        var codec = media.Codecs().FirstOrDefault(codec => codec.Is("opus") && codec is { ClockRate: RtcMedia.AudioClockRate, Channels: 2 });
        return codec is null
            ? null
            : new RtcMedia(index, media.Mid ?? "", TrackKind.Audio, codec.PayloadType)
            {
                // RFC 7587 6.1: two channels are welcome; what is mono stays mono in its packets.
                Parameters = "minptime=10;useinbandfec=1;stereo=1;sprop-stereo=1",
                Feedback = Agreed(codec, "transport-cc", "nack"),
                MidExtension = media.Extension(RtpExtensionUris.Mid),
                AbsSendTimeExtension = media.Extension(RtpExtensionUris.AbsSendTime),
                TransportCcExtension = media.Extension(RtpExtensionUris.TransportCc),
            };
    }
}
