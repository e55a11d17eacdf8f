using System.Diagnostics.CodeAnalysis;

namespace Weir.Media.Broadcasting;

public enum Outlet : byte
{
    WebSocket,
    Hls,
    HttpFlv,
    Rtmp,
    Whep,
    Replay,
}

public enum ViewerEnd
{
    None,

    /// <summary>No longer in the audience.</summary>
    Cut,
    Ended,

    /// <summary>The node shuts down.</summary>
    Stopping,
}

/// <summary>One admitted session of one viewer. Disposing it gives its place back.</summary>
public abstract class Viewer : IDisposable
{
    public abstract Broadcast Broadcast { get; }

    /// <summary>What to send: the broadcast's own timeline, or one whose sound this outlet's players understand.</summary>
    public virtual Timeline Timeline => Broadcast.Timeline;

    public abstract Commenter Person { get; }

    /// <summary>Cancelled when the session must end; <see cref="End"/> then says why.</summary>
    public abstract CancellationToken Closed { get; }

    public abstract ViewerEnd End { get; }

    /// <summary>
    /// What the viewer is told at the end. Null as long as the host does not know it: who reads a timeline to its end waits for it, and
    /// <see cref="Closed"/> says that it is there.
    /// </summary>
    public virtual Ending? Ending => Ending.WithoutReplay;

    public abstract void Dispose();
}

public enum PublishRefusal
{
    /// <summary>No such key. Also said while the node does not know its lists yet.</summary>
    UnknownKey,

    /// <summary>The key is right, its broadcast is over.</summary>
    Ended,

    /// <summary>The administrator has switched live off.</summary>
    LiveIsOff,

    /// <summary>Its host has as many broadcasts on air or interrupted as one may have.</summary>
    TooManyOnAir,
}

/// <summary>
/// The gate every protocol asks, at the edge between the media core and the node that hosts it. The core never sees a
/// ticket's inside; a refusal for viewers has no reason, because a stranger must not learn one.
/// </summary>
public interface IAdmission
{
    /// <summary>Takes the publisher whose key it is, replacing an older one.</summary>
    bool TryPublish(string key, PublisherInfo info, [NotNullWhen(true)] out Publisher? publisher, out PublishRefusal refusal);

    /// <param name="broadcast">The id as it stands in the URL.</param>
    /// <param name="ticket">Null where none was given.</param>
    bool TryWatch(ReadOnlySpan<char> broadcast, string? ticket, Outlet outlet, [NotNullWhen(true)] out Viewer? viewer);
}
