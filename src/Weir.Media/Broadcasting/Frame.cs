namespace Weir.Media.Broadcasting;

public enum FrameKind : byte
{
    Video,
    Audio,
    Event,
}

/// <summary>
/// One entry of a timeline, immutable. Times are microseconds of the media clock. The wire forms derived from it are
/// built once, by whichever viewer needs one first, and shared (<see cref="WireForm{T}"/>).
/// </summary>
public sealed class Frame
{
    private readonly object?[] _forms = new object?[WireForms.Count];

    /// <summary>Position in the timeline, from 0 without gaps.</summary>
    public required long Index { get; init; }

    public required FrameKind Kind { get; init; }

    /// <summary>Decoding time.</summary>
    public required long Dts { get; init; }

    /// <summary>Presentation time; never before <see cref="Dts"/>.</summary>
    public required long Pts { get; init; }

    /// <summary>When it arrived: Unix time, microseconds.</summary>
    public required long WallClock { get; init; }

    /// <summary>Null for events only.</summary>
    public Track? Track { get; init; }

    /// <summary>A decoder can start here. Always true for audio.</summary>
    public bool IsKeyframe { get; init; }

    /// <summary>The first frame of its track after an interruption: encoder state before it is gone.</summary>
    public bool AfterDiscontinuity { get; init; }

    /// <summary>
    /// H.264 and HEVC: length-prefixed NAL units (4 bytes, without parameter sets the configuration holds already being
    /// required); AV1: a temporal unit of OBUs with sizes; AAC: a raw frame; Opus: a packet.
    /// </summary>
    public ReadOnlyMemory<byte> Payload { get; init; }

    public TimelineEvent? Event { get; init; }

    internal object? Form(int slot) => Volatile.Read(ref _forms[slot]);

    internal object KeepForm(int slot, object form) => Interlocked.CompareExchange(ref _forms[slot], form, null) ?? form;
}

/// <summary>The forms a frame can be asked for; the slots keep the lookup an array read.</summary>
public static class WireForms
{
    public const int Flv = 0;
    public const int RtmpChunks = 1;
    public const int FlvChunk = 2;
    public const int Rtp = 3;
    internal const int Count = 4;
}

/// <summary>A shared wire form of a frame: built once, whoever asks first.</summary>
public sealed class WireForm<T>(int slot, Func<Frame, T> build)
    where T : class
{
    public T Of(Frame frame) => (T)(frame.Form(slot) ?? frame.KeepForm(slot, build(frame)));
}
