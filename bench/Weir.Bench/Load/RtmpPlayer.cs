using System.Text;

namespace Weir.Bench.Load;

/// <summary>Plays one RTMP stream and throws it away.</summary>
internal sealed class RtmpPlayer : Player
{
    private const int AcknowledgeEvery = 1_000_000;

    private readonly string _server;
    private readonly string _application;
    private readonly string _stream;
    private readonly MemoryStream _handshake = new();
    private readonly List<byte[]> _replies = [];
    private readonly RtmpChunkReader _chunks;
    private State _state = State.AwaitingHandshake;
    private long _received;
    private long _acknowledged;

    public RtmpPlayer(Uri url)
    {
        var path = url.PathAndQuery.TrimStart('/');
        var slash = path.IndexOf('/');
        _application = path[..slash];
        _stream = path[(slash + 1)..];
        _server = $"rtmp://{url.Authority}/{_application}";
        _chunks = new RtmpChunkReader(Control);
    }

    private enum State
    {
        AwaitingHandshake,
        AwaitingConnectResult,
        AwaitingStreamResult,
        Playing,
    }

    public override ReadOnlyMemory<byte> Open() => RtmpMessages.Hello();

    public override void Receive(ReadOnlySpan<byte> data, Action<ReadOnlyMemory<byte>> send)
    {
        _received += data.Length;
        if (_state == State.AwaitingHandshake)
        {
            const int Whole = 1 + 1536 + 1536;
            var taken = Math.Min(data.Length, Whole - (int)_handshake.Length);
            _handshake.Write(data[..taken]);
            data = data[taken..];
            if (_handshake.Length < Whole)
            {
                return;
            }

            // C2 repeats S1.
            send(_handshake.GetBuffer().AsMemory(1, 1536).ToArray());
            send(RtmpMessages.SetChunkSize());
            send(RtmpMessages.Command(0, "connect", 1.0, new Dictionary<string, object?>
            {
                ["app"] = _application, ["flashVer"] = "LNX 9,0,124,2", ["tcUrl"] = _server, ["fpad"] = false, ["audioCodecs"] = 4071.0, ["videoCodecs"] = 252.0,
            }));
            _state = State.AwaitingConnectResult;
        }

        _chunks.Receive(data);
        Payload = _chunks.Media;
        foreach (var reply in _replies)
        {
            send(reply);
        }

        _replies.Clear();
        if (_received - _acknowledged >= AcknowledgeEvery)
        {
            _acknowledged = _received;
            send(RtmpMessages.Acknowledge(_received));
        }
    }

    private void Control(byte type, byte[] body)
    {
        if (type != 20)
        {
            return;
        }

        // Commands begin with their name; of the values only a status code that refuses matters here.
        var text = Encoding.Latin1.GetString(body);
        if (text.Contains("_error", StringComparison.Ordinal) || text.Contains("StreamNotFound", StringComparison.Ordinal) || text.Contains("Rejected", StringComparison.Ordinal))
        {
            throw new LoadException($"RTMP play was refused while {_state}");
        }

        switch (_state)
        {
            case State.AwaitingConnectResult when text.Contains("_result", StringComparison.Ordinal):
                _replies.Add(RtmpMessages.Command(0, "createStream", 2.0, null));
                _state = State.AwaitingStreamResult;
                break;
            case State.AwaitingStreamResult when text.Contains("_result", StringComparison.Ordinal):
                _replies.Add(RtmpMessages.Command(1, "play", 3.0, null, _stream, -2000.0));
                _state = State.Playing;
                break;
            default:
                break;
        }
    }
}
