using System.Diagnostics;
using System.Text;

namespace Weir.Bench.Messages;

/// <summary>A signed-in client that is connected and listens: the WebSocket and the SignalR handshake by hand, so that ten thousand of them fit beside the server.</summary>
internal sealed class Listener : Peer
{
    private const int TailLength = 32;
    private readonly Action<long>? _heard;
    private readonly byte[] _tail = new byte[TailLength];
    private int _tailLength;

    /// <param name="heard">A message of a sender came, so long after it was due.</param>
    public Listener(int port, string token, Action<long>? heard = null)
        : base(port)
    {
        _heard = heard;
        Send(Encoding.ASCII.GetBytes(
            $"GET /api/hub HTTP/1.1\r\nHost: localhost:{port}\r\nAuthorization: Bearer {token}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"));
    }

    /// <summary>The server has answered the hub's handshake.</summary>
    public bool IsOpen { get; private set; }

    private bool IsUpgraded { get; set; }

    /// <summary>What a client says every 15 s, so that the server does not give it up.</summary>
    public void Ping() => SendText("{\"type\":6}\u001e"u8);

    public override void Receive(ReadOnlySpan<byte> data, long now)
    {
        if (!IsUpgraded)
        {
            if (!data.StartsWith("HTTP/1.1 101"u8))
            {
                throw new CannotMeasureException($"a listener was refused: {Encoding.UTF8.GetString(data)}");
            }

            IsUpgraded = true;
            SendText("{\"protocol\":\"json\",\"version\":1}\u001e"u8);
            return;
        }

        IsOpen = true;
        if (_heard is null)
        {
            return;
        }

        // A time stamp may lie across two readings.
        Span<byte> seam = stackalloc byte[2 * TailLength];
        _tail.AsSpan(0, _tailLength).CopyTo(seam);
        var begin = data[..Math.Min(TailLength, data.Length)];
        begin.CopyTo(seam[_tailLength..]);
        ReadOnlySpan<byte> joined = seam[..(_tailLength + begin.Length)];
        var inTail = _tailLength;
        var rest = joined;
        while (Sender.TryReadTime(ref rest, out var due))
        {
            // Those that begin in the new data are read below.
            if (joined.Length - rest.Length - 22 < inTail)
            {
                _heard(now - due);
            }
        }

        rest = data;
        while (Sender.TryReadTime(ref rest, out var due))
        {
            _heard(now - due);
        }

        // No whole time stamp fits into what is kept, so none is read twice.
        _tailLength = Math.Min(21, data.Length);
        data[^_tailLength..].CopyTo(_tail);
    }

    /// <summary>RFC 6455 5.2: a client masks; a mask of zeros changes nothing.</summary>
    private void SendText(ReadOnlySpan<byte> text)
    {
        Span<byte> frame = stackalloc byte[6 + 125];
        frame.Clear();
        frame[0] = 0x81;
        frame[1] = (byte)(0x80 | text.Length);
        text.CopyTo(frame[6..]);
        Send(frame[..(6 + text.Length)]);
    }
}
