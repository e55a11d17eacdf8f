using System.Collections.Concurrent;
using System.IO.Pipelines;
using System.Net;

namespace Weir.Media.WebRtc.Transport.Tcp;

/// <summary>
/// The endpoint's TCP connections by their numbers. Those that proved themselves are bounded by the sessions and their paths; the others are
/// counted here, in all and by where they come from.
/// </summary>
internal sealed class TcpConnections(RtcEndpoint endpoint)
{
    private readonly ConcurrentDictionary<uint, TcpConnection> _open = new();
    private readonly Lock _admission = new();
    private readonly Dictionary<(ulong High, ulong Low), int> _unproven = [];
    private int _unprovenCount;
    private uint _last;
    private bool _stopped;

    public async Task<RtcTcpEnd> RunAsync(IDuplexPipe pipe, IPEndPoint from)
    {
        var end = RtcTcpEnd.TooMany;
        if (Admit(pipe, from) is { } connection)
        {
            RtcMeter.TcpConnections.Add(1);
            try
            {
                end = await connection.RunAsync();
            }
            finally
            {
                RtcMeter.TcpConnections.Add(-1);
                Release(connection);
            }
        }

        RtcMeter.TcpEnded.Add(1, new KeyValuePair<string, object?>("reason", end.ToString()));
        return end;
    }

    public void Send(ReadOnlySpan<byte> datagram, RtcAddress to)
    {
        if (_open.TryGetValue(to.Connection, out var connection))
        {
            connection.Send(datagram);
        }
        else
        {
            endpoint.Drop(RtcDrop.SendFailed);
        }
    }

    /// <summary>A session takes it as a path: it has sent a signed check.</summary>
    public void Prove(RtcAddress address)
    {
        if (_open.TryGetValue(address.Connection, out var connection))
        {
            lock (_admission)
            {
                if (!connection.IsProven)
                {
                    connection.Prove();
                    Uncount(address);
                }
            }
        }
    }

    public void End(RtcAddress address, RtcTcpEnd reason)
    {
        if (_open.TryGetValue(address.Connection, out var connection))
        {
            connection.End(reason);
        }
    }

    /// <summary>Admits no more and ends all.</summary>
    public void Stop()
    {
        lock (_admission)
        {
            _stopped = true;
        }

        foreach (var (_, connection) in _open)
        {
            connection.End(RtcTcpEnd.Stopping);
        }
    }

    private TcpConnection? Admit(IDuplexPipe pipe, IPEndPoint from)
    {
        var address = RtcAddress.From(from);
        lock (_admission)
        {
            var same = _unproven.GetValueOrDefault(Network(address));
            if (_stopped || _unprovenCount >= endpoint.Options.MaxUnprovenTcp || same >= endpoint.Options.MaxUnprovenTcpPerAddress)
            {
                return null;
            }

            _unproven[Network(address)] = same + 1;
            _unprovenCount++;
            while (true)
            {
                // 0 means UDP; after four billion of them a number may still be in use.
                _last = Math.Max(1, unchecked(_last + 1));
                var connection = new TcpConnection(endpoint, pipe, address with { Connection = _last });
                if (_open.TryAdd(_last, connection))
                {
                    return connection;
                }
            }
        }
    }

    private void Release(TcpConnection connection)
    {
        _open.TryRemove(connection.Address.Connection, out _);
        lock (_admission)
        {
            if (!connection.IsProven)
            {
                Uncount(connection.Address);
            }
        }

        endpoint.Lose(connection.Address);
    }

    private void Uncount(RtcAddress address)
    {
        var network = Network(address);
        _unprovenCount--;
        if (--_unproven[network] == 0)
        {
            _unproven.Remove(network);
        }
    }

    /// <summary>Of IPv6 the first 64 bits: one host may have all addresses behind them.</summary>
    private static (ulong High, ulong Low) Network(RtcAddress address) => (address.High, address.IsV4 ? address.Low : 0);
}
