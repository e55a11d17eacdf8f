using System.Collections.Concurrent;
using System.ComponentModel;
using System.Diagnostics;

namespace Weir.Media.Broadcasting.FanOut;

/// <summary>
/// One thread that sends to its share of the viewers: it waits until a log grows, gathers what is new once, and hands it to the kernel for one
/// socket after another. A socket that is full is left alone until the kernel says that it is not. What waits is bounded: viewers read from the
/// shared log, and a viewer's rest is at most one batch.
/// </summary>
internal sealed class Sender : IDisposable
{
    private const int Sockets = 256;
    private static readonly long Second = Stopwatch.Frequency;

    private readonly Readiness _readiness = new();
    private readonly ConcurrentQueue<Action> _orders = new();
    private readonly ConcurrentQueue<FlowGroup> _news = new();
    private readonly ConcurrentQueue<Flow> _nudged = new();
    private readonly Dictionary<(ILog, object), FlowGroup> _groups = [];
    private readonly Dictionary<long, Flow> _known = [];
    private readonly Dictionary<long, Flow> _full = [];
    private readonly List<FlowGroup> _due = [];
    private readonly Merging _merging;
    private readonly Thread _thread;
    private long _keys;
    private long _lookedForSlow;
    private int _asleep;
    private int _flows;
    private volatile bool _stopping;

    public Sender(int number, TimeSpan? merge)
    {
        _merging = new Merging(merge);
        _thread = new Thread(Run) { IsBackground = true, Name = $"fan-out {number}" };
        _thread.Start();
    }

    public int Flows => Volatile.Read(ref _flows);

    public void Add(Flow flow)
    {
        Interlocked.Increment(ref _flows);
        Order(() => Take(flow));
    }

    public void Remove(Flow flow) => Order(() =>
    {
        if (!flow.IsGone)
        {
            Leave(flow);
            flow.Cancel();
        }
    });

    /// <summary>The group's log has grown; from any thread.</summary>
    public void Look(FlowGroup group)
    {
        _news.Enqueue(group);
        Wake();
    }

    /// <summary>The feed has something for its viewer alone; from any thread.</summary>
    public void Look(Flow flow)
    {
        _nudged.Enqueue(flow);
        Wake();
    }

    public void Dispose()
    {
        _stopping = true;
        _readiness.Ring();
        _thread.Join();
        _readiness.Dispose();
    }

    private void Order(Action order)
    {
        _orders.Enqueue(order);
        Wake();
    }

    // Only a sender that sleeps is woken: a ring is a system call.
    private void Wake()
    {
        if (Interlocked.Exchange(ref _asleep, 0) == 1)
        {
            _readiness.Ring();
        }
    }

    private void Run()
    {
        try
        {
            Span<SocketNews> news = stackalloc SocketNews[Sockets];
            while (!_stopping)
            {
                var began = Stopwatch.GetTimestamp();
                Round(began);
                _merging.Worked(began, Stopwatch.GetTimestamp(), _flows);
                Volatile.Write(ref _asleep, 1);
                Interlocked.MemoryBarrier();
                var count = _readiness.Wait(news, Patience());
                Volatile.Write(ref _asleep, 0);
                foreach (var happened in news[..count])
                {
                    Hear(happened);
                }
            }
        }
        finally
        {
            while (_orders.TryDequeue(out var order))
            {
                order();
            }

            foreach (var flow in _groups.Values.SelectMany(group => group.Flows).ToList())
            {
                flow.Cancel();
            }
        }
    }

    /// <summary>Milliseconds until something is due by itself.</summary>
    private int Patience()
    {
        if (!_orders.IsEmpty || !_nudged.IsEmpty || !_news.IsEmpty)
        {
            return 0;
        }

        if (_due.Count == 0)
        {
            return _full.Count > 0 ? 1000 : -1;
        }

        var wait = _due.Min(group => group.Since) + _merging.Age - Stopwatch.GetTimestamp();
        return wait <= 0 ? 0 : (int)Math.Min(1000, (wait * 1000 / Second) + 1);
    }

    private void Round(long now)
    {
        while (_orders.TryDequeue(out var order))
        {
            order();
        }

        while (_nudged.TryDequeue(out var flow))
        {
            flow.TakeNudge();
            // One without a group has just begun: its order is still to come, and looks for everything by itself.
            if (!flow.IsGone && !flow.IsFull && flow.Group is not null)
            {
                Pump(flow);
            }
        }

        while (_news.TryDequeue(out var group))
        {
            _due.Add(group);
        }

        for (var i = _due.Count - 1; i >= 0; i--)
        {
            var group = _due[i];
            if (group.Since + _merging.Age <= now)
            {
                _due.RemoveAt(i);
                group.TakeNews();
                Send(group);
            }
        }

        if (_full.Count > 0 && now - _lookedForSlow > Second)
        {
            _lookedForSlow = now;
            LetSlowOnesGo(now);
        }
    }

