using System.Buffers.Binary;
using System.Diagnostics;
using System.Net.Sockets;
using System.Text;

namespace Weir.Bench.Load;

/// <summary>
/// Sends a prepared FLV file over RTMP in real time, again and again, with the time of sending in every picture. Nothing
/// is encoded while the server is measured. <see cref="Publishers"/> drives it.
/// </summary>
internal sealed class RtmpPublisher : IDisposable
{
    private const byte Audio = 8;
    private const byte Video = 9;
    private static readonly TimeSpan ReplyLimit = TimeSpan.FromSeconds(10);

    private readonly IReadOnlyList<Tag> _headers;
    private readonly IReadOnlyList<Tag> _frames;
    private readonly uint _duration;
    private readonly Socket _socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly byte[] _incoming = new byte[64 * 1024];
    private readonly Stopwatch _since = new();
    private uint _round;
    private int _next;
    private long _payload;

    public RtmpPublisher(PreparedFile file)
    {
        _duration = file.Milliseconds;
        (_headers, _frames) = (file.Headers, file.Frames);
    }

    internal sealed record Tag(byte Type, uint Timestamp, byte[] Body)
    {
        // FLV: AVCPacketType and AACPacketType, 0 for a sequence header.
        public bool IsHeader => Body.Length < 2 || Body[1] == 0;
    }

    /// <summary>Coded bytes sent so far.</summary>
    public long Payload => Interlocked.Read(ref _payload);

    /// <summary>Why it ended before it was told to, if it did.</summary>
    public Exception? Fault { get; private set; }

    public void Start(Uri application, string key)
    {
        _socket.ReceiveTimeout = (int)ReplyLimit.TotalMilliseconds;
        _socket.Connect(application.Host, application.Port > 0 ? application.Port : 1935);
        _socket.Send(RtmpMessages.Hello());
        var hello = new byte[1 + 1536 + 1536];
        for (var have = 0; have < hello.Length;)
        {
            have += Received(_socket.Receive(hello, have, hello.Length - have, SocketFlags.None));
        }

        _socket.Send(hello.AsSpan(1, 1536));
        _socket.Send(RtmpMessages.SetChunkSize());

        var reply = "";
        var reader = new RtmpChunkReader((type, body) => reply = type == 20 ? reply + Encoding.Latin1.GetString(body) : reply);
        void Await(string expected)
        {
            while (!reply.Contains(expected, StringComparison.Ordinal))
            {
                if (reply.Contains("_error", StringComparison.Ordinal) || reply.Contains("BadName", StringComparison.Ordinal) || reply.Contains("Rejected", StringComparison.Ordinal))
                {
                    throw new LoadException("The publisher was refused");
                }

                reader.Receive(_incoming.AsSpan(0, Received(_socket.Receive(_incoming))));
            }

            reply = "";
        }

        _socket.Send(RtmpMessages.Command(0, "connect", 1.0, new Dictionary<string, object?>
        {
            ["app"] = application.AbsolutePath.Trim('/'), ["type"] = "nonprivate", ["flashVer"] = "FMLE/3.0 (compatible; Lavf59.27.100)",
            ["tcUrl"] = application.ToString(),
        }));
        Await("_result");
        _socket.Send(RtmpMessages.Command(0, "releaseStream", 2.0, null, key));
        _socket.Send(RtmpMessages.Command(0, "FCPublish", 3.0, null, key));
        _socket.Send(RtmpMessages.Command(0, "createStream", 4.0, null));
        Await("_result");
        _socket.Send(RtmpMessages.Command(1, "publish", 5.0, null, key, "live"));
        Await("NetStream.Publish.Start");
        foreach (var header in _headers)
        {
            Send(header, header.Timestamp);
        }

        _since.Start();
    }

    /// <summary>Sends what is due.</summary>
    public void SendDue()
    {
        try
        {
            while (Fault is null && _frames[_next].Timestamp + (_round * _duration) is var due && due <= _since.ElapsedMilliseconds)
            {
                Send(_frames[_next], due);
                Drain();
                _next = (_next + 1) % _frames.Count;
                _round += _next == 0 ? 1u : 0;
            }
        }
        catch (Exception fault) when (fault is SocketException or LoadException)
        {
            Fault = fault;
        }
    }

    public void Dispose() => _socket.Dispose();

    private static int Received(int count) => count > 0 ? count : throw new LoadException("The server closed the publisher's connection");

    private void Send(Tag tag, uint timestamp)
    {
        var body = tag.Body;
        if (tag is { Type: Video, IsHeader: false })
        {
            // Behind the five bytes of FLV's own header the NAL units begin.
            var stamped = new byte[body.Length + Marker.Size];
            body.AsSpan(0, 5).CopyTo(stamped);
            body.AsSpan(5).CopyTo(stamped.AsSpan(5 + Marker.Size));
            Marker.Write(stamped.AsSpan(5), Marker.Now);
            body = stamped;
        }

        _socket.Send(RtmpMessages.Message(tag.Type == Audio ? 4 : 6, tag.Type, timestamp, 1, body));
        Interlocked.Add(ref _payload, tag.Type switch { Audio => body.Length - 2, Video => body.Length - 5, _ => 0 });
    }

    // Acknowledgements and pings are of no use here but must not fill the socket.
    private void Drain()
    {
        while (_socket.Available > 0)
        {
            Received(_socket.Receive(_incoming));
        }
    }
}
