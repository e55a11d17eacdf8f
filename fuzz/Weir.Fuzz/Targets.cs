using System.Buffers;
using Weir.Media.Broadcasting;
using Weir.Media.Formats;
using Weir.Media.Formats.M3u8;
using Weir.Media.Formats.Mp4;
using Weir.Media.Formats.Rtp;
using Weir.Media.Formats.Sdp;
using Weir.Media.Formats.Stun;
using Weir.Media.Hls;
using Weir.Media.Rtmp;
using Weir.Media.WebRtc.Negotiation;
using Weir.Media.WebRtc.Transport;
using Weir.Media.WebRtc.Transport.Dtls;

namespace Weir.Fuzz;

/// <summary>
/// What each target does with any bytes: it gives a value or its own exception. Anything else is a finding.
/// </summary>
internal static class Targets
{
    public static readonly IReadOnlyDictionary<string, Action<ReadOnlyMemory<byte>>> All = new Dictionary<string,
        Action<ReadOnlyMemory<byte>>>
    {
        ["amf0"] = bytes => Amf0Reader.ReadAll(bytes.Span),
        ["flv-video"] = bytes => FlvReader.ReadVideo(bytes.Span),
        ["flv-audio"] = bytes => FlvReader.ReadAudio(bytes.Span),
        ["avcc"] = bytes => Tracks.FromAvcC(bytes),
        ["hvcc"] = bytes => Tracks.FromHvcC(bytes),
        ["av1c"] = bytes => Tracks.FromAv1C(bytes),
        ["aac"] = bytes => Tracks.FromAac(bytes),
        ["opus"] = bytes => Tracks.FromOpusHead(bytes),
        ["nal"] = bytes => NalUnits.WithFourByteLengths(bytes.Span, 2),
        ["obu"] = bytes => Obus.AreWellFormed(bytes.Span),
        ["chunks"] = ReadChunks,
        ["handshake"] = ReadHandshake,
        ["rtmp-command"] = ReadCommand,
        ["rtmp-session"] = bytes => RtmpTalk.Hear(bytes.Span),
        ["stun"] = ReadStun,
        ["rtp-framing"] = ReadFrames,
        ["rtp"] = ReadRtp,
        ["rtcp"] = ReadRtcp,
        ["h264-rtp"] = ReadPayloads,
        ["sdp"] = ReadSdp,
        ["offer"] = ReadOffer,
        ["ice-fragment"] = bytes => IceFragment.Read(System.Text.Encoding.UTF8.GetString(bytes.Span)),
        ["dtls"] = ReadRecords,
        ["dtls-handshake"] = bytes => DtlsTalk.Shake(bytes.Span),
        ["srtp"] = bytes => RtpTalk.Open(bytes.Span),
        ["whip-session"] = bytes => RtpTalk.Publish(bytes.Span),
        ["rtmp-aggregate"] = ReadAggregate,
        ["stream-address"] = ReadAddress,
        ["key-picture"] = ReadPicture,
        ["adts"] = ReadAdts,
        ["ogg"] = ReadOgg,
        ["hls-request"] = ReadHlsRequest,
        ["m3u8"] = ReadPlaylist,
        ["watch"] = WatchTalk.Hear,
        ["mp4-boxes"] = RecordingTargets.ReadBoxes,
        ["mp4-fragment"] = RecordingTargets.ReadFragment,
        ["recording-media"] = RecordingTargets.ReadMedia,
        ["recording-index"] = RecordingTargets.ReadIndex,
        ["recording"] = RecordingTargets.Recover,
        ["events"] = RecordingTargets.ReadEvents,
    };

    public static void Run(string target, ReadOnlyMemory<byte> bytes)
    {
        try
        {
            All[target](bytes);
        }
        catch (Exception refused) when (refused is MalformedException or RtmpProtocolException or Mp4FormatException)
        {
            // The refusals there are.
        }
    }

    /// <summary>Whole and in two pieces must say the same.</summary>
    private static void ReadChunks(ReadOnlyMemory<byte> bytes)
    {
        var whole = Describe([bytes]);
        if (bytes.Length > 1 && Describe([bytes[..(bytes.Length / 2)], bytes[(bytes.Length / 2)..]]) != whole)
        {
            throw new InvalidOperationException("Messages depend on where the bytes were cut.");
        }
    }

