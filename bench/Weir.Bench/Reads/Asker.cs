using System.Text;
using Weir.Bench.Load;
using Weir.Bench.Messages;

namespace Weir.Bench.Reads;

/// <summary>Asks the same over one connection that is kept, each time after the answer to the one before it.</summary>
internal sealed class Asker(int port, Question question, Action answered) : Peer(port)
{
    private readonly HttpResponses _responses = new();
    private readonly byte[] _request = Encoding.ASCII.GetBytes(
        $"{question.Method} {question.Path} HTTP/1.1\r\nHost: localhost:{port}\r\n{(question.Token is null ? "" : $"Authorization: Bearer {question.Token}\r\n")}"
        + (question.Method == "GET" ? "\r\n" : "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"));
    private bool _waiting;

    public long Bytes { get; private set; }

    public bool IsWaiting => _waiting;

    public void Ask()
    {
        _waiting = true;
        Bytes = 0;
        Send(_request);
    }

    public override void Receive(ReadOnlySpan<byte> data, long now)
    {
        var (taken, whole) = _responses.Receive(data, body => Bytes += body.Length);
        if (taken != data.Length)
        {
            throw new CannotMeasureException("more came than was asked for.");
        }

        if (whole)
        {
            _waiting = false;
            answered();
        }
    }
}

/// <param name="Token">Whose question it is; null: anybody's.</param>
/// <param name="Milliseconds">Of processor time that it may cost.</param>
/// <param name="Times">How many times what <c>GET /api/me</c> costs it may cost.</param>
/// <param name="Most">Answers to warm up and again to measure: who asks more is told to come later.</param>
internal sealed record Question(
    string Name, string Method, string Path, string? Token, double? Milliseconds = null, double? Times = null, int Most = int.MaxValue);
