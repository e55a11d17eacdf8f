using Weir.Media.Broadcasting;
using Weir.Media.Formats.Rtp;

namespace Weir.Media.WebRtc.Receiving;

/// <summary>
/// Puts the RTP time stamps of sound and picture on one clock, microseconds. Until both streams' sender reports are there each begins by its arrival; then
/// the picture is moved to where the reports say it belongs beside the sound, a little with each frame. Sound is never moved: ears hear that.
/// </summary>
internal sealed class LipSync
{
    /// <summary>Each frame's share of a correction at most.</summary>
    private const long Slew = 4_000;

    /// <summary>Beyond this a correction is made at once.</summary>
    private const long Step = 400_000;

    /// <summary>Reports that would move the picture further than any network does are of a clock that means nothing.</summary>
    private const long Nonsense = 5_000_000;

    private readonly Line _video = new(RtcClock.VideoRate);
    private readonly Line _audio = new(RtcClock.AudioRate);

    /// <summary>How far the picture still is from its place, microseconds.</summary>
    public long Offset => _correction;

    private long _correction;

    /// <summary>The time of a frame by the publisher's clock.</summary>
    public long Time(TrackKind kind, uint timestamp, long arrival)
    {
        var line = kind == TrackKind.Video ? _video : _audio;
        var elapsed = line.Unwrap(timestamp);
        if (!line.IsAnchored)
        {
            line.Anchor(arrival - elapsed);
            Correct();
        }

        if (kind == TrackKind.Video && _correction != 0)
        {
            var move = Math.Abs(_correction) > Step ? _correction : Math.Clamp(_correction, -Slew, Slew);
            line.Offset += move;
            _correction -= move;
        }

        return elapsed + line.Offset;
    }

    public void Report(TrackKind kind, in SenderReport report)
    {
        if (report.Ntp == 0)
        {
            return;
        }

        (kind == TrackKind.Video ? _video : _audio).Report(report);
        Correct();
    }

    /// <summary>The stream begins anew: another source, another time stamp.</summary>
    public void Restart(TrackKind kind) => (kind == TrackKind.Video ? _video : _audio).Restart();

    private void Correct()
    {
        if (_video is not { IsAnchored: true, Wall: { } video } || _audio is not { IsAnchored: true, Wall: { } audio })
        {
            return;
        }

        // Each line's wall says what to add to its time stamps to get the sender's own time.
        var wanted = _audio.Offset + (video - audio);
        var correction = wanted - _video.Offset;
        if (Math.Abs(correction) < Nonsense)
        {
            _correction = correction;
        }
    }

    private sealed class Line(int rate)
    {
        private RtpUnwrapper _unwrapper;
        private bool _started;

        public bool IsAnchored { get; private set; }

        /// <summary>Publisher's clock minus time stamp.</summary>
        public long Offset { get; set; }

        /// <summary>Sender's wall clock minus time stamp, by the last report.</summary>
        public long? Wall { get; private set; }

        public long Unwrap(uint timestamp)
        {
            _started = true;
            return RtcClock.ToMicroseconds(_unwrapper.Timestamp(timestamp), rate);
        }

        public void Anchor(long offset) => (IsAnchored, Offset) = (true, offset);

        public void Report(in SenderReport report)
        {
            if (!_started)
            {
                // The first report may come before the first packet.
                _unwrapper.Timestamp(report.Timestamp);
                _started = true;
            }

            var last = _unwrapper;
            Wall = RtcClock.NtpToMicroseconds(report.Ntp) - RtcClock.ToMicroseconds(last.Timestamp(report.Timestamp), rate);
        }

        public void Restart() => (_unwrapper, _started, IsAnchored, Wall) = (default, false, false, null);
    }
}
