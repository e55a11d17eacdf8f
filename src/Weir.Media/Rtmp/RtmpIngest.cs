using Microsoft.Extensions.Logging;
using Weir.Media.Broadcasting;
using Weir.Media.Formats;

namespace Weir.Media.Rtmp;

/// <summary>
/// Turns a publisher's messages into frames. What makes no sense is counted and dropped: one bad picture must not end a
/// broadcast.
/// </summary>
internal sealed partial class RtmpIngest(Publisher publisher, ILogger logger)
{
    private readonly Incoming _video = new();
    private readonly Incoming _audio = new();
    private readonly JoinPoints _joins = new();
    private byte[] _sps = [];
    private long _clock;
    private bool _started;

    public Publisher Publisher => publisher;

    /// <summary>False when the publisher was replaced and takes nothing more.</summary>
    public bool Take(in RtmpMessage message)
    {
        if (message.Payload.IsEmpty)
        {
            return true;
        }

        try
        {
            return message.Type switch
            {
                RtmpMessageType.Video => TakeVideo(message),
                RtmpMessageType.Audio => TakeAudio(message),
                RtmpMessageType.DataAmf0 or RtmpMessageType.DataAmf3 => TakeData(message),
                RtmpMessageType.Aggregate => TakeAll(message),
                _ => true,
            };
        }
        catch (MalformedException malformed)
        {
            Drop(message.Type, malformed.Message);
            return true;
        }
    }

    private bool TakeAll(in RtmpMessage aggregate)
    {
        var position = 0;
        uint? origin = null;
        while (AggregateMessage.TryTake(aggregate, ref position, ref origin, out var message))
        {
            if (message.Type != RtmpMessageType.Aggregate && !Take(message))
            {
                return false;
            }
        }

        return true;
    }

    private bool TakeVideo(in RtmpMessage message)
    {
        var tag = FlvReader.ReadVideo(message.Payload.Span);
        var payload = message.Payload.Slice(tag.Offset, tag.Length);
        if (tag is { Packet: FlvPacket.SequenceStart or FlvPacket.CodedFrames, Codec: not (FourCc.Avc or FourCc.Hevc or FourCc.Av1) })
        {
            publisher.Broadcast.Health.DroppedUnsupported();
            return true;
        }

        switch (tag.Packet)
        {
            case FlvPacket.SequenceStart:
                StartVideo(tag.Codec, payload);
                return true;
            case FlvPacket.CodedFrames when _video.Codec == tag.Codec:
                var frame = ReadPicture(tag.Codec, payload);
                if (frame.IsEmpty)
                {
                    Drop(message.Type, "A picture whose NAL units or OBUs do not add up");
                    return true;
                }

                var (time, composition) = (TimeOf(message.Timestamp, tag.NanosecondOffset), tag.CompositionTime * 1000L);
                var isJoinPoint = _joins.Take(tag.Codec, frame.Span, tag.IsKeyframe, time + composition);
                if (tag.IsKeyframe && _joins.HasOpenGroups)
                {
                    publisher.Broadcast.Health.OpenGroups();
                }

                if (tag is { IsKeyframe: true, Codec: FourCc.Avc })
                {
                    TakeParameterSets(frame.Span);
                }

                return publisher.Video(_video.Track!, time, composition, isJoinPoint, frame);
            case FlvPacket.CodedFrames:
                Drop(message.Type, "A picture before its configuration");
                return true;
            default:
                return true;
        }
    }

    private bool TakeAudio(in RtmpMessage message)
    {
        var tag = FlvReader.ReadAudio(message.Payload.Span);
        var payload = message.Payload.Slice(tag.Offset, tag.Length);
        if (tag is { Packet: FlvPacket.SequenceStart or FlvPacket.CodedFrames, Codec: not (FourCc.Aac or FourCc.Opus) })
        {
            publisher.Broadcast.Health.DroppedUnsupported();
            return true;
        }

        switch (tag.Packet)
        {
            case FlvPacket.SequenceStart:
                if (!_audio.IsSame(tag.Codec, payload.Span))
                {
                    _audio.Change(tag.Codec, payload, tag.Codec == FourCc.Aac ? Tracks.FromAac(payload) : Tracks.FromOpusHead(payload), 0);
                }

                return true;
            case FlvPacket.CodedFrames when _audio.Codec == tag.Codec:
                return payload.IsEmpty || publisher.Audio(_audio.Track!, TimeOf(message.Timestamp, tag.NanosecondOffset), payload);
            case FlvPacket.CodedFrames:
                Drop(message.Type, "Audio before its configuration");
                return true;
            default:
                return true;
        }
    }

