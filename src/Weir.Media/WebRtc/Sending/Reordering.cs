using Weir.Media.Broadcasting;

namespace Weir.Media.WebRtc.Sending;

/// <summary>
/// Tells pictures that are decoded in another order than they are shown (B-frames). RTP could carry them, but the decoders of browsers' WebRTC give out
/// each picture as it comes and fail on those, so they are not sent.
/// </summary>
internal struct Reordering
{
    private long _shown;
    private bool _started;

    /// <summary>True when this picture is shown before one that came earlier.</summary>
    public bool Note(Frame picture)
    {
        var reordered = _started && picture.Pts < _shown;
        _shown = _started && !picture.IsKeyframe ? Math.Max(_shown, picture.Pts) : picture.Pts;
        _started = true;
        return reordered && !picture.IsKeyframe;
    }

    /// <summary>Whether what the timeline holds has such pictures.</summary>
    public static bool In(Timeline timeline)
    {
        var look = default(Reordering);
        for (var index = timeline.Log.First; index < timeline.Log.Next; index++)
        {
            if (timeline.Log.TryGet(index, out var frame) && frame.Kind == FrameKind.Video && look.Note(frame))
            {
                return true;
            }
        }

        return false;
    }
}
