using Weir.Media.Formats.Rtp;

namespace Weir.Media.WebRtc.Receiving;

/// <summary>What a receiver reports of one stream (RFC 3550 6.4.1, A.3, A.8).</summary>
internal sealed class Reception(uint ssrc, int clockRate)
{
    private long _first = -1;
    private long _highest;
    private long _received;
    private long _expectedBefore;
    private long _receivedBefore;
    private double _jitter;
    private long _transit;
    private uint _lastReport;
    private long _lastReportAt;

    public uint Ssrc => ssrc;

    /// <param name="sequence">Unwrapped.</param>
    /// <param name="arrival">Microseconds.</param>
    public void Count(long sequence, uint timestamp, long arrival)
    {
        var transit = (arrival * clockRate / 1_000_000) - timestamp;
        if (_first < 0)
        {
            _first = _highest = sequence;
        }
        else
        {
            // The difference is taken in 32 bits, for the time stamp wraps.
            _jitter += (Math.Abs((int)(transit - _transit)) - _jitter) / 16;
        }

        _transit = transit;
        _highest = Math.Max(_highest, sequence);
        _received++;
    }

    public void Take(in SenderReport report, long now)
    {
        _lastReport = (uint)(report.Ntp >> 16);
        _lastReportAt = now;
    }

    /// <summary>Null before the first packet.</summary>
    public ReportBlock? Report(long now)
    {
        if (_first < 0)
        {
            return null;
        }

        var expected = _highest - _first + 1;
        var (newExpected, newReceived) = (expected - _expectedBefore, _received - _receivedBefore);
        (_expectedBefore, _receivedBefore) = (expected, _received);
        var lost = newExpected - newReceived;
        return new ReportBlock(
            ssrc,
            (byte)(newExpected <= 0 || lost <= 0 ? 0 : Math.Min(255, lost * 256 / newExpected)),
            (int)Math.Clamp(expected - _received, -0x80_0000, 0x7f_ffff),
            (uint)_highest,
            (uint)_jitter,
            _lastReport,
            _lastReport == 0 ? 0 : (uint)((now - _lastReportAt) * 65_536 / 1_000_000));
    }
}
