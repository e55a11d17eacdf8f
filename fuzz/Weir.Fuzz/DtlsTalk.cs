using System.Buffers.Binary;
using Org.BouncyCastle.Tls;
using Weir.Media.WebRtc.Transport.Dtls;

namespace Weir.Fuzz;

/// <summary>The server's side of a handshake over given datagrams, as strangers may send them once their address is known.</summary>
internal static class DtlsTalk
{
    private const int RecordHeader = 13;
    private const int MessageHeader = 12;
    private static readonly DtlsIdentity Identity = DtlsIdentity.Create(TimeProvider.System);

    /// <summary>Takes records one by one, as datagrams, until they are used up. Whatever they are, it ends without a handshake.</summary>
    public static void Shake(ReadOnlySpan<byte> records)
    {
        if (DtlsRecords.Classify(records) == DtlsContent.Malformed)
        {
            return;
        }

        var wire = new Wire();
        for (var rest = records; !rest.IsEmpty;)
        {
            var record = rest[..(RecordHeader + BinaryPrimitives.ReadUInt16BigEndian(rest[11..]))];
            wire.Incoming.Enqueue(record.ToArray());
            rest = rest[record.Length..];
        }

        try
        {
            DtlsServer.Accept(Identity, CertificateFingerprint.Parse(Identity.Fingerprint), wire);
        }
        catch (IOException)
        {
            // The refusal there is.
        }
    }

    public static byte[] ClientHello()
    {
        var wire = new Wire();
        try
        {
            DtlsClient.Connect(Identity, CertificateFingerprint.Parse(Identity.Fingerprint), wire);
        }
        catch (IOException)
        {
            // Nobody answers.
        }

        return wire.Sent ?? throw new InvalidOperationException("The client said nothing.");
    }

    /// <summary>The message of one record in fragments, a record each, all in one datagram: as ClientHellos with large key shares come (RFC 6347 4.2.3).</summary>
    public static IEnumerable<byte[]> InPieces(byte[] record, int length)
    {
        var message = record.AsSpan(RecordHeader + MessageHeader).ToArray();
        List<byte> datagram = [];
        for (var offset = 0; offset < message.Length; offset += length)
        {
            var piece = message.AsSpan(offset, Math.Min(length, message.Length - offset));
            var header = record.AsSpan(0, RecordHeader + MessageHeader).ToArray();
            header[10] = (byte)(offset / length);
            BinaryPrimitives.WriteUInt16BigEndian(header.AsSpan(11), (ushort)(MessageHeader + piece.Length));
            WriteUInt24(header.AsSpan(RecordHeader + 6), offset);
            WriteUInt24(header.AsSpan(RecordHeader + 9), piece.Length);
            datagram.AddRange(header);
            datagram.AddRange(piece);
        }

        yield return [.. datagram];
    }

    private static void WriteUInt24(Span<byte> at, int value)
    {
        at[0] = (byte)(value >> 16);
        BinaryPrimitives.WriteUInt16BigEndian(at[1..], (ushort)value);
    }

    private sealed class Wire : DatagramTransport
    {
        public Queue<byte[]> Incoming { get; } = new();

        /// <summary>The first datagram that was sent.</summary>
        public byte[]? Sent { get; private set; }

        public int GetReceiveLimit() => 1500;

        public int GetSendLimit() => 1200;

        public int Receive(byte[] buf, int off, int len, int waitMillis) => Receive(buf.AsSpan(off, len), waitMillis);

        public int Receive(Span<byte> buffer, int waitMillis)
        {
            if (!Incoming.TryDequeue(out var datagram))
            {
                throw new IOException("No more comes.");
            }

            var length = Math.Min(datagram.Length, buffer.Length);
            datagram.AsSpan(0, length).CopyTo(buffer);
            return length;
        }

        public void Send(byte[] buf, int off, int len) => Send(buf.AsSpan(off, len));

        public void Send(ReadOnlySpan<byte> buffer) => Sent ??= buffer.ToArray();

        public void Close()
        {
            // Nothing is open.
        }
    }
}
