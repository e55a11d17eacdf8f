using Weir.Media.Formats.Mp4;

namespace Weir.Media.Tests.Hls;

/// <summary>
/// Watches a live playlist as it grows and asserts what 8216bis demands of each version and from one to the next.
/// </summary>
internal sealed class SpecChecker(Theatre theatre, string name)
{
    private readonly Dictionary<string, DateTimeOffset> _goneParts = [];
    private readonly Dictionary<long, (string Uri, DateTimeOffset Until)> _goneSegments = [];
    private Playlist? _last;
    private double _longest;

    public int Updates { get; private set; }

    public int Deltas { get; private set; }

    public Playlist Last => _last!;

    /// <summary>Looks at the playlist if there is one.</summary>
    public void Look()
    {
        var asked = theatre.AskAsync(name);
        if (!asked.IsCompleted)
        {
            return;
        }

        var text = Theatre.Text(asked.GetAwaiter().GetResult());
        var now = Playlist.Read(text);
        CheckOne(now);
        if (_last is { } before)
        {
            CheckStep(before, now);
            CheckDelta(before, now);
        }

        CheckRetention();
        _last = now;
        Updates++;
    }

    private void CheckOne(Playlist playlist)
    {
        // 4.4.3.8
        Assert.True(playlist.HoldBack >= 3 * playlist.PartTarget);
        Assert.True(playlist.SkipUntil >= 6 * playlist.Target);
        Assert.Equal(playlist.Segments[0].Discontinuity, playlist.DiscontinuitySequence);
        foreach (var segment in playlist.Segments)
        {
            Assert.NotNull(segment.Map);
            Assert.NotNull(segment.Time);
            if (segment.Duration is { } duration)
            {
                // 4.4.3.1
                Assert.True(Math.Round(duration) <= playlist.Target, $"{duration} in {playlist.Target}");
                if (segment.Parts.Count > 0)
                {
                    Assert.Equal(duration, segment.Parts.Sum(part => part.Duration), 3);
                }
            }

            for (var i = 0; i < segment.Parts.Count; i++)
            {
                // 4.4.4.9
                var part = segment.Parts[i];
                Assert.True(part.Duration <= playlist.PartTarget + 1e-9, $"part of {part.Duration}, target {playlist.PartTarget}");
                var isLast = segment.Duration is not null && i == segment.Parts.Count - 1;
                Assert.True(isLast || part.Duration >= 0.85 * playlist.PartTarget, $"part of {part.Duration}, target {playlist.PartTarget}");
            }
        }

        // 6.2.2: parts are listed for the last three target durations at least.
        var end = playlist.Segments.Sum(segment => segment.Duration ?? 0);
        var at = 0.0;
        foreach (var segment in playlist.Segments.Where(segment => segment.Duration is not null))
        {
            at += segment.Duration!.Value;
            Assert.True(playlist.Ended || segment.Parts.Count > 0 || end - at >= 3 * playlist.Target - playlist.PartTarget * 10);
        }

        Assert.Equal(playlist.Ended, playlist.Hint is null);
    }

    private void CheckStep(Playlist before, Playlist now)
    {
        Assert.Equal((before.Target, before.PartTarget), (now.Target, now.PartTarget));
        Assert.True(now.MediaSequence >= before.MediaSequence);
        Assert.True(now.DiscontinuitySequence >= before.DiscontinuitySequence);
        foreach (var old in before.Segments)
        {
            var same = now.Segments.SingleOrDefault(segment => segment.Number == old.Number);
            if (same is null)
            {
                // 6.2.2: only from the front; then it stays for its own duration plus the longest playlist's.
                Assert.True(old.Number < now.MediaSequence);
                _goneSegments[old.Number] = (old.Uri!, theatre.Stage.Clock.GetUtcNow() + TimeSpan.FromSeconds(old.Duration!.Value + _longest));
                continue;
            }

            Assert.Equal((old.Discontinuity, old.Time), (same.Discontinuity, same.Time));
            Assert.True(old.Duration is null || (old.Duration, old.Uri, old.Map) == (same.Duration, same.Uri, same.Map));
            if (same.Parts.Count == 0)
            {
                foreach (var part in old.Parts)
                {
                    _goneParts.TryAdd(part.Uri, theatre.Stage.Clock.GetUtcNow() + TimeSpan.FromSeconds(3 * now.Target));
                }
            }
            else
            {
                Assert.Equal(old.Parts, same.Parts.Take(old.Parts.Count));
            }
        }

        if (before.Hint is { } hint && now.Segments.SelectMany(s => s.Parts).Count() > before.Segments.SelectMany(s => s.Parts).Count())
        {
            // 4.4.5.3: the hint named the part that came next.
            Assert.Contains(now.Segments.SelectMany(segment => segment.Parts), part => part.Uri == hint);
        }

        foreach (var segment in now.Segments)
        {
            var known = before.Segments.SingleOrDefault(old => old.Number == segment.Number);
            foreach (var part in segment.Parts.Skip(known?.Parts.Count ?? 0))
            {
                var bytes = Theatre.Bytes(theatre.Fetch(part.Uri));
                var starts = FragmentReader.Read(bytes)[0].Samples[0].IsSync;
                Assert.Equal(starts, part.Independent);
            }

            if (segment.Duration is not null && known is { Duration: null })
            {
                Assert.Equal(
                    segment.Parts.SelectMany(part => Theatre.Bytes(theatre.Fetch(part.Uri))), Theatre.Bytes(theatre.Fetch(segment.Uri!)));
                Assert.Equal(200, theatre.Fetch(segment.Map!).Status);
            }
        }

        _longest = Math.Max(_longest, now.Segments.Sum(segment => segment.Duration ?? 0));
    }

    private void CheckDelta(Playlist before, Playlist now)
    {
        var delta = Playlist.Read(Theatre.Text(theatre.Ask(name, skip: "YES")), before);
        Assert.Equal(now.Segments.Select(s => (s.Number, s.Discontinuity, s.Duration, s.Uri, s.Map, s.Time)),
            delta.Segments.Select(s => (s.Number, s.Discontinuity, s.Duration, s.Uri, s.Map, s.Time)));
        if (delta.Skipped > 0)
        {
            Deltas++;
            var rest = delta.Segments.Skip(delta.Skipped).Sum(s => s.Duration ?? s.Parts.Sum(part => part.Duration));
            Assert.True(rest >= now.SkipUntil);
        }
    }

    private void CheckRetention()
    {
        var clock = theatre.Stage.Clock.GetUtcNow();
        foreach (var (uri, until) in _goneParts.Where(gone => gone.Value >= clock))
        {
            Assert.Equal(200, theatre.Fetch(uri).Status);
        }

        foreach (var (_, gone) in _goneSegments.Where(gone => gone.Value.Until > clock))
        {
            Assert.Equal(200, theatre.Fetch(gone.Uri).Status);
        }
    }
}
