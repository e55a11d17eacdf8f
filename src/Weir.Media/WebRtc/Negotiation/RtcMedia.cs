using Weir.Media.Broadcasting;

namespace Weir.Media.WebRtc.Negotiation;

/// <summary>What the client wants to do.</summary>
public enum RtcRole : byte
{
    Publish,
    Play,
}

/// <summary>One agreed stream: how its packets look, in both directions.</summary>
/// <param name="Index">Its place among the offer's media.</param>
public sealed record RtcMedia(int Index, string Mid, TrackKind Kind, byte PayloadType)
{
    public const int VideoClockRate = RtcClock.VideoRate;
    public const int AudioClockRate = RtcClock.AudioRate;

    /// <summary>Retransmissions (RFC 4588); 0 where they are not agreed.</summary>
    public byte RtxPayloadType { get; init; }

    /// <summary>The answer's <c>fmtp</c>.</summary>
    public string Parameters { get; init; } = "";

    /// <summary>The agreed <c>rtcp-fb</c> values.</summary>
    public IReadOnlyList<string> Feedback { get; init; } = [];

    /// <summary>Ids of the header extensions, 0 where not agreed.</summary>
    public int MidExtension { get; init; }

    public int AbsSendTimeExtension { get; init; }

    public int TransportCcExtension { get; init; }

    public int PlayoutDelayExtension { get; init; }

    /// <summary>Parameter sets that the offer carries (<c>sprop-parameter-sets</c>): for encoders that do not send them in band.</summary>
    public byte[]? Sps { get; init; }

    public byte[]? Pps { get; init; }

    public int ClockRate => Kind == TrackKind.Video ? VideoClockRate : AudioClockRate;

    public bool HasNack => Feedback.Contains("nack");

    public bool HasPli => Feedback.Contains("nack pli");

    public bool HasFir => Feedback.Contains("ccm fir");

    public bool HasRemb => Feedback.Contains("goog-remb");
}
