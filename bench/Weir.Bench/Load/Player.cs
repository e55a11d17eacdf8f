namespace Weir.Bench.Load;

/// <summary>
/// One connection of a viewer, without I/O: it is handed what arrived and hands back what to send. A viewer of LL-HLS with
/// separate sound has two connections.
/// </summary>
internal abstract class Player
{
    /// <summary>The first bytes to send.</summary>
    public abstract ReadOnlyMemory<byte> Open();

    /// <summary>Takes what arrived; answers through <paramref name="send"/>.</summary>
    /// <exception cref="LoadException">The server refused or said something that is not the protocol.</exception>
    public abstract void Receive(ReadOnlySpan<byte> data, Action<ReadOnlyMemory<byte>> send);

    /// <summary>Bytes of coded pictures and sound received: what containers and protocols add is not in it.</summary>
    public long Payload { get; protected set; }

    /// <summary>More connections that this one found out it needs.</summary>
    public virtual IReadOnlyList<(Uri Url, Player Player)> TakeFurther() => [];
}

/// <summary>The server did not serve: the run counts it and goes on.</summary>
internal sealed class LoadException(string what) : Exception(what);
