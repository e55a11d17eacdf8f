using System.Diagnostics;
using System.Net.Sockets;

namespace Weir.Bench.Load;

/// <summary>Viewers who play and then read too little: nothing, or a tenth. They are not waited for, and not counted with the others.</summary>
internal sealed class SlowReaders
{
    /// <summary>A tenth of 1 Mbit/s, a second.</summary>
    private const int Tenth = 12_500;

    private readonly List<Connection> _dawdling = [];
    private readonly byte[] _buffer = new byte[Tenth];
    private long _next = Stopwatch.GetTimestamp();

    public void Add(Connection connection)
    {
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
