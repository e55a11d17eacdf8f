using System.Buffers;
using Weir.Media.Broadcasting;
using Weir.Media.Formats;
using Weir.Media.Formats.Rtp;
using Weir.Media.Formats.Sdp;
using Weir.Media.Formats.Stun;
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
    public static readonly IReadOnlyDictionary<string, Action<ReadOnlyMemory<byte>>> All = new Dictionary<string, Action<ReadOnlyMemory<byte>>>
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
    };

    public static void Run(string target, ReadOnlyMemory<byte> bytes)
    {
        try
        {
            All[target](bytes);
        }
        catch (Exception refused) when (refused is MalformedException or RtmpProtocolException)
        {
            // The two refusals there are.
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
                SessionDescription.Read(RtcAnswer.Write(offer, local, role == RtcRole.Play ? new RtcSources(1, 2, 3, "weir") : null, 1).ToString());
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

    private static void ReadHandshake(ReadOnlyMemory<byte> bytes)
    {
        var rest = new ReadOnlySequence<byte>(bytes);
        if (Handshake.TryReadHello(ref rest, 0, out _))
        {
            Handshake.TryReadEcho(ref rest);
        }
    }
}
