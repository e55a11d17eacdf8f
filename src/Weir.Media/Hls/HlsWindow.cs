using System.Collections.Immutable;
using Weir.Media.Cmaf;

namespace Weir.Media.Hls;

/// <summary>How much of a broadcast HLS keeps and how long it waits.</summary>
public sealed record HlsLimits
{
    /// <summary>Length of the playlists in target durations: beyond the six that delta updates must be able to skip to.</summary>
    public int PlaylistTargets { get; init; } = 10;

    /// <summary>Memory for segments; the oldest go first, but never the last three target durations.</summary>
    public long MaxBytes { get; init; } = 64L << 20;

    /// <summary>The same without that exception; only the newest segment stays in any case.</summary>
    public long MostBytes { get; init; } = 128L << 20;

    /// <summary>How long <c>index.m3u8</c> waits for its first whole segment.</summary>
    public TimeSpan FirstSegmentTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a media path still works after a re-key, for requests on their way.</summary>
    public TimeSpan OldPathGrace { get; init; } = TimeSpan.FromMilliseconds(700);
}

/// <summary>
/// Collects fragments into segments and parts and decides what is listed and what can still be fetched. Has one writer;
/// readers get a <see cref="HlsSnapshot"/>.
/// </summary>
internal sealed class HlsWindow(HlsLimits limits, TimeProvider clock)
{
    private readonly List<HlsSegment> _held = [];
    private readonly Queue<(long RemovedAt, TimeSpan Keep)> _removed = new();
    private readonly List<Fragment> _current = [];
    private readonly List<Fragment> _part = [];
    private (int Segment, long Part)? _targets;
    private bool _hasBegun;
    private (long Wall, long Media)? _anchor;
    private bool _awaitsStart = true;

    /// <summary>Takes the next fragment. True when there is something new to list.</summary>
    /// <param name="target">The packager's target duration, known once a segment has ended.</param>
    /// <param name="partTarget">The same for parts.</param>
    public bool Add(Fragment fragment, int? target, long? partTarget)
    {
        if (_awaitsStart && !fragment.StartsSegment)
        {
            return false;
        }

        _targets ??= target is { } seconds && partTarget is { } microseconds ? (seconds, microseconds) : null;
        var changed = false;
        if (fragment.StartsSegment)
        {
            changed = CloseCurrent();
            _awaitsStart = false;
        }

        if (_anchor is null || fragment.Discontinuity)
        {
            _anchor = (fragment.WallClock, fragment.Start);
        }

        _current.Add(fragment);
        changed |= _hasBegun && TakePart(fragment);

        if (fragment.EndsSegment)
        {
            changed |= CloseCurrent();
        }

        return changed;
    }

    /// <summary>Fragments were missed: what is held cannot be continued under the same numbers.</summary>
    public void Restart()
    {
        _held.Clear();
        _removed.Clear();
        _current.Clear();
        _part.Clear();
        _anchor = null;
        _awaitsStart = true;
    }

    public void End() => CloseCurrent();

    /// <summary>Bytes of the segments that can be fetched, and of the one that is being made.</summary>
    public long Held =>
        _held.Where(segment => segment.IsComplete).Sum(segment => segment.Bytes) + _current.Sum(fragment => (long)fragment.Data.Length);

    public HlsSnapshot? Snapshot(string mediaPath, string run, bool deltasAllowed, bool ended)
    {
        if (_held.Count == 0 || !_held[0].IsComplete)
        {
            return null;
        }

        Retire();
        return new HlsSnapshot([.. _held], _removed.Count, _targets!.Value.Segment, _targets.Value.Part, mediaPath, run, deltasAllowed, ended);
    }

    // Nobody gets a playlist before its first whole segment, so its parts are cut when the target is known.
    private void AddFirst(long target)
    {
        _hasBegun = true;
        if (FirstParts.Of(_current, target) is { } parts)
        {
            foreach (var part in parts)
            {
                AddPart(part);
            }
        }
        else
        {
            AddPart(new HlsPart([.. _current]));
            _held[^1] = _held[^1] with { ListsParts = false };
        }
    }

    private bool TakePart(Fragment fragment)
    {
        var changed = fragment.StartsPart && EndPart();
        _part.Add(fragment);
        return (fragment.EndsPart && EndPart()) || changed;
    }

    private bool EndPart()
    {
        if (_part.Count == 0)
        {
            return false;
        }

        AddPart(new HlsPart([.. _part]));
        _part.Clear();
        return true;
    }

    private void AddPart(HlsPart part)
    {
        var first = part.Fragments[0];
        if (_held.Count > 0 && !_held[^1].IsComplete)
        {
            var open = _held[^1];
            _held[^1] = new HlsSegment(open.First, open.Parts.Add(part), IsComplete: false) { ProgramTime = open.ProgramTime };
            return;
        }

        if (_held.Count > 0 && first.SegmentNumber != _held[^1].Number + 1)
        {
            // Media sequence numbers are counted, not written (8216bis 4.4.3.2): a gap cannot be listed.
            _held.Clear();
            _removed.Clear();
        }

        var (wall, media) = _anchor!.Value;
        _held.Add(new HlsSegment(first, [part], IsComplete: false) { ProgramTime = wall + first.Start - media });
    }

    private bool CloseCurrent()
    {
        if (_current.Count == 0)
        {
            return false;
        }

        if (_hasBegun)
        {
            EndPart();
        }
        else if (_targets is { } targets)
        {
            AddFirst(targets.Part);
        }
        else
        {
            _current.Clear();
            return false;
        }

        _held[^1] = _held[^1] with { IsComplete = true };

        _current.Clear();
        return true;
    }

    // 8216bis 6.2.2: a segment leaves the playlist, then stays for its own duration plus that of the longest playlist
    // that listed it. Its parts stay as long, which is more than the three target durations they must.
    private void Retire()
    {
        var target = _targets!.Value.Segment * 1_000_000L;
        var listed = _held.Skip(_removed.Count).Sum(segment => segment.Duration);
        var bytes = _held.Sum(segment => segment.Bytes);
        while (_removed.Count < _held.Count - 1)
        {
            var oldest = _held[_removed.Count];
            var rest = listed - oldest.Duration;
            var tooLong = rest >= limits.PlaylistTargets * target;
            var tooBig = (bytes > limits.MaxBytes && rest >= 3 * target) || bytes > limits.MostBytes;
            if (!tooLong && !tooBig)
            {
                break;
            }

            _removed.Enqueue((clock.GetTimestamp(), TimeSpan.FromMicroseconds(listed + oldest.Duration)));
            listed = rest;
            if (tooBig)
            {
                bytes -= oldest.Bytes;
            }
        }

        var held = _held.Sum(segment => segment.Bytes);
        while (_removed.TryPeek(out var gone) && (held > limits.MaxBytes || clock.GetElapsedTime(gone.RemovedAt) >= gone.Keep))
        {
            held -= _held[0].Bytes;
            _removed.Dequeue();
            _held.RemoveAt(0);
        }
    }
}
