namespace Weir.Media.Rtmp;

/// <summary>The peer broke the protocol; the connection is closed.</summary>
/// <param name="clause">Of RTMP 1.0 where nothing else is named.</param>
public sealed class RtmpProtocolException(string clause, string what) : Exception($"{what} (RTMP {clause})")
{
    public string Clause { get; } = clause;

    public string What { get; } = what;
}
