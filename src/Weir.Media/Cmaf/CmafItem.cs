using Weir.Media.Broadcasting;
using Weir.Media.Formats;
using Weir.Media.Formats.Mp4;

namespace Weir.Media.Cmaf;

/// <summary>One entry of what a <see cref="Packager"/> writes: a <see cref="Fragment"/> or a <see cref="CmafEvent"/>, in timeline order.</summary>
public abstract class CmafItem
{
    /// <summary>Bytes it keeps in memory.</summary>
    public abstract int Size { get; }
}

/// <summary>An event of the timeline, passed on at once.</summary>
/// <param name="at">Media time, microseconds.</param>
/// <param name="wallClock">Unix time, microseconds.</param>
public sealed class CmafEvent(TimelineEvent happened, long at, long wallClock) : CmafItem
{
    public TimelineEvent Event => happened;

    public long At => at;

    public long WallClock => wallClock;

    public override int Size => happened.Json.Length;
}

/// <summary>A moof and its mdat, built once and shared by every reader: about one picture and the audio up to it.</summary>
public sealed class Fragment : CmafItem
{
    /// <summary>Bytes kept free before <see cref="Data"/> in its array, so that a frame's header can stand there without a copy.</summary>
    public const int Room = WebSocketFrame.MaxHeader;

    private readonly Mp4Run? _audio;
    private byte[]? _audioOnly;

    internal Fragment(Mp4Run? audio) => _audio = audio;

    /// <summary>mfhd's sequence number, from 1 without gaps.</summary>
    public required uint Sequence { get; init; }

    public required InitSegment Init { get; init; }

    /// <summary>moof and mdat of all tracks, in an array with <see cref="Room"/> before them.</summary>
    public required ReadOnlyMemory<byte> Data { get; init; }

    /// <summary>Number of the segment it belongs to; shared by HLS and the recording.</summary>
    public required long SegmentNumber { get; init; }

    /// <summary>Discontinuities before it, since the broadcast began.</summary>
    public required long DiscontinuityNumber { get; init; }

    public required bool StartsSegment { get; init; }

    /// <summary>The next fragment, if one comes, starts the next segment.</summary>
    public required bool EndsSegment { get; init; }

    /// <summary>The part before ended, whether it said so or not.</summary>
    public required bool StartsPart { get; init; }

    /// <summary>Nothing more belongs to its part.</summary>
    public required bool EndsPart { get; init; }

    /// <summary>A decoder can begin with it.</summary>
    public required bool Independent { get; init; }

    /// <summary>The first after an interruption or a change of tracks.</summary>
    public required bool Discontinuity { get; init; }

    /// <summary>Media time, microseconds. A fragment starts where the one before it ended, but for discontinuities.</summary>
    public required long Start { get; init; }

    /// <summary>Microseconds; zero where it only completes what an earlier one covered.</summary>
    public required long Duration { get; init; }

    /// <summary>When its first frame arrived: Unix time, microseconds.</summary>
    public required long WallClock { get; init; }

    public long End => Start + Duration;

    /// <summary>Pictures in it.</summary>
    public required int Pictures { get; init; }

    public bool HasAudio => _audio is not null;

    public override int Size => Data.Length;

    /// <summary>
    /// The same moment without its picture, for the audio-only rendition (<see cref="InitSegment.AudioOnly"/>): built by
    /// whoever asks first. Empty when no audio falls into it.
    /// </summary>
    public ReadOnlyMemory<byte> AudioOnly
    {
        get
        {
            if (Init.Video is null)
            {
                return Data;
            }

            if (Volatile.Read(ref _audioOnly) is { } built)
            {
                return built;
            }

            built = _audio is { } run ? FragmentWriter.Write(Sequence, [run]) : [];
            return Interlocked.CompareExchange(ref _audioOnly, built, null) ?? built;
        }
    }
}
