using System.Net;
using System.Text;
using Weir.Bench.Messages;

namespace Weir.Bench.Surge;

/// <summary>Asks for tickets of one account over one connection, from an address of its own.</summary>
internal sealed class TicketAsker(int port, string token, IPAddress from) : Peer(port, from)
{
    private readonly string _end =
        $"/tickets HTTP/1.1\r\nHost: localhost:{port}\r\nAuthorization: Bearer {token}\r\nContent-Length: 0\r\n\r\n";

    private readonly byte[] _answer = new byte[8 * 1024];
    private Action<bool>? _done;
    private int _received;

    public bool IsFree => _done is null;

    /// <param name="done">Whether there was one.</param>
    public void Ask(string broadcast, Action<bool> done)
    {
        _done = done;
        _received = 0;
        Send(Encoding.ASCII.GetBytes($"POST /api/broadcasts/{broadcast}{_end}"));
    }

    public override void Receive(ReadOnlySpan<byte> data, long now)
    {
        data.CopyTo(_answer.AsSpan(_received));
        _received += data.Length;
        var answer = _answer.AsSpan(0, _received);
        if (IsWhole(answer))
        {
            var done = _done!;
            _done = null;
            done(answer.StartsWith("HTTP/1.1 201 "u8));
        }
    }
}
