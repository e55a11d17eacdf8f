using System.Security.Cryptography;
using Weir.Media.Broadcasting;
using Weir.Media.Formats.Rtp;
using Weir.Media.WebRtc.Negotiation;
using Weir.Media.WebRtc.Sending;

namespace Weir.Media.WebRtc;

public sealed record WhepLimits
{
    /// <summary>A viewer that has fallen behind by more goes on at the newest keyframe.</summary>
    public LagPolicy Lag { get; init; } = new() { MaxLag = 1_500_000, MaxSkips = 60 };

    /// <summary>A keyframe leaves at this pace, bytes a second, after a burst: all at once it would overrun the buffers of the network.</summary>
    public long Pace { get; init; } = 2_500_000;

    public long Burst { get; init; } = 32 << 10;

    /// <summary>Retransmissions, bytes a second; beyond them the viewer waits for the next keyframe.</summary>
    public long RepairPace { get; init; } = 150_000;

    public long RepairBurst { get; init; } = 96 << 10;
}

/// <summary>Why a session can show nothing any more.</summary>
public enum WhepEnd
{
    None,
    Ended,

    /// <summary>The picture's codec does not travel by WebRTC here.</summary>
    UnsupportedCodec,

    /// <summary>The sound has become one that does not travel by WebRTC: with another session it may be transcoded.</summary>
    UnsupportedSound,

    /// <summary>The pictures are sent in another order than they are shown.</summary>
    Reordered,
    TooSlow,
}

/// <summary>
/// One WHEP viewer: a cursor in the timeline, and the numbers of its own packets. Driven by <see cref="Pump"/>, by the viewer's feedback and a clock of
/// microseconds; safe to call from the sender's thread and the receiver's.
/// </summary>
public sealed class WhepSession
{
    public const long Never = long.MaxValue;
    private const long PaceInterval = 4_000;
    private const long ReportInterval = 1_000_000;

    /// <summary>Packets after which what got lost of them is judged.</summary>
    private const int Judged = 50;
    private static readonly KeyValuePair<string, object?> Outlet = new("outlet", "whep");

    private readonly Lock _lock = new();
    private readonly Broadcast _broadcast;
    private readonly Timeline _timeline;
    private readonly IRtcOutput _direct;
    private readonly LiveCursor _cursor;
    private readonly ViewerClock _clock = new();
    private readonly Budget _pace;
    private readonly Budget _repairs;
    private readonly OutgoingStream? _video;
    private readonly OutgoingStream? _audio;
    private readonly RtcSources _sources;
    private readonly TimeProvider _time;
    private RtpPayloads? _sending;
    private OutgoingStream? _sendingTo;
    private int _sendingAt;
    private uint _sendingTimestamp;
    private Reordering _order;
    private bool _begun;
    private bool _awaitsKeyframe;
    private bool _firstAudio = true;
    private int _skips;
    private int _lossy;
    private (uint Highest, int Lost) _judged;
    private long _reportedAt;

    /// <param name="timeline">Of the broadcast, with sound in Opus where there is any.</param>
    /// <param name="direct">For answers to the viewer's feedback.</param>
    public WhepSession(Broadcast broadcast, Timeline timeline, RtcMedia? video, RtcMedia? audio, RtcSources sources, IRtcOutput direct, WhepLimits limits, TimeProvider time)
    {
        (_broadcast, _timeline, _sources, _direct, _time) = (broadcast, timeline, sources, direct, time);
        _cursor = new LiveCursor(timeline, limits.Lag, time);
        _pace = new Budget(limits.Pace, limits.Burst);
        _repairs = new Budget(limits.RepairPace, limits.RepairBurst);
        _video = video is null ? null : new OutgoingStream(video, sources.Video, sources.VideoRtx);
        _audio = audio is null ? null : new OutgoingStream(audio, sources.Audio, 0);
    }

    public static RtcSources NewSources()
    {
        // Different from each other and from the 1 that this end reports under.
        Span<uint> numbers = stackalloc uint[1];
        RandomNumberGenerator.Fill(System.Runtime.InteropServices.MemoryMarshal.AsBytes(numbers));
        var first = (numbers[0] | 0x1000) & 0xffff_fff0;
        return new RtcSources(first, first + 1, first + 2, RandomNumberGenerator.GetHexString(16, lowercase: true));
    }

