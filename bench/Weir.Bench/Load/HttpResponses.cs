using System.Globalization;
using System.Text;

namespace Weir.Bench.Load;

/// <summary>Reads HTTP/1.1 responses off one connection, whatever the boundaries, and hands on the bodies.</summary>
internal sealed class HttpResponses
{
    private const int LongestHeader = 16 * 1024;
    private readonly List<byte> _line = [];
    private State _state = State.Header;
    private long _left;

    private enum State
    {
        Header,
        Body,
        ChunkSize,
        Chunk,
        ChunkEnd,
        Trailer,
        Unframed,
    }

    public delegate void BodyHandler(ReadOnlySpan<byte> body);

    public int Status { get; private set; }

    /// <summary>Takes data up to the end of one response at most.</summary>
    /// <returns>How much was taken, and whether the response is whole.</returns>
    public (int Taken, bool Whole) Receive(ReadOnlySpan<byte> data, BodyHandler body)
    {
        var taken = 0;
        while (taken < data.Length)
        {
            var rest = data[taken..];
            switch (_state)
            {
                case State.Unframed:
                    body(rest);
                    return (data.Length, false);
                case State.Body or State.Chunk:
                    var part = (int)Math.Min(rest.Length, _left);
                    body(rest[..part]);
                    taken += part;
                    _left -= part;
                    if (_left > 0)
                    {
                        break;
                    }

                    if (_state == State.Body)
                    {
                        _state = State.Header;
                        return (taken, true);
                    }

                    _state = State.ChunkEnd;
                    break;
                default:
                    _line.Add(rest[0]);
                    taken++;
                    if (rest[0] == '\n' && Line())
                    {
                        return (taken, true);
                    }

                    break;
            }
        }

        return (taken, false);
    }

    /// <returns>True when this line ended the response.</returns>
    private bool Line()
    {
        if (_line.Count > LongestHeader)
        {
            throw new LoadException("HTTP header without an end");
        }

        switch (_state)
        {
            case State.Header when EndsHeader():
                var whole = Header(Encoding.Latin1.GetString([.. _line]));
                _line.Clear();
                return whole;
            case State.ChunkSize:
                var size = Encoding.Latin1.GetString([.. _line]).Split(';')[0].Trim();
                _left = long.Parse(size, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
                _line.Clear();
                _state = _left == 0 ? State.Trailer : State.Chunk;
                return false;
            case State.ChunkEnd:
                _line.Clear();
                _state = State.ChunkSize;
                return false;
            case State.Trailer:
                var last = _line.Count <= 2;
                _line.Clear();
                _state = last ? State.Header : State.Trailer;
                return last;
            default:
                return false;
        }
    }

    private bool EndsHeader() => _line is [.., (byte)'\r', (byte)'\n', (byte)'\r', (byte)'\n'];

    private bool Header(string header)
    {
        var lines = header.Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        Status = int.Parse(lines[0].Split(' ')[1], CultureInfo.InvariantCulture);
        var chunked = false;
        long? length = null;
        foreach (var line in lines.Skip(1))
        {
            chunked |= line.StartsWith("Transfer-Encoding:", StringComparison.OrdinalIgnoreCase) && line.Contains("chunked", StringComparison.OrdinalIgnoreCase);
            if (line.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase))
            {
                length = long.Parse(line[15..], CultureInfo.InvariantCulture);
            }
        }

        if (Status is not (200 or 201 or 101))
        {
            throw new LoadException($"HTTP {Status}");
        }

        _left = length ?? 0;
        _state = Status == 101 ? State.Unframed : chunked ? State.ChunkSize : length is null ? State.Unframed : length > 0 ? State.Body : State.Header;
        return _state == State.Header;
    }
}
