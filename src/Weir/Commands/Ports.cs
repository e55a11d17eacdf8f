using System.Net;
using System.Net.Sockets;

namespace Weir.Commands;

internal static class Ports
{
    /// <summary>0 becomes a free port now, because both planes have to name it.</summary>
    public static int Concrete(int port)
    {
        if (port != 0)
        {
            return port;
        }

        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }
}