    /// <summary>Whether what the timeline holds now could be shown by WebRTC; <see cref="WhepEnd.None"/> also while nothing is there yet.</summary>
    public static WhepEnd CanPlay(Timeline timeline) =>
        timeline.Video is { Codec: not Codec.H264 } ? WhepEnd.UnsupportedCodec : Reordering.In(timeline) ? WhepEnd.Reordered : WhepEnd.None;

    public WhepEnd End { get; private set; }

    /// <summary>Sends what is there and may leave now.</summary>
    /// <param name="output">Where to; the caller's own, used during the call only.</param>
    /// <returns>When to come again although nothing new has come: microseconds, or <see cref="Never"/>.</returns>
    public long Pump(IRtcOutput output, long now)
    {
        lock (_lock)
        {
            if (End != WhepEnd.None)
            {
                return Never;
            }

            _pace.Refill(now);
            while (true)
            {
                if (_sending is not null && !SendRest(output, now))
                {
                    return now + PaceInterval;
                }

                if (!TryTake(now))
                {
                    break;
                }
            }

            if (_begun && now - _reportedAt >= ReportInterval)
            {
                _reportedAt = now;
                Report(output, now);
            }

            CountSkips();
            return Never;
        }
    }

    /// <summary>Takes the viewer's feedback.</summary>
    public void TakeRtcp(ReadOnlySpan<byte> compound, long now)
    {
        lock (_lock)
        {
            if (End != WhepEnd.None || _video is null)
            {
                return;
            }

            var reader = new RtcpReader(compound);
            while (reader.MoveNext())
            {
                switch (reader.Type, reader.Count)
                {
                    case (RtcpType.TransportFeedback, RtcpFeedback.Nack):
                        Repair(reader.Body, now);
                        break;
                    case (RtcpType.PayloadFeedback, RtcpFeedback.Pli) when RtcpFeedbackReader.TryMediaSsrc(reader.Body, out var ssrc) && ssrc == _video.Ssrc:
                    case (RtcpType.PayloadFeedback, RtcpFeedback.Fir) when RtcpFeedbackReader.IsFirFor(reader.Body, _video.Ssrc):
                        _broadcast.AskForKeyframe();
                        break;
                    case (RtcpType.ReceiverReport, _):
                        TakeReports(reader.Body[Math.Min(4, reader.Body.Length)..], reader.Count);
                        break;
                }
            }
        }
    }

    /// <summary>False when the rest must wait.</summary>
    private bool SendRest(IRtcOutput output, long now)
    {
        for (; _sendingAt < _sending!.Count; _sendingAt++)
        {
            if (!_pace.IsOpen)
            {
                return false;
            }

            var marker = _sendingTo == _video ? _sendingAt == _sending.Count - 1 : _firstAudio;
            _sendingTo!.Send(output, _sending, _sendingAt, _sendingTimestamp, marker, now);
            _pace.Spend(_sending.Payloads[_sendingAt].Length);
        }

        _firstAudio &= _sendingTo != _audio;
        _sending = null;
        return true;
    }

    /// <summary>Goes on to the next frame; false when there is none now.</summary>
    private bool TryTake(long now)
    {
        if (!_cursor.TryNext(out var frame))
        {
            End = _cursor.IsTooSlow ? WhepEnd.TooSlow : _cursor.IsEnded ? WhepEnd.Ended : WhepEnd.None;
            return false;
        }

        if (!_begun)
        {
            _begun = true;
            _clock.Begin(_timeline.Edge, now);
        }
        else if (frame.AfterDiscontinuity)
        {
            _clock.GoOn(frame, now);
        }

        if (_cursor.Skips > _skips)
        {
            // What lay between is gone; the frame is a keyframe already.
            CountSkips();
        }

        var stream = frame.Kind == FrameKind.Video ? _video : _audio;
        if (stream is null || !(frame.Kind == FrameKind.Video ? MaySend(frame) : MaySendSound(frame)))
        {
            return End == WhepEnd.None;
        }

        (_sending, _sendingAt, _sendingTo) = (RtpPayloads.Of.Of(frame), 0, stream);
        _sendingTimestamp = stream.Timestamp(_clock.Of(frame.Pts));
        return true;
    }

