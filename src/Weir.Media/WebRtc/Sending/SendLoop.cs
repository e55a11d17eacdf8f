using System.Collections.Concurrent;
using Weir.Media.Broadcasting;
using Weir.Media.WebRtc.Transport;

namespace Weir.Media.WebRtc.Sending;

/// <summary>
/// One thread that sends to its share of the viewers: it wakes when a timeline grows or a pace is due, and what it sends in one round leaves together. A
/// viewer costs no thread, no timer and no queue.
/// </summary>
internal sealed class SendLoop : IDisposable
{
    private readonly RtcEndpoint _endpoint;
    private readonly Action<Exception> _onFault;
    private readonly RtcBatch _batch;
    private readonly Thread _thread;
    private readonly AutoResetEvent _wake = new(initialState: false);
    private readonly ConcurrentQueue<Action> _orders = new();
    private readonly ConcurrentQueue<SendGroup> _news = new();
    private readonly Dictionary<ILog, SendGroup> _groups = [];
    private readonly HashSet<Sendee> _paced = [];
    private int _count;
    private volatile bool _stopping;

    public SendLoop(RtcEndpoint endpoint, int number, Action<Exception> onFault)
    {
        (_endpoint, _onFault, _batch) = (endpoint, onFault, new RtcBatch(endpoint));
        _thread = new Thread(Run) { IsBackground = true, Name = $"whep {number}" };
        _thread.Start();
    }

    public int Count => Volatile.Read(ref _count);

    public void Add(Sendee viewer)
    {
        Interlocked.Increment(ref _count);
        Order(() => Take(viewer));
    }

    public void Remove(Sendee viewer) => Order(() => Leave(viewer));

    public void Look(SendGroup group)
    {
        _news.Enqueue(group);
        _wake.Set();
    }

    public void Dispose()
    {
        _stopping = true;
        _wake.Set();
        _thread.Join();
        _wake.Dispose();
    }

    private void Order(Action order)
    {
        _orders.Enqueue(order);
        _wake.Set();
    }

    private void Run()
    {
        while (!_stopping)
        {
            while (_orders.TryDequeue(out var order))
            {
                order();
            }

            var now = _endpoint.Now;
            while (_news.TryDequeue(out var group))
            {
                group.TakeNews();
                for (var i = group.Viewers.Count - 1; i >= 0; i--)
                {
                    Pump(group.Viewers[i], now);
                }
            }

            if (_paced.Count > 0)
            {
                foreach (var viewer in _paced.Where(viewer => viewer.Due <= now).ToList())
                {
                    Pump(viewer, now);
                }
            }

            _batch.Flush();
            if (_news.IsEmpty && _orders.IsEmpty)
            {
                _wake.WaitOne(Patience());
            }
        }
    }

    /// <summary>Milliseconds until a pace is due.</summary>
    private int Patience()
    {
        if (_paced.Count == 0)
        {
            return Timeout.Infinite;
        }

        var wait = _paced.Min(viewer => viewer.Due) - _endpoint.Now;
        return wait <= 0 ? 0 : (int)((wait + 999) / 1000);
    }

    private void Pump(Sendee viewer, long now)
    {
        try
        {
            viewer.Due = viewer.Session.Pump(viewer.Output!, now);
        }
        catch (Exception fault)
        {
            // A fault of our own in one session must not take the other viewers along.
            _onFault(fault);
            Leave(viewer);
            viewer.Finish(WhepEnd.Ended);
            return;
        }

        if (viewer.Due == WhepSession.Never)
        {
            _paced.Remove(viewer);
        }
        else
        {
            _paced.Add(viewer);
        }

        if (viewer.Session.End != WhepEnd.None)
        {
            Leave(viewer);
            viewer.Finish(viewer.Session.End);
        }
    }

    private void Take(Sendee viewer)
    {
        if (!_groups.TryGetValue(viewer.Log, out var group))
        {
            group = _groups[viewer.Log] = new SendGroup(this, viewer.Log);
            viewer.Log.Subscribe(group);
        }

        viewer.Group = group;
        viewer.Output = new BatchOutput(viewer.Peer, _batch);
        group.Viewers.Add(viewer);
        Pump(viewer, _endpoint.Now);
    }

    private void Leave(Sendee viewer)
    {
        _paced.Remove(viewer);
        if (viewer.Group is not { } group)
        {
            return;
        }

        viewer.Group = null;
        Interlocked.Decrement(ref _count);
        group.Viewers.Remove(viewer);
        if (group.Viewers.Count == 0)
        {
            _groups.Remove(group.Log);
            group.Log.Unsubscribe(group);
        }
    }
}
