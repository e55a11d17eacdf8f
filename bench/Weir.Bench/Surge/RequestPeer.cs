using System.Buffers.Text;
using System.Net;
using System.Text;
using Weir.Bench.Messages;

namespace Weir.Bench.Surge;

/// <summary>Asks one thing after the other over one connection, from an address of its own; a refusal is an answer too.</summary>
internal sealed class RequestPeer(int port, IPAddress? from = null) : Peer(port, from)
{
    private readonly string _host = $"localhost:{port}";
    private readonly byte[] _answer = new byte[16 * 1024];
    private Action<int>? _done;
    private int _received;

    public bool IsFree => _done is null;

    /// <param name="done">With the status of the answer.</param>
    public void Ask(string method, string path, string? token, string? json, Action<int> done)
    {
        _done = done;
        _received = 0;
        var request = new StringBuilder($"{method} {path} HTTP/1.1\r\nHost: {_host}\r\n");
        if (token is not null)
        {
            request.Append($"Authorization: Bearer {token}\r\n");
        }

        if (json is not null)
        {
            request.Append($"Content-Type: application/json\r\nContent-Length: {Encoding.UTF8.GetByteCount(json)}\r\n");
        }

        Send(Encoding.UTF8.GetBytes(request.Append("\r\n").Append(json).ToString()));
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
            // "HTTP/1.1 200 OK"
            done(Utf8Parser.TryParse(answer[9..12], out int status, out _) ? status : 0);
        }
    }
}
