using System.Globalization;
using Weir.Media.Broadcasting;
using Weir.Media.Formats.Rtp;
using Weir.Media.Formats.Sdp;

namespace Weir.Media.WebRtc.Negotiation;

/// <summary>Which of an offer's video codecs is agreed: H.264 of packetization mode 1 (RFC 6184 8.2.2).</summary>
internal static class H264Choice
{
    /// <summary>What is received here has any level up to 5.1: level asymmetry lets a camera send more than the client itself decodes.</summary>
    private const int Level = 0x33;

    /// <summary>For the first seconds, kbit/s: Chromium begins with 300 otherwise, and a picture of 720 lines begins as porridge.</summary>
    private const string StartingHint = ";x-google-start-bitrate=1200";

    public static RtcMedia? Choose(SdpMedia media, int index, RtcRole role, Track? video)
    {
        var codecs = media.Codecs();
        var profile = video is { Codec: Codec.H264 } && video.Configuration.Length > 3 ? video.Configuration.Span[1] : (byte)0;
        var best = codecs
            .Where(codec => codec.Is("H264") && codec.ClockRate == RtcMedia.VideoClockRate && codec.Parameter("packetization-mode") == "1")
            .Select(codec => (codec, id: ProfileLevel(codec)))
            .Where(pair => pair.id >= 0)
            .OrderBy(pair => Rank(pair.id, profile))
            .FirstOrDefault();
        if (best.codec is not { } codec)
        {
            return null;
        }

        var rtx = codecs.FirstOrDefault(other => other.Is("rtx") && other.Parameter("apt") == codec.PayloadType.ToString(CultureInfo.InvariantCulture));
        var asymmetric = codec.Parameter("level-asymmetry-allowed") == "1";
        var level = role == RtcRole.Publish && asymmetric ? (best.id & 0xffff00) | Level : best.id;
        var (sps, pps) = role == RtcRole.Publish ? Sprop(codec) : default;
        return new RtcMedia(index, media.Mid ?? "", TrackKind.Video, codec.PayloadType)
        {
            RtxPayloadType = rtx?.PayloadType ?? 0,
            Parameters = string.Create(
                CultureInfo.InvariantCulture,
                $"{(asymmetric ? "level-asymmetry-allowed=1;" : "")}packetization-mode=1;profile-level-id={level:x6}{(role == RtcRole.Publish ? StartingHint : "")}"),
            Feedback = role == RtcRole.Publish
                ? RtcOffer.Agreed(codec, "goog-remb", "transport-cc", "ccm fir", "nack", "nack pli")

                // Sending again needs RTX: the same packet with another header may not be encrypted twice with one nonce.
                : rtx is null ? RtcOffer.Agreed(codec, "goog-remb", "ccm fir", "nack pli") : RtcOffer.Agreed(codec, "goog-remb", "ccm fir", "nack", "nack pli"),
            MidExtension = media.Extension(RtpExtensionUris.Mid),
            AbsSendTimeExtension = media.Extension(RtpExtensionUris.AbsSendTime),
            TransportCcExtension = role == RtcRole.Publish ? media.Extension(RtpExtensionUris.TransportCc) : 0,
            PlayoutDelayExtension = role == RtcRole.Play ? media.Extension(RtpExtensionUris.PlayoutDelay) : 0,
            Sps = sps,
            Pps = pps,
        };
    }

    /// <summary>The three bytes; RFC 6184 8.1: Baseline of level 1 where none is named. Negative when it is no number.</summary>
    private static int ProfileLevel(SdpCodec codec) =>
        codec.Parameter("profile-level-id") is not { } text ? 0x42_00_0a
        : text.Length == 6 && int.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var id) ? id : -1;

    /// <summary>What is to be played as it is; else constrained baseline, which everything decodes, then the others.</summary>
    private static int Rank(int id, byte wanted)
    {
        var (profile, constrained) = (id >> 16, (id & 0x4000) != 0);
        return profile == wanted && wanted != 0x42 ? 0
            : (profile, constrained) switch
            {
                (0x42, true) => 1,
                (0x4d, _) => 2,
                (0x42, false) => 3,
                (0x64, _) => 4,
                _ => 5,
            };
    }

    private static (byte[]? Sps, byte[]? Pps) Sprop(SdpCodec codec)
    {
        if (codec.Parameter("sprop-parameter-sets") is not { } text)
        {
            return default;
        }

        var units = text.Split(',').Select(TryBase64).Where(unit => unit is { Length: > 3 }).ToList();
        return (units.Find(unit => (unit![0] & 0x1f) == 7), units.Find(unit => (unit![0] & 0x1f) == 8));
    }

    private static byte[]? TryBase64(string text)
    {
        var bytes = new byte[text.Length];
        return Convert.TryFromBase64String(text, bytes, out var length) ? bytes[..length] : null;
    }
}
