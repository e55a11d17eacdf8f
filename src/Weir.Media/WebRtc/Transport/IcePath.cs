namespace Weir.Media.WebRtc.Transport;

/// <summary>One of a peer's addresses that sent a signed check. It is fit to send to once it answered one of ours.</summary>
internal sealed class IcePath(RtcAddress address, IceGeneration generation)
{
    public RtcAddress Address { get; } = address;

    public IceGeneration Generation { get; set; } = generation;

    /// <summary>The random number of our last check; an answer has to carry it.</summary>
    public byte[] Transaction { get; } = new byte[12];

    public bool IsAsked { get; set; }

    public long AskedAt { get; set; } = long.MinValue / 2;

    /// <summary>Checks without an answer, one after the other.</summary>
    public int Unanswered { get; set; }

    public bool IsProven { get; set; }

    public long AnsweredAt { get; set; } = long.MinValue / 2;

    /// <summary>When the peer chose it last; 0: never.</summary>
    public long NominatedAt { get; set; }

    public long HeardAt { get; set; }
}
