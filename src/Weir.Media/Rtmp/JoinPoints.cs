using Weir.Media.Formats;

namespace Weir.Media.Rtmp;

/// <summary>
/// Which of the pictures that an encoder calls keyframes a viewer can begin with: those that a decoder can begin with alone. With open
/// groups of pictures the encoder's keyframes are not, because pictures after them refer to the group before.
/// </summary>
internal sealed class JoinPoints
{
    private long? _recoveryPoint;
    private bool _hasLeading;
    private bool _groupsAreClosed;

    /// <summary>Some keyframe was none: viewers cannot begin there.</summary>
    public bool HasOpenGroups { get; private set; }

    /// <param name="isKeyframe">By the encoder.</param>
    /// <param name="presentation">By the encoder's clock, microseconds.</param>
    public bool Take(FourCc codec, ReadOnlySpan<byte> picture, bool isKeyframe, long presentation)
    {
        if (!isKeyframe)
        {
            // Shown before the recovery point and decoded after it: it may refer to what was before.
            if (presentation < _recoveryPoint)
            {
                (_hasLeading, _groupsAreClosed, HasOpenGroups) = (true, false, true);
            }

            return false;
        }

        // A recovery point is trusted once a whole group after one was seen without such pictures.
        _groupsAreClosed |= _recoveryPoint is not null && !_hasLeading;
        (_recoveryPoint, _hasLeading) = (null, false);
        switch (codec switch { FourCc.Avc => KeyPicture.OfH264(picture), FourCc.Hevc => KeyPicture.OfHevc(picture), _ => KeyPictureKind.Complete })
        {
            case KeyPictureKind.Complete:
                return true;
            case KeyPictureKind.RecoveryPoint:
                _recoveryPoint = presentation;
                return _groupsAreClosed;
            default:
                HasOpenGroups = true;
                return false;
        }
    }
}
