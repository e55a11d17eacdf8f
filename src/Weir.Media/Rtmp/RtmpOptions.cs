using Weir.Media.Broadcasting;

namespace Weir.Media.Rtmp;

public sealed record RtmpOptions
{
    /// <summary>The one application there is: the first path element of every URL.</summary>
    public string App { get; init; } = "live";

    /// <summary>Largest message of a publisher who was admitted. Nothing larger is allocated.</summary>
    public int MaxMessageSize { get; init; } = 8 << 20;

    /// <summary>Largest message of a peer nobody knows yet.</summary>
    public int MaxCommandSize { get; init; } = 64 << 10;

    public TimeSpan HandshakeTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>From the handshake to publish or play.</summary>
    public TimeSpan CommandTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>A publisher who sends nothing for so long is gone, whatever TCP thinks.</summary>
    public TimeSpan PublisherIdleTimeout { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>Players are pinged three times as often; one that answers nothing for so long is gone.</summary>
    public TimeSpan PlayerIdleTimeout { get; init; } = TimeSpan.FromSeconds(90);

    /// <summary>How long a peer that was told the end may take to close the connection.</summary>
    public TimeSpan LingerTimeout { get; init; } = TimeSpan.FromSeconds(3);

    public LagPolicy Lag { get; init; } = new();
}