    private bool TakeData(in RtmpMessage message)
    {
        var values = Amf0Reader.ReadAll(RtmpCommand.Body(message, RtmpMessageType.DataAmf3));
        var at = values.Count > 0 && values[0] is "@setDataFrame" ? 1 : 0;
        if (values.Count > at + 1 && values[at] is "onMetaData" && values[at + 1] is Amf0Object data
            && data.TryGetString("encoder", out var encoder))
        {
            publisher.Describe(encoder);
        }

        return true;
    }

    private void StartVideo(FourCc codec, ReadOnlyMemory<byte> configuration)
    {
        if (_video.IsSame(codec, configuration.Span))
        {
            return;
        }

        var (track, lengthSize) = codec switch
        {
            FourCc.Avc => (Tracks.FromAvcC(configuration), AvcConfiguration.Read(configuration.Span).LengthSize),
            FourCc.Hevc => (Tracks.FromHvcC(configuration), HevcConfiguration.Read(configuration.Span).LengthSize),
            _ => (Tracks.FromAv1C(configuration), 0),
        };
        _video.Change(codec, configuration, track, lengthSize);
        _sps = codec == FourCc.Avc ? AvcConfiguration.Read(configuration.Span).Sps[0] : [];
    }

    /// <summary>An encoder may change its picture's size by parameter sets in band alone: what was announced is then no longer
    /// true.</summary>
    private void TakeParameterSets(ReadOnlySpan<byte> picture)
    {
        KeyPicture.ParameterSetsOfH264(picture, out var sps, out var pps);
        if (sps.IsEmpty || pps.IsEmpty || sps.SequenceEqual(_sps))
        {
            return;
        }

        _video.Change(Tracks.FromAvcC(AvcConfiguration.Write(sps, pps)));
        _sps = sps.ToArray();
    }

    /// <summary>Empty when the picture is malformed.</summary>
    private ReadOnlyMemory<byte> ReadPicture(FourCc codec, ReadOnlyMemory<byte> payload)
    {
        if (codec == FourCc.Av1)
        {
            var unit = payload[Obus.TemporalDelimiterLength(payload.Span)..];
            return Obus.AreWellFormed(unit.Span) ? unit : default;
        }

        return _video.LengthSize == 4 && NalUnits.AreWellFormed(payload.Span)
            ? payload
            : NalUnits.WithFourByteLengths(payload.Span, _video.LengthSize);
    }

    /// <summary>Microseconds; the wire's 32 bits of milliseconds are unwrapped by the nearest way.</summary>
    private long TimeOf(uint timestamp, int nanoseconds)
    {
        _clock = _started ? _clock + (int)(timestamp - (uint)_clock) : timestamp;
        _started = true;
        return (_clock * 1000) + (nanoseconds / 1000);
    }

    private void Drop(RtmpMessageType type, string why)
    {
        MediaMeter.MalformedMedia.Add(1, new KeyValuePair<string, object?>("kind", type.ToString()));
        LogDropped(type, why);
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "Dropped a publisher's {Type} message: {Why}")]
    private partial void LogDropped(RtmpMessageType type, string why);

    /// <summary>One kind's configuration as it came; the same bytes again are the same track.</summary>
    private sealed class Incoming
    {
        private ReadOnlyMemory<byte> _configuration;

        public FourCc Codec { get; private set; }

        public Track? Track { get; private set; }

        public int LengthSize { get; private set; }

        public bool IsSame(FourCc codec, ReadOnlySpan<byte> configuration) =>
            codec == Codec && _configuration.Span.SequenceEqual(configuration);

        public void Change(FourCc codec, ReadOnlyMemory<byte> configuration, Track track, int lengthSize)
        {
            _configuration = configuration;
            (Codec, Track, LengthSize) = (codec, track, lengthSize);
        }

        /// <summary>By what came in band: pictures still come as the configuration said, and the same one again changes nothing.</summary>
        public void Change(Track track) => Track = track;
    }
}
