namespace Weir.Media.Cmaf;

/// <summary>Where parts end, and segments because of them; see <see cref="PartCutter"/> for the rules.</summary>
internal sealed partial class Assembler
{
    private readonly PartCutter _parts = new();
    private bool _startsPart = true;
    private long _latestStep;

    private void NoteStep(long step)
    {
        _latestStep = step;
        _parts.Note(step);
    }

    /// <summary>What lasts from one time to the other comes next. Where the open part has no room for it, the part ends before.</summary>
    private void MakeRoom(long from, long end)
    {
        while (true)
        {
            var at = Math.Max(_end, from);
            var before = (_parts.Start, _segmenter.Number);
            if (_segmenter.Exceeds(at, Math.Min(end, _parts.Limit)))
            {
                EndPart(at, endsSegment: true);
            }
            else if (end <= _parts.Limit)
            {
                return;
            }
            else if (_parts.IsLongEnough(at))
            {
                EndPart(at, endsSegment: false);
            }
            else if (_video is null || _audio is not { Count: > 0 } || !EmitUpTo(_parts.Limit, beforeKeyframe: false))
            {
                EndPart(at, endsSegment: _parts.IsFixed);
            }

            if (before == (_parts.Start, _segmenter.Number))
            {
                // One picture that no part has room for.
                return;
            }
        }
    }

    private void EndPart(long at, bool endsSegment)
    {
        var waits = _video is null ? at > _end : _video.Count > 0;
        if (!waits || !Emit(_video?.Take(), _audio?.Take(at), at, endsSegment, whole: true, endsPart: true))
        {
            BeginPart();
            if (endsSegment && !_startsSegment)
            {
                EndSegment(whole: true);
            }
        }

        if (endsSegment)
        {
            _segmenter.Begin(_end, betweenKeyframes: true);
        }
    }

    private void BeginPart()
    {
        _startsPart = true;
        _parts.Begin(_end);
    }

    private void EndSegment(bool whole)
    {
        _segmenter.End(_end, whole, hasSound: _silence is not null);
        _segmenter.Begin(_end);
        (_startsSegment, _segmentBytes) = (true, 0);
        _parts.Fix(hasSound: _video is not null && _audio is not null);
        BeginPart();
    }
}
