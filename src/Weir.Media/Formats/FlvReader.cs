namespace Weir.Media.Formats;

/// <summary>
/// Reads the headers of FLV video and audio tags: the legacy form (Adobe FLV 10.1, E.4.2 and E.4.3) and Enhanced RTMP v2's
/// ExVideoTagHeader and ExAudioTagHeader. Of a multitrack body the track with id 0 is taken, the others are ignored.
/// </summary>
public static class FlvReader
{
    private const string VideoClause = "Enhanced RTMP v2, ExVideoTagHeader";
    private const string AudioClause = "Enhanced RTMP v2, ExAudioTagHeader";
    private const int CommandFrame = 5;
    private const int ModEx = 7;

    private enum MultitrackType
    {
        OneTrack,
        ManyTracks,
        ManyTracksManyCodecs,
    }

    public static FlvVideoTag ReadVideo(ReadOnlySpan<byte> body)
    {
        var reader = new SpanReader(body, VideoClause);
        var first = reader.U8();
        var frameType = (first >> 4) & 7;
        var keyframe = frameType == 1;
        if ((first & 0x80) == 0)
        {
            return ReadLegacyVideo(body, frameType, first & 0xf);
        }

        var packet = first & 0xf;
        var nanoseconds = 0;
        while (packet == ModEx)
        {
            packet = ReadModEx(ref reader, ref nanoseconds);
        }

        if (packet != 4 && frameType == CommandFrame)
        {
            return new(FlvPacket.Command, FourCc.None, false, 0, nanoseconds, reader.Position, reader.Remaining);
        }

        var track = packet == 6
            ? ReadMultitrack(ref reader, out packet, VideoClause)
            : new TrackBody(Known((FourCc)reader.U32()), reader.Position, reader.Remaining);
        if (track.Length < 0)
        {
            return new(FlvPacket.Ignored, FourCc.None, false, 0, nanoseconds, body.Length, 0);
        }

        var composition = 0;
        if (packet == 1 && track.Codec is FourCc.Avc or FourCc.Hevc)
        {
            var inner = new SpanReader(body.Slice(track.Offset, track.Length), VideoClause);
            composition = inner.S24();
            track = track with { Offset = track.Offset + 3, Length = track.Length - 3 };
        }

        var kind = packet switch
        {
            0 => FlvPacket.SequenceStart,
            1 or 3 => FlvPacket.CodedFrames,
            2 => FlvPacket.SequenceEnd,
            4 => FlvPacket.Metadata,
            _ => FlvPacket.Ignored,
        };
        return new(kind, track.Codec, keyframe, composition, nanoseconds, track.Offset, track.Length);
    }

    public static FlvAudioTag ReadAudio(ReadOnlySpan<byte> body)
    {
        var reader = new SpanReader(body, AudioClause);
        var first = reader.U8();
        switch (first >> 4)
        {
            case 9:
                break;
            case 10:
                // E.4.2.2: AACPacketType 0 is the AudioSpecificConfig.
                var type = reader.U8();
                var packetType = type switch { 0 => FlvPacket.SequenceStart, 1 => FlvPacket.CodedFrames, _ => FlvPacket.Ignored };
                return new(packetType, FourCc.Aac, 0, 2, body.Length - 2);
            default:
                return new(FlvPacket.CodedFrames, FourCc.None, 0, 1, body.Length - 1);
        }

        var packet = first & 0xf;
        var nanoseconds = 0;
        while (packet == ModEx)
        {
            packet = ReadModEx(ref reader, ref nanoseconds);
        }

        var track = packet == 5
            ? ReadMultitrack(ref reader, out packet, AudioClause)
            : new TrackBody(Known((FourCc)reader.U32()), reader.Position, reader.Remaining);
        if (track.Length < 0)
        {
            return new(FlvPacket.Ignored, FourCc.None, nanoseconds, body.Length, 0);
        }

        var kind = packet switch
        {
            0 => FlvPacket.SequenceStart,
            1 => FlvPacket.CodedFrames,
            2 => FlvPacket.SequenceEnd,
            4 => FlvPacket.MultichannelConfig,
            _ => FlvPacket.Ignored,
        };
        return new(kind, track.Codec, nanoseconds, track.Offset, track.Length);
    }

    private static FlvVideoTag ReadLegacyVideo(ReadOnlySpan<byte> body, int frameType, int codecId)
    {
        if (frameType == CommandFrame)
        {
            return new(FlvPacket.Command, FourCc.None, false, 0, 0, 1, body.Length - 1);
        }

        // 12 and 13 are not Adobe's: encoders used them for HEVC and AV1 before Enhanced RTMP, with AVC's layout.
        var codec = codecId switch { 7 => FourCc.Avc, 12 => FourCc.Hevc, 13 => FourCc.Av1, _ => FourCc.None };
        if (codec == FourCc.None)
        {
            return new(FlvPacket.CodedFrames, codec, frameType == 1, 0, 0, 1, body.Length - 1);
        }

        var reader = new SpanReader(body, "Adobe FLV 10.1 E.4.3.1");
        reader.U8();
        var packet = reader.U8() switch
        {
            0 => FlvPacket.SequenceStart,
            1 => FlvPacket.CodedFrames,
            2 => FlvPacket.SequenceEnd,
            _ => FlvPacket.Ignored,
        };
        var composition = reader.S24();
        return new(packet, codec, frameType == 1, packet == FlvPacket.CodedFrames ? composition : 0, 0, reader.Position, reader.Remaining);
    }

    /// <summary>Reads one modifier and returns the packet type behind it; unknown modifiers are skipped.</summary>
    private static int ReadModEx(ref SpanReader reader, ref int nanoseconds)
    {
        var size = reader.U8() + 1;
        if (size == 256)
        {
            size = reader.U16() + 1;
        }

        var data = reader.Take(size);
        var next = reader.U8();
        if (next >> 4 == 0 && data.Length >= 3)
        {
            nanoseconds = Math.Min((data[0] << 16) | (data[1] << 8) | data[2], 999_999);
        }

        return next & 0xf;
    }

    private static TrackBody ReadMultitrack(ref SpanReader reader, out int packet, string clause)
    {
        var head = reader.U8();
        var type = (MultitrackType)(head >> 4);
        packet = head & 0xf;
        if (type > MultitrackType.ManyTracksManyCodecs)
        {
            throw new MalformedException(clause, $"Multitrack type {(int)type}");
        }

        var codec = type == MultitrackType.ManyTracksManyCodecs ? FourCc.None : Known((FourCc)reader.U32());
        do
        {
            if (type == MultitrackType.ManyTracksManyCodecs)
            {
                codec = Known((FourCc)reader.U32());
            }

            var id = reader.U8();
            var size = type == MultitrackType.OneTrack ? reader.Remaining : reader.U24();
            var offset = reader.Position;
            reader.Take(size);
            if (id == 0)
            {
                return new(codec, offset, size);
            }
        }
        while (reader.Remaining > 0);
        return new(FourCc.None, 0, -1);
    }

    private static FourCc Known(FourCc codec) => Enum.IsDefined(codec) ? codec : FourCc.None;

    private readonly record struct TrackBody(FourCc Codec, int Offset, int Length);
}