    private void Send(FlowGroup group)
    {
        var since = group.Since;
        // From the end: a flow that ends is replaced in its place by the last.
        for (var i = group.Flows.Count - 1; i >= 0; i--)
        {
            var flow = group.Flows[i];
            if (!flow.IsFull)
            {
                Pump(flow);
            }
        }

        FanOutMeter.Delay.Record((Stopwatch.GetTimestamp() - since) / (double)Second);
    }

    /// <summary>Sends what the feed has until there is nothing more or the kernel has no room.</summary>
    private void Pump(Flow flow)
    {
        while (true)
        {
            if (flow.Rest.IsEmpty)
            {
                FeedState state;
                ReadOnlyMemory<byte> bytes;
                try
                {
                    state = flow.Feed.Take(flow.Group!.Batch, out bytes);
                }
                catch (Exception fault)
                {
                    // A fault of our own in one feed must not take the other viewers along; its session reports it.
                    Leave(flow);
                    flow.Fail(fault);
                    return;
                }

                switch (state)
                {
                    case FeedState.Bytes:
                        if (!TrySend(flow, bytes))
                        {
                            return;
                        }

                        continue;
                    case FeedState.LastBytes:
                        flow.HasCaughtUp |= TrySend(flow, bytes);
                        return;
                    case FeedState.Nothing:
                        flow.HasCaughtUp |= flow.Feed.HasBegun;
                        return;
                    case FeedState.Ended:
                        End(flow, FlowEnd.Ended);
                        return;
                    default:
                        End(flow, FlowEnd.TooSlow);
                        return;
                }
            }

            var rest = flow.Rest;
            flow.Rest = default;
            if (!TrySend(flow, rest))
            {
                return;
            }
        }
    }

    /// <summary>False when the flow must wait or is over.</summary>
    private bool TrySend(Flow flow, ReadOnlyMemory<byte> bytes)
    {
        if (flow.HasCaughtUp && !flow.Merges)
        {
            // Frames that come close together leave as one packet where the network is busy. Not before: the greeting and the first
            // pictures would wait for an acknowledgement, which the viewer's kernel may delay by 40 ms.
            flow.Merges = true;
            Kernel.MergeSmall(flow.Descriptor);
        }

        var sent = Kernel.Send(flow.Descriptor, bytes.Span, out var error);
        if (sent == bytes.Length)
        {
            return true;
        }

        if (sent < 0 && error is not (Kernel.WouldBlock or Kernel.Interrupted))
        {
            // Reset, closed, shut down: whatever its reason, nobody is there.
            End(flow, FlowEnd.PeerClosed);
            return false;
        }

        flow.Rest = bytes[Math.Max(0, sent)..].ToArray();
        flow.FullSince = Stopwatch.GetTimestamp();
        _full[flow.Key] = flow;
        FanOutMeter.Full.Add(1);
        return false;
    }

    private void Hear(SocketNews news)
    {
        if (!_known.TryGetValue(news.Key, out var flow))
        {
            return;
        }

        if (news.HasEnded)
        {
            // At once: whoever closes the socket waits for it.
            End(flow, FlowEnd.PeerClosed);
        }
        else if (_full.Remove(news.Key))
        {
            flow.FullSince = 0;
            Pump(flow);
        }
    }

    private void LetSlowOnesGo(long now)
    {
        foreach (var flow in _full.Values.Where(flow => Stopwatch.GetElapsedTime(flow.FullSince, now) > flow.Policy.WriteTimeout).ToList())
        {
            End(flow, FlowEnd.TooSlow);
        }
    }

    private void Take(Flow flow)
    {
        if (_stopping)
        {
            flow.Cancel();
            return;
        }

        var name = (flow.Feed.Log, flow.Feed.Form);
        if (!_groups.TryGetValue(name, out var group))
        {
            group = _groups[name] = new FlowGroup(this, flow.Feed.Log, flow.Feed.Form);
            flow.Feed.Log.Subscribe(group);
        }

        flow.Key = ++_keys;
        group.Add(flow);
        try
        {
            _readiness.Watch(flow.Descriptor, flow.Key);
        }
        catch (Win32Exception fault)
        {
            Leave(flow);
            flow.Fail(fault);
            return;
        }

        _known[flow.Key] = flow;
        Pump(flow);
    }

    private void End(Flow flow, FlowEnd end)
    {
        Leave(flow);
        flow.Finish(end);
    }

    private void Leave(Flow flow)
    {
        Interlocked.Decrement(ref _flows);
        _full.Remove(flow.Key);
        if (_known.Remove(flow.Key))
        {
            _readiness.Forget(flow.Descriptor);
        }

        if (flow.Group is { } group)
        {
            group.Remove(flow);
            if (group.Flows.Count == 0)
            {
                _groups.Remove((group.Log, group.Form));
                group.Log.Unsubscribe(group);
            }
        }
    }
}
