using Microsoft.Extensions.Logging;
using Weir.Media.Broadcasting;
using Weir.Media.Formats;
using Weir.Media.Formats.Rtp;
using Weir.Media.WebRtc.Negotiation;
using Weir.Media.WebRtc.Receiving;

namespace Weir.Media.WebRtc;

public sealed record WhipLimits
{
    /// <summary>What a publisher may send, bits a second: the ceiling that its congestion control is told.</summary>
    public uint MaxBitrate { get; init; } = 8_000_000;

    /// <summary>Asked for when the last keyframe is older, microseconds: browsers send none by themselves, and segments and joining viewers need them.</summary>
    public long KeyframeInterval { get; init; } = 2_000_000;

    /// <summary>Between two requests at least.</summary>
    public long ShortestKeyframeInterval { get; init; } = 1_000_000;

    /// <summary>A lost packet of the picture is waited for so long.</summary>
    public long VideoWait { get; init; } = 400_000;

    public long AudioWait { get; init; } = 80_000;

    /// <summary>
    /// So long the first picture is waited for before there is sound alone: a broadcast that begins with sound and gets its picture later changes its formats in
    /// the middle, which some players do not follow.
    /// </summary>
    public long PictureFirst { get; init; } = 3_000_000;
}

/// <summary>
/// One WHIP publisher's media: packets in, frames out to the timeline, feedback back. Driven by packets and a clock of microseconds; calls must not overlap.
/// </summary>
public sealed class WhipSession
{
    private const long FeedbackInterval = 50_000;
    private const long ReportInterval = 1_000_000;
    private const uint Ssrc = 1;

    private readonly Publisher _publisher;
    private readonly RtcMedia? _video;
    private readonly RtcMedia? _audio;
    private readonly IRtcOutput _output;
    private readonly WhipLimits _limits;
    private readonly LipSync _clock = new();
    private readonly ArrivalLog _arrivals = new();
    private readonly VideoReceiver _pictures;
    private readonly Track _opus = Tracks.FromDOps(new OpusHeader(2, 0, OpusHeader.SampleRate, 0, 0).WriteDOps());
    private readonly byte[] _buffer = new byte[1400];
    private readonly ushort[] _asked = new ushort[64];
    private IncomingStream? _videoStream;
    private IncomingStream? _audioStream;
    private uint _previousVideo;
    private long _feedbackAt;
    private long _reportAt;
    private long _keyframeAskedAt = long.MinValue / 2;
    private int _keyframeWanted;
    private long? _firstSound;
    private long _mended;
    private long _lost;

    public WhipSession(Publisher publisher, RtcMedia? video, RtcMedia? audio, IRtcOutput output, WhipLimits limits, ILogger logger)
    {
        (_publisher, _video, _audio, _output, _limits) = (publisher, video, audio, output, limits);
        _pictures = new VideoReceiver(_clock, video?.Sps, video?.Pps, logger);
        publisher.KeyframeWanted = () => Volatile.Write(ref _keyframeWanted, 1);
    }

    /// <summary>False once the publisher was replaced or the broadcast has ended: the session is over.</summary>
    public bool GoesOn { get; private set; } = true;

    /// <summary>Takes a packet that is not encrypted any more.</summary>
    public void TakeRtp(ReadOnlySpan<byte> packet, long arrival)
    {
        if (!RtpHeader.TryRead(packet, out var header) || !header.TryPayload(packet, out var payload))
        {
            return;
        }

        NoteArrival(header, packet, arrival);
        if (_video is not null && header.PayloadType == _video.PayloadType)
        {
            if (VideoStream(header.Ssrc) is { } stream)
            {
                stream.Take(header, payload, arrival);
                Drain(arrival);
                AskForMissing(arrival);
            }
        }
        else if (_video is not null && header.PayloadType == _video.RtxPayloadType && _video.RtxPayloadType > 0)
        {
            _videoStream?.TakeAgain(header, payload, arrival);
            Drain(arrival);
        }
        else if (_audio is not null && header.PayloadType == _audio.PayloadType)
        {
            AudioStream(header.Ssrc).Take(header, payload, arrival);
            Drain(arrival);
        }
    }

    public void TakeRtcp(ReadOnlySpan<byte> compound, long now)
    {
        var reader = new RtcpReader(compound);
        while (reader.MoveNext())
        {
            if (reader.Type == RtcpType.SenderReport && SenderReport.TryRead(reader.Body, out var report))
            {
                Report(_videoStream, TrackKind.Video, report, now);
                Report(_audioStream, TrackKind.Audio, report, now);
            }
        }
    }

    /// <summary>What is due by the clock; every 10 to 20 ms.</summary>
    public void Tick(long now)
    {
        Drain(now);
        AskForMissing(now);
        AskForKeyframe(now);
        if (now - _feedbackAt >= FeedbackInterval)
        {
            _feedbackAt = now;
            SendArrivals();
        }

        if (now - _reportAt >= ReportInterval)
        {
            _reportAt = now;
            SendReports(now);
        }
    }

    private void NoteArrival(in RtpHeader header, ReadOnlySpan<byte> packet, long arrival)
    {
        // Both kinds have the same id: BUNDLE demands it (RFC 8843 9.2).
        var id = _video?.TransportCcExtension is > 0 and var ofVideo ? ofVideo : _audio?.TransportCcExtension ?? 0;
        if (RtpExtensions.TryFind(header, packet, id, out var value) && value.Length == 2)
        {
            _arrivals.Note((ushort)((value[0] << 8) | value[1]), arrival);
        }
    }

