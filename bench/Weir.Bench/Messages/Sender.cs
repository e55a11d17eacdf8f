using System.Buffers.Text;
using System.Diagnostics;
using System.Text;

namespace Weir.Bench.Messages;

/// <summary>Sends messages over one connection that is kept, each after the answer to the one before it. The request is written once; only its numbers change.</summary>
internal sealed class Sender : Peer
{
    private const int Digits = 19;
    private readonly byte[] _request;
    private readonly int _clientIdAt;
    private readonly int _timeAt;
    private readonly byte[] _answer = new byte[8 * 1024];
    private readonly Action<Sender, long> _done;
    private int _received;
    private long _number;
    private long _due;

    /// <param name="done">The answer to the last message is there, so long after the message was due.</param>
    public Sender(int port, Seat from, long firstNumber, Action<Sender, long> done)
        : base(port)
    {
        _done = done;
        _number = firstNumber;
        var zeros = new string('0', Digits);
        var body = $$"""{"clientId":"{{zeros}}","text":"t={{zeros}} and what people write to each other in one line"}""";
        var head = $"POST /api/conversations/{from.Conversation}/messages HTTP/1.1\r\nHost: localhost:{port}\r\nAuthorization: Bearer {from.Token}\r\n"
            + $"Content-Type: application/json\r\nContent-Length: {Encoding.ASCII.GetByteCount(body)}\r\n\r\n";
        _request = Encoding.ASCII.GetBytes(head + body);
        _clientIdAt = head.Length + body.IndexOf(zeros, StringComparison.Ordinal);
        _timeAt = head.Length + body.LastIndexOf(zeros, StringComparison.Ordinal);
    }

    /// <param name="due">When the message should have been sent: it waits from then on.</param>
    public void Begin(long due)
    {
        _due = due;
        Write(_clientIdAt, ++_number);
        Write(_timeAt, due);
        _received = 0;
        Send(_request);
    }

    public override void Receive(ReadOnlySpan<byte> data, long now)
    {
        data.CopyTo(_answer.AsSpan(_received));
        _received += data.Length;
        var answer = _answer.AsSpan(0, _received);
        if (!IsWhole(answer))
        {
            return;
        }

        if (!answer.StartsWith("HTTP/1.1 201 "u8))
        {
            throw new CannotMeasureException($"a message was refused: {Encoding.UTF8.GetString(answer)}");
        }

        _done(this, now - _due);
    }

    /// <summary>The time stamp in a message of a sender, and what follows it; false when there is none in the data.</summary>
    public static bool TryReadTime(ref ReadOnlySpan<byte> data, out long time)
    {
        var at = data.IndexOf("\"t="u8);
        time = 0;
        if (at < 0 || data.Length < at + 3 + Digits || !Utf8Parser.TryParse(data.Slice(at + 3, Digits), out time, out var read) || read != Digits)
        {
            return false;
        }

        data = data[(at + 3 + Digits)..];
        return true;
    }

    private void Write(int at, long number)
    {
        for (var i = at + Digits - 1; i >= at; i--, number /= 10)
        {
            _request[i] = (byte)('0' + (number % 10));
        }
    }
}

/// <summary>Somebody's place in a conversation.</summary>
internal sealed record Seat(string Token, string Conversation);