    private static string Describe(ReadOnlyMemory<byte>[] pieces)
    {
        var reader = new ChunkReader(maxMessageSize: 1 << 16);
        List<string> messages = [];
        var rest = ReadOnlySequence<byte>.Empty;
        try
        {
            foreach (var piece in pieces)
            {
                rest = new ReadOnlySequence<byte>([.. rest.ToArray(), .. piece.Span]);
                while (reader.TryRead(ref rest, out var message))
                {
                    messages.Add($"{message.Type} {message.StreamId} {message.Timestamp} {Convert.ToHexString(message.Payload.Span)}");
                }
            }
        }
        catch (RtmpProtocolException refused)
        {
            messages.Add(refused.Clause);
        }

        return string.Join('\n', messages);
    }

    private static void ReadCommand(ReadOnlyMemory<byte> bytes)
    {
        foreach (var type in new[] { RtmpMessageType.CommandAmf0, RtmpMessageType.CommandAmf3 })
        {
            var command = RtmpCommand.Read(new RtmpMessage(type, 1, 0, bytes));
            command.Text(1);
        }
    }

    private static void ReadStun(ReadOnlyMemory<byte> bytes)
    {
        if (StunMessage.TryRead(bytes.Span, out var message))
        {
            message.TryFind(StunAttribute.Username, out _);
            message.TryXorMappedAddress(out _);
            message.HasIntegrity("password"u8);
            message.HasFingerprint();
        }
    }

    /// <summary>Whatever was read is all that was taken.</summary>
    private static void ReadFrames(ReadOnlyMemory<byte> bytes)
    {
        var rest = new ReadOnlySequence<byte>(bytes);
        long taken = 0;
        while (RtpFraming.TryRead(ref rest, 1500, out var datagram))
        {
            taken += RtpFraming.HeaderLength + datagram.Length;
        }

        if (taken + rest.Length != bytes.Length)
        {
            throw new InvalidOperationException("Bytes got lost between datagrams.");
        }
    }

    private static void ReadRtp(ReadOnlyMemory<byte> bytes)
    {
        if (RtpHeader.TryRead(bytes.Span, out var header))
        {
            var extensions = new RtpExtensions(header, bytes.Span);
            while (extensions.MoveNext())
            {
                // Bounded by the packet.
            }

            header.TryPayload(bytes.Span, out _);
        }
    }

    private static void ReadRtcp(ReadOnlyMemory<byte> bytes)
    {
        var reader = new RtcpReader(bytes.Span);
        Span<ushort> missing = stackalloc ushort[64];
        while (reader.MoveNext())
        {
            SenderReport.TryRead(reader.Body, out _);
            ReportBlock.TryRead(reader.Body, 0, out _);
            RtcpFeedbackReader.ReadNack(reader.Body, missing);
            RtcpFeedbackReader.IsFirFor(reader.Body, 1);
            RtcpFeedbackReader.TryRemb(reader.Body, out _);
            TransportCc.TryRead(reader.Body, static (_, _) => { });
        }
    }

    /// <summary>Payloads behind lengths of one byte.</summary>
    private static void ReadPayloads(ReadOnlyMemory<byte> bytes)
    {
        var reader = new H264Depacketizer();
        for (var rest = bytes.Span; rest.Length > 1;)
        {
            var length = Math.Min(rest[0], rest.Length - 1);
            reader.Take(rest.Slice(1, length));
            rest = rest[(1 + length)..];
        }

        reader.Finish();
    }

    private static void ReadSdp(ReadOnlyMemory<byte> bytes)
    {
        foreach (var media in SessionDescription.Read(System.Text.Encoding.UTF8.GetString(bytes.Span)).Media)
        {
            media.Codecs();
            media.Extension(RtpExtensionUris.Mid);
        }
    }

    /// <summary>What is accepted can be answered, and the answer can be read.</summary>
    private static void ReadOffer(ReadOnlyMemory<byte> bytes)
    {
        var text = System.Text.Encoding.UTF8.GetString(bytes.Span);
        foreach (var role in new[] { RtcRole.Publish, RtcRole.Play })
        {
            if (RtcOffer.Read(text, role, null, out _) is { } offer)
            {
                var local = new RtcLocal(new IceCredentials("here", "aPasswordOf24Characters_"), offer.Fingerprint, []);
                SessionDescription.Read(RtcAnswer.Write(offer, local, role == RtcRole.Play ? new RtcSources(1, 2, 3, "weir") : null,
                    1).ToString());
            }
        }
    }

    /// <summary>What is called well-formed can be put in order, which trusts the lengths.</summary>
    private static void ReadRecords(ReadOnlyMemory<byte> bytes)
    {
        if (DtlsRecords.Classify(bytes.Span) != DtlsContent.Malformed)
        {
            new ClientFlight().Take(bytes.Span, static _ => { });
        }
    }