    private bool MaySend(Frame picture)
    {
        if (picture.Track!.Codec != Codec.H264)
        {
            End = WhepEnd.UnsupportedCodec;
            return false;
        }

        if (_order.Note(picture))
        {
            End = WhepEnd.Reordered;
            return false;
        }

        _awaitsKeyframe &= !picture.IsKeyframe;
        return !_awaitsKeyframe;
    }

    private bool MaySendSound(Frame sound)
    {
        if (sound.Track!.Codec != Codec.Opus)
        {
            End = WhepEnd.UnsupportedSound;
            return false;
        }

        return !_clock.IsPast(sound.Dts);
    }

    private void Repair(ReadOnlySpan<byte> body, long now)
    {
        if (!RtcpFeedbackReader.TryMediaSsrc(body, out var ssrc) || ssrc != _video!.Ssrc)
        {
            return;
        }

        _video.Delay.NoteLoss(now);
        _repairs.Refill(now);
        Span<ushort> missing = stackalloc ushort[256];
        foreach (var sequence in missing[..RtcpFeedbackReader.ReadNack(body, missing)])
        {
            if (!_repairs.IsOpen)
            {
                // More is lost than can be mended; a keyframe is less than all that.
                RtcSessionMeter.NotResent.Add(1);
                SkipToKeyframe();
                return;
            }

            var bytes = _video.SendAgain(_direct, sequence, now);
            _repairs.Spend(Math.Max(0, bytes));
            (bytes > 0 ? RtcSessionMeter.Resent : RtcSessionMeter.NotResent).Add(bytes < 0 ? 0 : 1);
        }
    }

    /// <summary>A viewer that loses a fifth of what is sent, three times in a row, gets less: nothing until the next keyframe.</summary>
    private void TakeReports(ReadOnlySpan<byte> blocks, int count)
    {
        for (var i = 0; i < count && ReportBlock.TryRead(blocks, i, out var block); i++)
        {
            if (block.Ssrc != _video!.Ssrc)
            {
                continue;
            }

            if (block.LastReport != 0)
            {
                // RFC 3550 6.4.1: what is left of the time since our report, 1/65536 s, was on the way.
                var way = (int)((uint)(RtcClock.ToNtp(_time.GetUtcNow()) >> 16) - block.LastReport - block.Delay);
                _video.Delay.NoteRoundTrip(Math.Clamp(way, 0, 65_536) * 1000 / 65_536);
            }

            // A report that comes along with a request covers the few packets since the last one, the missing ones among them: only many together tell.
            var sent = unchecked((int)(block.HighestSequence - _judged.Highest));
            if (sent < Judged)
            {
                continue;
            }

            var lost = block.Lost - _judged.Lost;
            _judged = (block.HighestSequence, block.Lost);
            _lossy = 5L * lost >= sent ? _lossy + 1 : 0;
            if (_lossy >= 3)
            {
                _lossy = 0;
                SkipToKeyframe();
            }
        }
    }

    private void SkipToKeyframe()
    {
        if (!_awaitsKeyframe)
        {
            _awaitsKeyframe = true;
            MediaMeter.ViewerSkips.Add(1, Outlet);
            _broadcast.AskForKeyframe();
        }
    }

    private void Report(IRtcOutput output, long now)
    {
        Span<byte> buffer = stackalloc byte[256];
        foreach (var stream in new[] { _video, _audio })
        {
            if (stream is { Packets: > 0 })
            {
                var writer = new RtcpWriter(buffer);
                writer.SenderReport(new SenderReport(
                    stream.Ssrc, RtcClock.ToNtp(_time.GetUtcNow()), stream.Timestamp(_clock.At(now)), stream.Packets, stream.Bytes));
                writer.SourceDescription(stream.Ssrc, _sources.Cname);
                output.SendRtcp(buffer[..writer.Length]);
            }
        }
    }

    private void CountSkips()
    {
        if (_cursor.Skips > _skips)
        {
            MediaMeter.ViewerSkips.Add(_cursor.Skips - _skips, Outlet);
            _skips = _cursor.Skips;
        }
    }
}
