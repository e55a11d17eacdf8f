using System.Diagnostics.Tracing;
using Microsoft.Diagnostics.NETCore.Client;
using Microsoft.Diagnostics.Tracing;
using Microsoft.Diagnostics.Tracing.Parsers;
using Microsoft.Diagnostics.Tracing.Parsers.Clr;

namespace Weir.Bench.Runtime;

/// <summary>One time that all threads of a process stood still for its garbage collector.</summary>
/// <param name="Generation">What was collected; 2 also for the pauses of a collection that goes on beside the program.</param>
/// <param name="Stopping">Milliseconds of it until all threads stood.</param>
internal sealed record Pause(int Generation, double Milliseconds, double Stopping);

internal sealed record Collections(int Generation0, int Generation1, int Generation2, IReadOnlyList<Pause> Pauses);

/// <summary>The garbage collector of another process, from outside: its own events, through the runtime's diagnostics port.</summary>
internal sealed class PauseWatch : IDisposable
{
    private readonly EventPipeSession _session;
    private readonly EventPipeEventSource _source;
    private readonly Task _reading;
    private readonly List<Pause> _pauses = [];
    private readonly int[] _collections = new int[3];
    private double _since = double.NaN;
    private double _stopped;
    private int _generation = -1;
    private bool _concurrent;

    private PauseWatch(int process)
    {
        _session = new DiagnosticsClient(process).StartEventPipeSession(
            [new EventPipeProvider(ClrTraceEventParser.ProviderName, EventLevel.Informational, (long)ClrTraceEventParser.Keywords.GC)], requestRundown: false);
        // It waits for the stream's first bytes.
        _source = new EventPipeEventSource(_session.EventStream);
        _source.Clr.GCSuspendEEStart += Suspend;
        _source.Clr.GCSuspendEEStop += data => _stopped = data.TimeStampRelativeMSec;
        _source.Clr.GCStart += Begin;
        _source.Clr.GCStop += End;
        _source.Clr.GCRestartEEStop += Resume;
        _reading = Task.Run(_source.Process);
    }

    public static Task<PauseWatch> StartAsync(int process) => Task.Run(() => new PauseWatch(process));

    public async Task<Collections> StopAsync()
    {
        await Task.Run(_session.Stop);
        await _reading;
        return new Collections(_collections[0], _collections[1], _collections[2], _pauses);
    }

    public void Dispose()
    {
        _source.Dispose();
        _session.Dispose();
    }

    private void Suspend(GCSuspendEETraceData data)
    {
        // Threads are also stopped for other things than collections, such as swapping code.
        var forCollection = data.Reason is GCSuspendEEReason.SuspendForGC or GCSuspendEEReason.SuspendForGCPrep;
        _since = forCollection ? data.TimeStampRelativeMSec : double.NaN;
        _generation = -1;
    }

    private void Begin(GCStartTraceData data)
    {
        _collections[Math.Clamp(data.Depth, 0, 2)]++;
        _generation = Math.Max(_generation, data.Depth);
        _concurrent |= data.Type == GCType.BackgroundGC;
    }

    private void End(GCEndTraceData data) => _concurrent &= data.Depth < 2;

    private void Resume(GCNoUserDataTraceData data)
    {
        if (!double.IsNaN(_since))
        {
            // A pause in which nothing began belongs to the one that goes on beside the program.
            _pauses.Add(new Pause(_generation >= 0 ? _generation : _concurrent ? 2 : 0, data.TimeStampRelativeMSec - _since, _stopped - _since));
            _since = double.NaN;
        }
    }
}
