using System.Net;

namespace Weir.Media.WebRtc.Transport;

/// <summary>Who begins the handshake (SDP's setup attribute, RFC 8842).</summary>
public enum DtlsRole
{
    /// <summary>We wait: <c>a=setup:passive</c> on our side.</summary>
    Server,

    /// <summary>We begin: <c>a=setup:active</c> on our side.</summary>
    Client,
}

/// <summary>What offer and answer agreed on about one session's transport.</summary>
public sealed record RtcPeerOptions
{
    public required IceCredentials Local { get; init; }

    public required IceCredentials Remote { get; init; }

    /// <summary>The peer's SDP fingerprint, for instance <c>sha-256 AB:CD:...</c>.</summary>
    public required string RemoteFingerprint { get; init; }

    public DtlsRole Role { get; init; } = DtlsRole.Server;

    /// <summary>Only where this end plays the client (tests, load): the address to send checks to. A server waits for them.</summary>
    public IPEndPoint? Connect { get; init; }
}
