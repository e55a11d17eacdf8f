using System.Collections.Concurrent;
using System.Net;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Weir.Media.WebRtc.Transport;

namespace Weir.Media.Tests.WebRtc;

/// <summary>A network between endpoints, without sockets: one thread carries datagrams, tests say which get lost and what time it is.</summary>
internal sealed class Wire : IDisposable
{
    private readonly BlockingCollection<(byte[] Bytes, RtcAddress From, RtcAddress To)> _carried = [];
    private readonly ConcurrentDictionary<RtcAddress, RtcEndpoint> _hosts = new();
    private readonly Thread _carrier;
    private readonly SemaphoreSlim _activity = new(0);
    private readonly ConcurrentDictionary<RtcAddress, TaskCompletionSource> _markers = new();
    private readonly ConcurrentDictionary<RtcAddress, RtcAddress> _moved = new();
    private int _port = 1000;

    public Wire()
    {
        _carrier = new Thread(Carry) { IsBackground = true };
        _carrier.Start();
    }

    public FakeTimeProvider Time { get; } = new(DateTimeOffset.Parse("2026-01-01T00:00:00Z", System.Globalization.CultureInfo.InvariantCulture));

    /// <summary>True lets a datagram arrive.</summary>
    public Func<byte[], RtcAddress, RtcAddress, bool> Carries { get; set; } = (_, _, _) => true;

    /// <summary>All that was sent, arrived or not.</summary>
    public ConcurrentQueue<(byte[] Bytes, RtcAddress From, RtcAddress To)> Sent { get; } = new();

    public static RtcAddress Address(string text) => RtcAddress.From(IPEndPoint.Parse(text));

    public Host Endpoint(RtcEndpointOptions? options = null)
    {
        var address = Address($"192.0.2.1:{Interlocked.Increment(ref _port)}");
        var endpoint = new RtcEndpoint(options ?? new RtcEndpointOptions(), Time, NullLogger.Instance, _ => new Port(this, address), []);
        _hosts[address] = endpoint;
        return new Host(endpoint, address);
    }

    /// <summary>From now on what is sent from or to an endpoint has this address (its host moved).</summary>
    public RtcAddress Move(Host host, string to)
    {
        var address = Address(to);
        _moved[host.Address] = address;
        _hosts[address] = host.Endpoint;
        return address;
    }

    /// <summary>Puts a datagram on the wire that claims to come from somewhere.</summary>
    public void Inject(byte[] datagram, RtcAddress from, RtcAddress to) => _carried.Add((datagram, from, to));

    /// <summary>Waits until all that was sent so far has arrived.</summary>
    public async Task QuietAsync()
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var marker = Address($"203.0.113.1:{Interlocked.Increment(ref _port)}");
        _markers[marker] = done;
        _carried.Add(([], default, marker));
        await done.Task;
    }

    /// <summary>Lets time pass, step by step and only while nothing is being computed, until it happens; no longer than half a minute of that time.</summary>
    public async Task UntilAsync(Func<bool> happened, int stepMs = 50, [CallerArgumentExpression(nameof(happened))] string what = "")
    {
        for (var passed = 0; !happened(); )
        {
            Assert.True(passed < 30_000, $"It did not happen within half a minute: {what}");
            var sent = Sent.Count;
            await QuietAsync();
            if (sent == Sent.Count && _hosts.Values.All(host => host.Handshakes.IsIdle))
            {
                Time.Advance(TimeSpan.FromMilliseconds(stepMs));
                passed += stepMs;
            }

            await _activity.WaitAsync(TimeSpan.FromMilliseconds(1));
        }
    }

    public void Dispose()
    {
        _carried.CompleteAdding();
        foreach (var host in _hosts.Values.Distinct())
        {
            host.Dispose();
        }

        _carrier.Join();
    }

    private void Carry()
    {
        foreach (var (bytes, from, to) in _carried.GetConsumingEnumerable())
        {
            if (_markers.TryRemove(to, out var marker))
            {
                marker.SetResult();
            }
            else if (_hosts.TryGetValue(to, out var host))
            {
                host.Receive(bytes, from, host.Now);
            }
        }
    }

    internal sealed record Host(RtcEndpoint Endpoint, RtcAddress Address)
    {
        public IPEndPoint End => Address.ToEndPoint();
    }

    private sealed class Port(Wire wire, RtcAddress own) : IRtcPort
    {
        public void Send(ReadOnlySpan<byte> datagram, RtcAddress to)
        {
            var from = wire._moved.GetValueOrDefault(own, own);
            var bytes = datagram.ToArray();
            wire.Sent.Enqueue((bytes, from, to));
            wire._activity.Release();
            if (wire.Carries(bytes, from, to) && !wire._carried.IsAddingCompleted)
            {
                wire._carried.Add((bytes, from, to));
            }
        }

        public void Send(RtcBatch batch)
        {
            foreach (var entry in batch.Entries)
            {
                Send(batch.Bytes.Slice(entry.Offset, entry.Length), entry.To);
            }
        }

        public RtcAddress Reach(IPEndPoint end) => RtcAddress.From(end);

        public void Dispose()
        {
        }
    }
}

/// <summary>Keeps what a peer got.</summary>
internal sealed class Packets : IRtcPackets
{
    private readonly TaskCompletionSource _connected = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<RtcClosed> _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task Connected => _connected.Task;

    public Task<RtcClosed> Closed => _closed.Task;

    public ConcurrentQueue<byte[]> Rtp { get; } = new();

    public ConcurrentQueue<byte[]> Rtcp { get; } = new();

    public Action? OnEachConnected { get; init; }

    public void OnConnected()
    {
        OnEachConnected?.Invoke();
        _connected.SetResult();
    }

    public void OnRtp(Span<byte> packet, long arrival) => Rtp.Enqueue(packet.ToArray());

    public void OnRtcp(ReadOnlySpan<byte> compound) => Rtcp.Enqueue(compound.ToArray());

    public void OnClosed(RtcClosed reason) => _closed.SetResult(reason);
}