    /// <summary>Each message is a part of the aggregate, behind the one before.</summary>
    private static void ReadAggregate(ReadOnlyMemory<byte> bytes)
    {
        var aggregate = new RtmpMessage(RtmpMessageType.Aggregate, 1, 100, bytes);
        var (position, taken) = (0, 0);
        uint? origin = null;
        while (AggregateMessage.TryTake(aggregate, ref position, ref origin, out var message))
        {
            taken += message.Payload.Length;
            if (taken > position || position > bytes.Length)
            {
                throw new InvalidOperationException("Messages of an aggregate overlap.");
            }
        }
    }

    /// <summary>Stream name, application and tcUrl, a line each.</summary>
    private static void ReadAddress(ReadOnlyMemory<byte> bytes)
    {
        var lines = Lines(bytes, 3);
        StreamAddress.Of(lines[0], lines[1], lines[2]);
        StreamAddress.App(lines[1]);
        if (StreamAddress.Key(lines[0]).Contains('?'))
        {
            throw new InvalidOperationException("A key has a query.");
        }
    }

    /// <summary>A picture whose NAL units can be counted can be looked into.</summary>
    private static void ReadPicture(ReadOnlyMemory<byte> bytes)
    {
        if (NalUnits.WithFourByteLengths(bytes.Span, 4) is { } picture)
        {
            KeyPicture.OfH264(picture);
            KeyPicture.OfHevc(picture);
            KeyPicture.ParameterSetsOfH264(picture, out _, out _);
            new JoinPoints().Take(FourCc.Avc, picture, isKeyframe: true, 0);
        }
    }

    /// <summary>What was read is written as it was.</summary>
    private static void ReadAdts(ReadOnlyMemory<byte> bytes)
    {
        var rest = bytes.Span;
        while (Adts.TryRead(ref rest, out var configuration, out var frame))
        {
            if (Adts.Fits(configuration) && frame.Length + Adts.HeaderLength < 0x2000)
            {
                ReadOnlySpan<byte> again = Adts.Write(configuration, frame);
                if (!Adts.TryRead(ref again, out var same, out var copy) || same != configuration || !copy.SequenceEqual(frame))
                {
                    throw new InvalidOperationException("A frame reads otherwise when it is written anew.");
                }
            }
        }
    }

    private static void ReadOgg(ReadOnlyMemory<byte> bytes)
    {
        var rest = bytes.Span;
        var reader = new OggReader();
        List<byte[]> packets = [];
        while (reader.TryRead(ref rest, packets))
        {
            if (packets.Sum(packet => packet.Length) > bytes.Length - rest.Length)
            {
                throw new InvalidOperationException("More packets than bytes.");
            }
        }
    }

    /// <summary>The three directives, and the rendition and file of a media URI, a line each.</summary>
    private static void ReadHlsRequest(ReadOnlyMemory<byte> bytes)
    {
        var lines = Lines(bytes, 5);
        if (new HlsDirectives(lines[0], lines[1].Length == 0 ? null : lines[1], lines[2]).TryRead(out var msn, out var part)
            && (msn is null or < 0 || part < 0))
        {
            throw new InvalidOperationException("A negative number, or a part of no segment.");
        }

        if (MediaNames.TryParse(lines[3], lines[4], "0a1b2c3d", out var name) && (name.Segment < 0 || name.Part < 0))
        {
            throw new InvalidOperationException("A name with a negative number.");
        }
    }

    private static void ReadPlaylist(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            foreach (var line in M3u8Reader.Read(System.Text.Encoding.UTF8.GetString(bytes.Span)))
            {
                _ = line.Attributes;
            }
        }
        catch (FormatException)
        {
            // Its refusal.
        }
    }

    /// <summary>The text in lines; as many as that, the last ones empty.</summary>
    private static string[] Lines(ReadOnlyMemory<byte> bytes, int count)
    {
        var lines = System.Text.Encoding.UTF8.GetString(bytes.Span).Split('\n', count);
        return [.. lines, .. Enumerable.Repeat("", count - lines.Length)];
    }

    private static void ReadHandshake(ReadOnlyMemory<byte> bytes)
    {
        var rest = new ReadOnlySequence<byte>(bytes);
        if (Handshake.TryReadHello(ref rest, 0, out _))
        {
            Handshake.TryReadEcho(ref rest);
        }
    }
}
