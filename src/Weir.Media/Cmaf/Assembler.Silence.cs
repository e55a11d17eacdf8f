using Weir.Media.Broadcasting;

namespace Weir.Media.Cmaf;

/// <summary>
/// Silence in place of sound that is missing. Players stop where one of the tracks ends, in a replay as well, and no player can
/// take a track away while it plays: so who is muted does not lose the track, and one that comes back is no change.
/// </summary>
internal sealed partial class Assembler
{
    private Silence? _silence;
    private long _edgeAtLatestAudio;

    /// <summary>How far the sound comes behind its pictures.</summary>
    private long _soundBehind;
    private int _picturesSinceSound;

    /// <summary>A picture has come. Of pictures that are rare two tell that sound is missing: it may come behind the first.</summary>
    private void FillMissingSound(Frame picture)
    {
        var missing = picture.Dts - _edgeAtLatestAudio;
        if (missing >= (++_picturesSinceSound > 1 ? _limits.SoundGap : _limits.TrackSilence))
        {
            Fill(picture.Dts - _soundBehind, picture.WallClock);
        }
    }

    /// <summary>Sound goes on after a hole, which its last frame would have to cover otherwise.</summary>
    private void FillHole(Frame sound)
    {
        if (_audio!.Expected is { } expected && sound.Dts - expected > _limits.LongestAudioHold)
        {
            Fill(sound.Dts, sound.WallClock);
        }
    }

    private void Fill(long until, long wallClock)
    {
        if (_silence is not { } silence || _audio is null)
        {
            return;
        }

        for (var at = _audio.Expected ?? _edgeAtLatestAudio; at + silence.Duration <= until; at = _audio.Expected!.Value)
        {
            TakeSound(new Frame
            {
                Index = 0,
                Kind = FrameKind.Audio,
                Track = _init!.Audio,
                Dts = at,
                Pts = at,
                WallClock = wallClock,
                IsKeyframe = true,
                Payload = silence.Payload,
            });
        }
    }

    private void TakeSound(Frame frame)
    {
        var audio = _audio!;
        var dropped = audio.Dropped;
        audio.Push(frame);
        Dropped += audio.Dropped - dropped;
        if (_video is not null)
        {
            if (IsAudioFarAhead(audio))
            {
                var end = Math.Min(audio.DoneEnd, _parts.Limit);
                MakeRoom(_end, end);
                EmitUpTo(end, beforeKeyframe: false);
            }
        }
        else if (audio.Count > 0)
        {
            NoteStep(audio.DoneEnd - audio.LastStart);
            MakeRoom(audio.LastStart, audio.DoneEnd);
            if (audio.DoneDuration >= _limits.AudioFragmentDuration || _parts.ShouldEnd(audio.DoneEnd, _latestStep))
            {
                EmitUpTo(audio.DoneEnd, beforeKeyframe: false);
            }
        }
    }
}
