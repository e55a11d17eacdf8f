using System.Buffers.Binary;
using System.Security.Cryptography;
using Weir.Media.Formats.Rtp;
using Weir.Media.WebRtc.Negotiation;

namespace Weir.Media.WebRtc.Sending;

/// <summary>
/// One stream to one viewer: its numbers, and where its last packets are, in case one must be sent again. The payloads are everybody's.
/// </summary>
internal sealed class OutgoingStream
{
    /// <summary>Sent packets that can be sent again, a power of two.</summary>
    private const int History = 1024;

    /// <summary>What is older nobody waits for any more, microseconds.</summary>
    private const long Oldest = 1_500_000;

    /// <summary>Between two of the same packet at least, microseconds: a request repeats before the answer can be there.</summary>
    private const long ShortestRepeat = 20_000;

    /// <summary>Header, extension block: 4 of head, mid up to 16, abs-send-time 4, playout-delay 4, padding; 2 for RTX.</summary>
    private const int MostHeader = 64;

    private readonly RtcMedia _media;
    private readonly uint _ssrc;
    private readonly uint _rtxSsrc;
    private readonly byte[] _mid;
    private readonly Sent[]? _history;
    private readonly uint _firstTimestamp;
    private ushort _sequence;
    private ushort _rtxSequence;

    public OutgoingStream(RtcMedia media, uint ssrc, uint rtxSsrc)
    {
        (_media, _ssrc, _rtxSsrc) = (media, ssrc, rtxSsrc);
        _mid = System.Text.Encoding.ASCII.GetBytes(media.Mid.Length <= 16 ? media.Mid : "");
        _history = media.HasNack && media.RtxPayloadType > 0 ? new Sent[History] : null;
        Span<byte> random = stackalloc byte[8];
        RandomNumberGenerator.Fill(random);
        _firstTimestamp = BinaryPrimitives.ReadUInt32LittleEndian(random);

        // RFC 3711 3.3.1: a first number in the lower half, so that both sides agree on the roll-over counter even when the first packets are lost.
        _sequence = (ushort)(BinaryPrimitives.ReadUInt16LittleEndian(random[4..]) & 0x7fff);
        _rtxSequence = (ushort)(BinaryPrimitives.ReadUInt16LittleEndian(random[6..]) & 0x7fff);
    }

    public uint Ssrc => _ssrc;

    public PlayoutDelay Delay { get; } = new();

    public uint Packets { get; private set; }

    public uint Bytes { get; private set; }

    /// <param name="mediaTime">Microseconds of this viewer's clock.</param>
    public uint Timestamp(long mediaTime) => _firstTimestamp + (uint)RtcClock.ToUnits(mediaTime, _media.ClockRate);

    /// <summary>Sends one payload of a frame.</summary>
    public void Send(IRtcOutput output, RtpPayloads form, int index, uint timestamp, bool marker, long now)
    {
        var sequence = _sequence++;
        if (_history is not null)
        {
            _history[sequence & (History - 1)] = new Sent(form, (ushort)index, sequence, timestamp, marker, now);
        }

        Span<byte> header = stackalloc byte[MostHeader];
        var length = Header(header, _media.PayloadType, _ssrc, sequence, timestamp, marker, now);
        var payload = form.Payloads[index];
        output.SendRtp(header[..length], payload);
        Packets++;
        Bytes += (uint)payload.Length;
        if (marker)
        {
            Delay.Advance(now);
        }
    }

    /// <summary>Sends a packet again, as a retransmission (RFC 4588), on a bad network as two. The bytes it took; 0 when it is not at hand, negative when it was sent again just now.</summary>
    public int SendAgain(IRtcOutput output, ushort sequence, long now)
    {
        if (_history is null)
        {
            return 0;
        }

        ref var sent = ref _history[sequence & (History - 1)];
        if (sent.Form is null || sent.Sequence != sequence || now - sent.At > Oldest)
        {
            return 0;
        }

        if (now - sent.AgainAt < ShortestRepeat)
        {
            return -1;
        }

        sent = sent with { AgainAt = now };
        var payload = sent.Form.Payloads[sent.Index];
        Span<byte> again = stackalloc byte[payload.Length + 2];
        BinaryPrimitives.WriteUInt16BigEndian(again, sequence);
        payload.CopyTo(again[2..]);
        Span<byte> header = stackalloc byte[MostHeader];

        // Where the answers get lost too, two of them cost little, and a lost one costs a round trip that the picture waits for.
        var copies = Delay.IsBad(now) ? 2 : 1;
        for (var copy = 0; copy < copies; copy++)
        {
            var length = Header(header, _media.RtxPayloadType, _rtxSsrc, _rtxSequence++, sent.Timestamp, sent.Marker, now);
            output.SendRtp(header[..length], again);
        }

        return copies * again.Length;
    }

    private int Header(Span<byte> to, byte type, uint ssrc, ushort sequence, uint timestamp, bool marker, long now)
    {
        var extensions = new RtpExtensionWriter(to[RtpHeader.MinLength..]);
        extensions.Add(_media.MidExtension, _mid);
        if (_media.AbsSendTimeExtension > 0)
        {
            Span<byte> time = stackalloc byte[3];
            RtpExtensionUris.WriteAbsSendTime(time, now);
            extensions.Add(_media.AbsSendTimeExtension, time);
        }

        if (_media.PlayoutDelayExtension > 0)
        {
            // From 0 to 0 ms means: shown as soon as it is decoded, whatever comes late.
            Span<byte> delay = stackalloc byte[3];
            RtpExtensionUris.WritePlayoutDelay(delay, Delay.Now / 10, Delay.Now > 0 ? PlayoutDelay.Most / 10 : 0);
            extensions.Add(_media.PlayoutDelayExtension, delay);
        }

        var length = extensions.Finish();
        RtpHeader.Write(to, marker, type, sequence, timestamp, ssrc, length > 0);
        return RtpHeader.MinLength + length;
    }

    private readonly record struct Sent(RtpPayloads? Form, ushort Index, ushort Sequence, uint Timestamp, bool Marker, long At)
    {
        public long AgainAt { get; init; } = long.MinValue / 2;
    }
}
