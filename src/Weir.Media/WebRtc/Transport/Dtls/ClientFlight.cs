using System.Buffers.Binary;

namespace Weir.Media.WebRtc.Transport.Dtls;

/// <summary>
/// Puts a client's last flight in order. BouncyCastle takes a ChangeCipherSpec as soon as it has the keys and reads nothing unencrypted any more; when the
/// CertificateVerify, which belongs before it, was lost or overtaken, it waits for it in vain, however often the client sends it again. So what
/// follows that message is kept until it was there.
/// </summary>
internal sealed class ClientFlight
{
    private const int RecordHeader = 13;
    private const int MessageHeader = 12;
    private const byte ChangeCipherSpec = 20;
    private const byte Handshake = 22;
    private const byte CertificateVerify = 15;

    /// <summary>A Finished is one record; a few of it when the client sends again.</summary>
    private const int MaxKept = 8;

    private readonly List<byte[]> _encrypted = [];
    private byte[]? _change;
    private bool[]? _seen;
    private bool _isVerified;

    /// <summary>Gives records on in an order that works. The datagram is well-formed (<see cref="DtlsRecords"/>).</summary>
    public void Take(ReadOnlySpan<byte> datagram, Action<byte[]> forward)
    {
        while (!datagram.IsEmpty)
        {
            var record = datagram[..(RecordHeader + BinaryPrimitives.ReadUInt16BigEndian(datagram[11..]))];
            datagram = datagram[record.Length..];
            if (record[0] == ChangeCipherSpec)
            {
                _change = record.ToArray();
            }
            else if (BinaryPrimitives.ReadUInt16BigEndian(record[3..]) > 0)
            {
                if (_encrypted.Count < MaxKept)
                {
                    _encrypted.Add(record.ToArray());
                }
            }
            else
            {
                forward(record.ToArray());
                if (record[0] == Handshake)
                {
                    Look(record[RecordHeader..]);
                }
            }
        }

        if (_isVerified && _change is not null)
        {
            forward(_change);
            foreach (var record in _encrypted)
            {
                forward(record);
            }

            _encrypted.Clear();
        }
    }

    private void Look(ReadOnlySpan<byte> messages)
    {
        while (!messages.IsEmpty)
        {
            var whole = (int)(BinaryPrimitives.ReadUInt32BigEndian(messages) & 0xffffff);
            var offset = (int)(BinaryPrimitives.ReadUInt32BigEndian(messages[5..]) & 0xffffff);
            var length = (int)(BinaryPrimitives.ReadUInt32BigEndian(messages[8..]) & 0xffffff);
            if (messages[0] == CertificateVerify && !_isVerified)
            {
                _seen = _seen?.Length == whole ? _seen : new bool[whole];
                _seen.AsSpan(offset, length).Fill(true);
                _isVerified = !_seen.Contains(false);
            }

            messages = messages[(MessageHeader + length)..];
        }
    }
}
