using System.Diagnostics.CodeAnalysis;
using Google.Protobuf;
using Weir.Contracts.Planes;

namespace Weir.Live.Planes;

/// <summary>
/// What the social plane has not acknowledged yet. It holds the latest state of each broadcast, not a history, so it is
/// bounded by the number of broadcasts however long the social plane is away.
/// </summary>
internal sealed class ReportQueue
{
    private readonly Lock _lock = new();
    private readonly Dictionary<ByteString, Entry> _latest = [];
    private readonly Dictionary<ByteString, Presence> _presence = [];
    private readonly SemaphoreSlim _signal = new(0, 1);
    private ulong _sequence;
    private ulong? _acknowledge;
    private long _lastRevision;

    /// <summary>Puts the new state of a broadcast in place of the older one, with a revision above every earlier one.</summary>
    public void Put(BroadcastReport report)
    {
        lock (_lock)
        {
            _lastRevision = Math.Max(report.Revision, _lastRevision + 1);
            report.Revision = _lastRevision;
            _latest[report.Broadcast] = new Entry(report, SentAs: 0);
        }

        Signal();
    }

    public void Put(Presence presence)
    {
        lock (_lock)
        {
            _presence[presence.Broadcast] = presence;
        }

        Signal();
    }

    /// <summary>Acknowledges a command; only the newest matters.</summary>
    public void Acknowledge(ulong sequence)
    {
        lock (_lock)
        {
            _acknowledge = sequence;
        }

        Signal();
    }

    /// <summary>A new connection: numbers start again and everything unacknowledged is sent again.</summary>
    public void Restart()
    {
        lock (_lock)
        {
            _sequence = 0;
            _acknowledge = null;
            foreach (var (broadcast, entry) in _latest.ToArray())
            {
                _latest[broadcast] = entry with { SentAs = 0 };
            }
        }

        Signal();
    }

    /// <summary>The social plane has everything up to <paramref name="sequence"/>.</summary>
    public void Acknowledged(ulong sequence)
    {
        lock (_lock)
        {
            foreach (var (broadcast, entry) in _latest.ToArray())
            {
                if (entry.SentAs != 0 && entry.SentAs <= sequence)
                {
                    _latest.Remove(broadcast);
                }
            }
        }
    }

    public ulong NextSequence()
    {
        lock (_lock)
        {
            return ++_sequence;
        }
    }

    /// <summary>The next message to send, or false when all is said.</summary>
    public bool TryTake([NotNullWhen(true)] out Report? report)
    {
        lock (_lock)
        {
            report = null;
            foreach (var (broadcast, entry) in _latest)
            {
                if (entry.SentAs == 0)
                {
                    report = new Report { Sequence = ++_sequence, Broadcast = entry.Report };
                    _latest[broadcast] = entry with { SentAs = _sequence };
                    return true;
                }
            }

            foreach (var (broadcast, presence) in _presence)
            {
                _presence.Remove(broadcast);
                report = new Report { Sequence = ++_sequence, Presence = presence };
                return true;
            }

            if (_acknowledge is { } acknowledge)
            {
                _acknowledge = null;
                report = new Report { Sequence = ++_sequence, Acknowledge = new Acknowledge { Sequence = acknowledge } };
                return true;
            }

            return false;
        }
    }

    public Task WaitAsync(CancellationToken cancellation) => _signal.WaitAsync(cancellation);

    private void Signal()
    {
        lock (_signal)
        {
            if (_signal.CurrentCount == 0)
            {
                _signal.Release();
            }
        }
    }

    private readonly record struct Entry(BroadcastReport Report, ulong SentAs);
}
