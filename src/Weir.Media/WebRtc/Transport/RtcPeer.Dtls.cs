using Microsoft.Extensions.Logging;
using Weir.Media.WebRtc.Transport.Dtls;

namespace Weir.Media.WebRtc.Transport;

/// <summary>The handshake, and what may follow it.</summary>
public sealed partial class RtcPeer : IHandshake
{
    /// <summary>A goodbye, and the peer's last flight again a few times when ours was lost; each may take a millisecond, so there are no more.</summary>
    private const int MaxLate = 64;

    private readonly Lock _dtls = new();
    private readonly DtlsChannel _channel;
    private DtlsResult? _connection;
    private bool _hasHello;
    private bool _queued;
    private int _late;

    long IHandshake.LastHeard => _channel.LastHeard;

    bool IHandshake.IsWaiting => _channel.IsWaiting;

    void IHandshake.Abort() => _channel.Abort();

    void IHandshake.Run()
    {
        try
        {
            _channel.Begin(_endpoint.Options.ConnectLimit);
            var result = _options.Role == DtlsRole.Server
                ? DtlsServer.Accept(_endpoint.Identity, _promised, _channel)
                : DtlsClient.Connect(_endpoint.Identity, _promised, _channel);
            _channel.End();
            lock (_dtls)
            {
                _connection = result;
            }

            RtcMeter.Handshakes.Add(1, new KeyValuePair<string, object?>("result", "done"));
            Connected(result);
        }
        catch (IOException fault)
        {
            // What BouncyCastle throws for all that a peer can do, and the channel for time.
            RtcMeter.Handshakes.Add(1, new KeyValuePair<string, object?>("result", "failed"));
            _endpoint.Log.LogDebug("No DTLS handshake with {Address}: {Fault}", RemoteAddress, fault.Message);
            Close(RtcClosed.Handshake);
        }
#pragma warning disable CA1031 // The end of a thread: what gets past here ends the process, and all other sessions with it.
        catch (Exception fault)
#pragma warning restore CA1031
        {
            RtcMeter.Handshakes.Add(1, new KeyValuePair<string, object?>("result", "failed"));
            _endpoint.Log.LogError(fault, "A DTLS handshake broke");
            Close(RtcClosed.Handshake);
        }
    }

    internal void ReceiveDtls(ReadOnlySpan<byte> datagram, RtcAddress from)
    {
        var content = DtlsRecords.Classify(datagram);
        if (content == DtlsContent.Malformed)
        {
            _endpoint.Drop(RtcDrop.MalformedDtls);
            return;
        }

        var goodbye = false;
        lock (_dtls)
        {
            if (State == RtcPeerState.Closed || (_options.Role == DtlsRole.Server && !_hasHello && content != DtlsContent.ClientHello))
            {
                _endpoint.Drop(RtcDrop.UnwantedDtls);
            }
            else if (_connection is not null)
            {
                goodbye = ReceiveLate(datagram);
            }
            else if (!_channel.Add(datagram))
            {
                _endpoint.Drop(RtcDrop.UnwantedDtls);
            }
            else
            {
                _hasHello = true;
            }
        }

        if (goodbye)
        {
            Close(RtcClosed.Peer);
        }
        else
        {
            TryShake();
        }
    }

    /// <summary>Begins the handshake once there is a proven address and, as the server, something to answer.</summary>
    private void TryShake()
    {
        if (_selected is null)
        {
            return;
        }

        Move(RtcPeerState.AwaitingCheck, RtcPeerState.AwaitingHandshake);
        lock (_dtls)
        {
            if (_queued || (_options.Role == DtlsRole.Server && !_hasHello) || !Move(RtcPeerState.AwaitingHandshake, RtcPeerState.Handshaking))
            {
                return;
            }

            _queued = _endpoint.Handshakes.TryAdd(this);
            if (!_queued)
            {
                // The peer sends its hello again, and then there may be room.
                Move(RtcPeerState.Handshaking, RtcPeerState.AwaitingHandshake);
                _endpoint.Drop(RtcDrop.UnwantedDtls);
            }
        }
    }

    /// <summary>Gives BouncyCastle a datagram after the handshake. True when it was the end.</summary>
    private bool ReceiveLate(ReadOnlySpan<byte> datagram)
    {
        if (_late++ >= MaxLate || !_channel.Add(datagram))
        {
            _endpoint.Drop(RtcDrop.UnwantedDtls);
            return _channel.IsClosed;
        }

        try
        {
            Span<byte> unread = stackalloc byte[RtcEndpoint.MaxDatagram];
            _connection!.Transport.Receive(unread, 1);
        }
        catch (IOException)
        {
            // A fatal alert of the peer.
            return true;
        }

        return _channel.IsClosed;
    }

    private void SayGoodbye()
    {
        lock (_dtls)
        {
            if (_connection is { } connection)
            {
                try
                {
                    connection.Transport.Close();
                }
                catch (IOException fault)
                {
                    _endpoint.Log.LogDebug("No goodbye: {Fault}", fault.Message);
                }
            }

            _channel.Dispose();
        }
    }
}
