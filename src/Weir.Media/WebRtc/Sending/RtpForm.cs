using Weir.Media.Broadcasting;
using Weir.Media.Formats;
using Weir.Media.Formats.Rtp;

namespace Weir.Media.WebRtc.Sending;

/// <summary>A frame's RTP payloads, built once for all viewers.</summary>
internal sealed class RtpPayloads(IReadOnlyList<byte[]> payloads)
{
    private static readonly RtpPayloads None = new([]);

    /// <summary>
    /// Bytes of a payload at most: with header, extensions, the tag of the encryption, UDP and IPv6 the packet stays below 1280, which every
    /// path takes.
    /// </summary>
    private const int MaxPayload = 1140;

    /// <summary>Opus packets are not divided; what is larger than this no browser made.</summary>
    private const int MaxOpus = 1300;

    /// <summary>Of a media frame. Empty where the codec does not travel by WebRTC.</summary>
    public static readonly WireForm<RtpPayloads> Of = new(WireForms.Rtp, Build);

    public IReadOnlyList<byte[]> Payloads => payloads;

    public int Count => payloads.Count;

    private static RtpPayloads Build(Frame frame)
    {
        var track = frame.Track!;
        return track.Codec switch
        {
            Codec.H264 => new(H264Packetizer.Packetize(frame.IsKeyframe ? ParameterSets(track) : [], frame.Payload.Span, MaxPayload)),
            Codec.Opus when frame.Payload.Length is > 0 and <= MaxOpus => new([frame.Payload.ToArray()]),
            _ => None,
        };
    }

    private static IEnumerable<byte[]> ParameterSets(Track track)
    {
        var configuration = AvcConfiguration.Read(track.Configuration.Span);
        return configuration.Sps.Concat(configuration.Pps);
    }
}
