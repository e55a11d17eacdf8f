using System.Diagnostics;
using Weir.Bench.Servers;

namespace Weir.Bench.Messages;

internal sealed record Figures(double PerSecond, Samples Acknowledged, Samples Delivered, double ServerMicroseconds, double LoadMicroseconds);

/// <summary>Sends for a while and measures.</summary>
internal sealed class Rounds
{
    private readonly Reactor _reactor;
    private readonly WeirServer _weir;
    private readonly IReadOnlyList<(Seat Writer, string Reader)> _pairs;
    private readonly CancellationToken _cancellation;
    private readonly List<Sender> _senders = [];
    private readonly List<Listener> _listeners = [];
    private readonly Stack<Sender> _free = new();
    private readonly Queue<long> _late = new();
    private Samples _acknowledged = new();
    private Samples _delivered = new();
    private bool _closed;

    public Rounds(Reactor reactor, WeirServer weir, IReadOnlyList<(Seat Writer, string Reader)> pairs, int connections, CancellationToken cancellation)
    {
        _reactor = reactor;
        _weir = weir;
        _pairs = pairs;
        _cancellation = cancellation;
        for (var i = 0; i < connections; i++)
        {
            var sender = new Sender(weir.Url.Port, pairs[i % pairs.Count].Writer, (i + 1) * 1_000_000_000L, Done);
            _senders.Add(sender);
            _free.Push(sender);
            reactor.Add(sender);
        }
    }

    /// <summary>The friends connect.</summary>
    public void Listen()
    {
        foreach (var (_, reader) in _pairs)
        {
            var listener = new Listener(_weir.Url.Port, reader, took => _delivered.Add(Milliseconds(took)));
            _listeners.Add(listener);
            _reactor.Add(listener);
        }

        while (!_listeners.TrueForAll(listener => listener.IsOpen))
        {
            _reactor.Turn(10);
        }
    }

    /// <summary>Every connection sends its next message as soon as the last is acknowledged.</summary>
    public Figures Closed(TimeSpan duration) => Measure(duration, until =>
    {
        _closed = true;
        while (_free.TryPop(out var sender))
        {
            sender.Begin(Stopwatch.GetTimestamp());
        }

        while (Stopwatch.GetTimestamp() < until)
        {
            _cancellation.ThrowIfCancellationRequested();
            _reactor.Turn(10);
        }

        _closed = false;
    });

    /// <summary>So many a second, at even intervals, whatever becomes of them.</summary>
    /// <param name="beside">What else is to be done now, again and again.</param>
    public Figures Open(double perSecond, TimeSpan duration, Action<long>? beside = null) => Measure(duration, until =>
    {
        var interval = Stopwatch.Frequency / perSecond;
        double next = Stopwatch.GetTimestamp();
        for (long now; (now = Stopwatch.GetTimestamp()) < until;)
        {
            _cancellation.ThrowIfCancellationRequested();
            for (; next <= now; next += interval)
            {
                _late.Enqueue((long)next);
            }

            while (_late.Count > 0 && _free.TryPop(out var sender))
            {
                sender.Begin(_late.Dequeue());
            }

            beside?.Invoke(now);
            _reactor.Turn(1);
        }
    });

    private Figures Measure(TimeSpan duration, Action<long> load)
    {
        (_acknowledged, _delivered) = (new Samples(), new Samples());
        var cpu = ProcessFigures.CpuSeconds(_weir.SocialProcess);
        var own = ProcessFigures.CpuSeconds(Environment.ProcessId);
        var began = Stopwatch.GetTimestamp();
        load(began + (long)(duration.TotalSeconds * Stopwatch.Frequency));
        // What is under way is waited for, so that nothing that is slow is left out.
        while (_free.Count < _senders.Count || _late.Count > 0)
        {
            while (_late.Count > 0 && _free.TryPop(out var sender))
            {
                sender.Begin(_late.Dequeue());
            }

            _cancellation.ThrowIfCancellationRequested();
            _reactor.Turn(10);
        }

        var seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        var heard = Stopwatch.StartNew();
        while (_listeners.Count > 0 && _delivered.Count < _acknowledged.Count && heard.Elapsed < TimeSpan.FromSeconds(5))
        {
            _reactor.Turn(10);
        }

        if (_listeners.Count > 0 && _delivered.Count != _acknowledged.Count)
        {
            throw new CannotMeasureException($"{_acknowledged.Count} messages were acknowledged and {_delivered.Count} delivered.");
        }

        double Each(double before, int process) => (ProcessFigures.CpuSeconds(process) - before) * 1e6 / _acknowledged.Count;
        return new Figures(_acknowledged.Count / seconds, _acknowledged, _delivered, Each(cpu, _weir.SocialProcess), Each(own, Environment.ProcessId));
    }

    private void Done(Sender sender, long took)
    {
        _acknowledged.Add(Milliseconds(took));
        if (_closed)
        {
            sender.Begin(Stopwatch.GetTimestamp());
        }
        else
        {
            _free.Push(sender);
        }
    }

    private static double Milliseconds(long ticks) => ticks * 1000.0 / Stopwatch.Frequency;
}