    /// <summary>Null for a packet of a source that was left behind.</summary>
    private IncomingStream? VideoStream(uint ssrc)
    {
        if (_videoStream?.Ssrc == ssrc)
        {
            return _videoStream;
        }

        if (_videoStream is not null && ssrc == _previousVideo)
        {
            return null;
        }

        if (_videoStream is not null)
        {
            _previousVideo = _videoStream.Ssrc;
            _clock.Restart(TrackKind.Video);
        }

        return _videoStream = new IncomingStream(ssrc, RtcMedia.VideoClockRate, new JitterLimits(_limits.VideoWait, _video!.HasNack));
    }

    private IncomingStream AudioStream(uint ssrc)
    {
        if (_audioStream?.Ssrc == ssrc)
        {
            return _audioStream;
        }

        if (_audioStream is not null)
        {
            _clock.Restart(TrackKind.Audio);
        }

        return _audioStream = new IncomingStream(ssrc, RtcMedia.AudioClockRate, new JitterLimits(_limits.AudioWait, _audio!.HasNack));
    }

    private void Drain(long now)
    {
        while (_videoStream is { } video && video.Buffer.TryNext(now, out var packet, out var afterGap))
        {
            GoesOn &= _pictures.Take(packet, afterGap, _publisher);
        }

        while (_audioStream is { } audio && audio.Buffer.TryNext(now, out var packet, out _))
        {
            if (OpusHeader.SamplesOf(packet.Payload) > 0 && !AwaitsPicture(packet.Arrival))
            {
                GoesOn &= _publisher.Audio(_opus, _clock.Time(TrackKind.Audio, packet.Timestamp, packet.Arrival), packet.Payload);
            }
        }
    }

    private bool AwaitsPicture(long arrival)
    {
        _firstSound ??= arrival;
        return _video is not null && !_pictures.HasBegun && arrival - _firstSound < _limits.PictureFirst;
    }

    private void AskForMissing(long now)
    {
        Ask(_videoStream, now);
        Ask(_audioStream, now);
    }

    private void Ask(IncomingStream? stream, long now)
    {
        if (stream is null)
        {
            return;
        }

        var count = stream.Buffer.Ask(now, _asked);
        if (count > 0)
        {
            var writer = Begin();
            writer.Nack(Ssrc, stream.Ssrc, _asked.AsSpan(0, count));
            _output.SendRtcp(_buffer.AsSpan(0, writer.Length));
        }
    }

    /// <summary>At most one a second, and none while no picture comes at all: a camera that is off has none to give.</summary>
    private void AskForKeyframe(long now)
    {
        if (_videoStream is not { } stream || now - stream.LastArrival > ReportInterval || now - _keyframeAskedAt < _limits.ShortestKeyframeInterval)
        {
            return;
        }

        var wanted = Volatile.Read(ref _keyframeWanted) == 1 && now - _pictures.LastKeyframe >= _limits.ShortestKeyframeInterval / 2;
        if (!_pictures.NeedsKeyframe && !wanted && now - _pictures.LastKeyframe < _limits.KeyframeInterval)
        {
            return;
        }

        Volatile.Write(ref _keyframeWanted, 0);
        _keyframeAskedAt = now;
        RtcSessionMeter.KeyframesAsked.Add(1);
        var writer = Begin();
        if (_video!.HasPli || !_video.HasFir)
        {
            writer.Pli(Ssrc, stream.Ssrc);
        }
        else
        {
            writer.Fir(Ssrc, stream.Ssrc, (byte)(now / ReportInterval));
        }

        _output.SendRtcp(_buffer.AsSpan(0, writer.Length));
    }

    private void SendArrivals()
    {
        var media = _videoStream?.Ssrc ?? _audioStream?.Ssrc ?? 0;
        while (true)
        {
            var writer = Begin();
            if (!_arrivals.TryWrite(ref writer, Ssrc, media))
            {
                return;
            }

            _output.SendRtcp(_buffer.AsSpan(0, writer.Length));
        }
    }

    private void SendReports(long now)
    {
        Span<ReportBlock> blocks = stackalloc ReportBlock[2];
        var count = 0;
        foreach (var stream in new[] { _videoStream, _audioStream })
        {
            if (stream?.Reception.Report(now) is { } block)
            {
                blocks[count++] = block;
            }
        }

        var writer = new RtcpWriter(_buffer);
        writer.ReceiverReport(Ssrc, blocks[..count]);
        writer.SourceDescription(Ssrc, "weir");
        if (_video is { HasRemb: true } && _videoStream is { } video)
        {
            writer.Remb(Ssrc, [video.Ssrc], _limits.MaxBitrate);
        }

        _output.SendRtcp(_buffer.AsSpan(0, writer.Length));
        Count();
    }

    /// <summary>RFC 3550 6.1: a compound packet begins with a report, an empty one if need be.</summary>
    private RtcpWriter Begin()
    {
        var writer = new RtcpWriter(_buffer);
        writer.ReceiverReport(Ssrc, []);
        return writer;
    }

    private void Report(IncomingStream? stream, TrackKind kind, in SenderReport report, long now)
    {
        if (stream?.Ssrc == report.Ssrc)
        {
            stream.Reception.Take(report, now);
            _clock.Report(kind, report);
        }
    }

    private void Count()
    {
        var mended = (_videoStream?.Buffer.Mended ?? 0) + (_audioStream?.Buffer.Mended ?? 0);
        var lost = (_videoStream?.Buffer.Lost ?? 0) + (_audioStream?.Buffer.Lost ?? 0);
        RtcSessionMeter.Mended.Add(Math.Max(0, mended - _mended));
        RtcSessionMeter.Lost.Add(Math.Max(0, lost - _lost));
        (_mended, _lost) = (mended, lost);
    }
}
