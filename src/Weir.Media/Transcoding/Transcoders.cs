using System.Diagnostics.Metrics;
using Weir.Media.Broadcasting;

namespace Weir.Media.Transcoding;

/// <summary>
/// The transcoding program of a node, and how many of its processes run at once: so many for the broadcasts of one host, so many in all.
/// Nobody waits for a place: a broadcast that finds none has no transcoded sound, and tries again later.
/// </summary>
/// <param name="program">Null where there is none.</param>
public sealed class Transcoders(FfmpegProgram? program, int most = Transcoders.Most, int mostOfHost = Transcoders.MostOfHost)
{
    /// <summary>Processes of all broadcasts; each takes some 40 MB and a few percent of a core.</summary>
    public const int Most = 32;

    /// <summary>Those of one host, so that nobody's broadcasts take the sound of all others.</summary>
    public const int MostOfHost = 4;

    private static readonly Counter<long> Refused = new Meter(MediaMeter.Name).CreateCounter<long>(
        "weir_transcoding_refused", description: "Processes that were not started, because as many as may were running");

    private readonly Lock _lock = new();
    private readonly Dictionary<Guid, int> _ofHost = [];
    private int _all;

    public FfmpegProgram? Program => program;

    /// <summary>Whether a process could be started now for a broadcast of this host.</summary>
    public bool HasPlace(Guid host)
    {
        lock (_lock)
        {
            return program is not null && _all < most && _ofHost.GetValueOrDefault(host) < mostOfHost;
        }
    }

    /// <summary>A place for one process until it is disposed; null where none is free, which is counted.</summary>
    internal IDisposable? TryEnter(Guid host)
    {
        lock (_lock)
        {
            var mine = _ofHost.GetValueOrDefault(host);
            if (_all < most && mine < mostOfHost)
            {
                _all++;
                _ofHost[host] = mine + 1;
                return new Place(this, host);
            }
        }

        Refused.Add(1);
        return null;
    }

    private void Leave(Guid host)
    {
        lock (_lock)
        {
            _all--;
            var mine = _ofHost[host] - 1;
            if (mine == 0)
            {
                _ofHost.Remove(host);
            }
            else
            {
                _ofHost[host] = mine;
            }
        }
    }

    private sealed class Place(Transcoders transcoders, Guid host) : IDisposable
    {
        private bool _left;

        public void Dispose()
        {
            if (!Interlocked.Exchange(ref _left, true))
            {
                transcoders.Leave(host);
            }
        }
    }
}
