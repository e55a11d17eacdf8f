using System.Diagnostics;
using System.Net.Sockets;

namespace Weir.Bench.Load;

/// <summary>Viewers who play and then read too little: nothing, or a tenth. They are not waited for, and not counted with the others.</summary>
internal sealed class SlowReaders
{
    /// <summary>A tenth of 1 Mbit/s, a second.</summary>
    private const int Tenth = 12_500;

    // tcp(7), and tcp_info's first byte: TCP_ESTABLISHED, or something that comes after it.
    private const int TcpLevel = 6;
    private const int TcpInfo = 11;
    private const byte Established = 1;

    private readonly List<Connection> _all = [];
    private readonly List<Connection> _dawdling = [];
    private readonly byte[] _buffer = new byte[Tenth];
    private long _next = Stopwatch.GetTimestamp();

    /// <summary>How many the server has let go, for whatever reason; those who do not read do not notice it themselves.</summary>
    public int Gone()
    {
        Span<byte> info = stackalloc byte[1];
        var gone = 0;
        foreach (var connection in _all)
        {
            connection.Socket.GetRawSocketOption(TcpLevel, TcpInfo, info);
            gone += info[0] == Established ? 0 : 1;
        }

        return gone;
    }

    public void Add(Connection connection)
    {
        _all.Add(connection);
        if (connection.Stay == Stay.Dawdles)
        {
            _dawdling.Add(connection);
        }
    }

    /// <summary>Once a second everybody's tenth.</summary>
    public void Turn()
    {
        if (_dawdling.Count == 0 || Stopwatch.GetTimestamp() < _next)
        {
            return;
        }

        _next += Stopwatch.Frequency;
        _dawdling.RemoveAll(connection => !IsThere(connection));
    }

    private bool IsThere(Connection connection)
    {
        var read = connection.Socket.Receive(_buffer, SocketFlags.None, out var error);
        try
        {
            if (read > 0)
            {
                // Pings are answered when the viewer gets to them.
                connection.Player.Receive(_buffer.AsSpan(0, read), connection.Send);
            }
        }
        catch (LoadException)
        {
            return false;
        }

        // The server lets slow ones go: that is counted there.
        return read > 0 || error == SocketError.WouldBlock;
    }
}
