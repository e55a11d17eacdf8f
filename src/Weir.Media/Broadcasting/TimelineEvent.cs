namespace Weir.Media.Broadcasting;

/// <summary>
/// Something that happened beside the picture, at a moment of the media clock. <see cref="Json"/> is what viewers and
/// the replay get, built once.
/// </summary>
/// <param name="Type">The JSON's <c>type</c>: <c>comment</c>, <c>deleted</c>, <c>viewers</c>, <c>state</c>, ...</param>
/// <param name="Json">UTF-8, one object.</param>
public sealed record TimelineEvent(string Type, ReadOnlyMemory<byte> Json)
{
    /// <summary>Only the host's sessions get it.</summary>
    public bool HostOnly { get; init; }

    /// <summary>Belongs into the recording (comments, deletions); a readout of the moment does not.</summary>
    public bool Recorded { get; init; }

    /// <summary>A viewer too slow for it may miss it.</summary>
    public bool Droppable { get; init; }
}
