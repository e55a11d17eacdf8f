namespace Weir.Media.WebRtc;

/// <summary>Where a session's packets go: a peer of the transport, or a test. Nothing waits; what has no room is lost, as on any network.</summary>
public interface IRtcOutput
{
    /// <param name="header">With its extensions, this peer's own.</param>
    /// <param name="payload">Shared by all.</param>
    bool SendRtp(ReadOnlySpan<byte> header, ReadOnlySpan<byte> payload);

    bool SendRtcp(ReadOnlySpan<byte> compound);
}
