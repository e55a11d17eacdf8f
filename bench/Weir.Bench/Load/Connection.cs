using System.Diagnostics;
using System.Net.Sockets;

namespace Weir.Bench.Load;

/// <summary>A socket of a viewer, and the player who reads from it.</summary>
internal sealed class Connection(int viewer, Socket socket, Player player, Stay stay)
{
    public int Viewer => viewer;

    public Socket Socket => socket;

    public Player Player => player;

    public Stay Stay => stay;

    public long Opened { get; } = Stopwatch.GetTimestamp();

    public long PayloadBefore;

    public void Send(ReadOnlyMemory<byte> data)
    {
        try
        {
            // Requests are small: if not all of one fits into the socket, the server has stopped reading.
            if (socket.Send(data.Span) < data.Length)
            {
                throw new LoadException("The server stopped reading");
            }
        }
        catch (SocketException fault)
        {
            throw new LoadException($"Sending failed: {fault.SocketErrorCode}");
        }
    }
}

/// <summary>How a viewer stays.</summary>
internal enum Stay
{
    /// <summary>Reads to the end.</summary>
    Watches,

    /// <summary>Comes to measure how long it takes, and goes then.</summary>
    Joins,

    /// <summary>Reads nothing once it plays.</summary>
    Stops,

    /// <summary>Reads a tenth of the stream once it plays.</summary>
    Dawdles,
}
