using System.Diagnostics.Tracing;
using Microsoft.Diagnostics.NETCore.Client;
using Microsoft.Diagnostics.Tracing;
using Microsoft.Diagnostics.Tracing.Parsers;
using Microsoft.Diagnostics.Tracing.Parsers.Clr;

namespace Weir.Bench.Runtime;

/// <summary>The objects of another process that live after a full collection, by type; without the gaps between them.</summary>
internal sealed record HeapSnapshot(long Bytes, IReadOnlyDictionary<string, long> ByType)
{
    private const int BufferMegabytes = 512;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    /// <summary>Stops the process for as long as it takes: never while something is measured.</summary>
    public static async Task<HeapSnapshot> TakeAsync(int process)
    {
        // What waits for its finalizer still lives in the first one.
        await TakeOnceAsync(process);
        return await TakeOnceAsync(process);
    }

    private static async Task<HeapSnapshot> TakeOnceAsync(int process)
    {
        // The keyword has the runtime collect, and say what it finds while it marks.
        using var session = new DiagnosticsClient(process).StartEventPipeSession(
            [new EventPipeProvider(ClrTraceEventParser.ProviderName, EventLevel.Verbose, (long)ClrTraceEventParser.Keywords.GCHeapSnapshot)],
            requestRundown: false, BufferMegabytes);
        var names = new Dictionary<ulong, string>();
        var sizes = new Dictionary<ulong, long>();
        var number = -1;
        var whole = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var source = await Task.Run(() => new EventPipeEventSource(session.EventStream));
        source.Clr.GCStart += data => number = number < 0 && data.Depth == 2 && data.Type == GCType.NonConcurrentGC ? data.Count : number;
        source.Clr.GCBulkNode += data =>
        {
            for (var i = 0; number >= 0 && i < data.Count; i++)
            {
                var node = data.Values(i);
                sizes[node.TypeID] = sizes.GetValueOrDefault(node.TypeID) + (long)node.Size;
            }
        };
        source.Clr.TypeBulkType += data =>
        {
            for (var i = 0; i < data.Count; i++)
            {
                var type = data.Values(i);
                names[type.TypeID] = type.TypeName;
            }
        };
        source.Clr.GCStop += data =>
        {
            if (data.Count == number)
            {
                whole.TrySetResult();
            }
        };
        var reading = Task.Run(source.Process);
        await whole.Task.WaitAsync(Limit);
        await Task.Run(session.Stop);
        await reading;
        return new HeapSnapshot(
            sizes.Values.Sum(),
            sizes.GroupBy(size => names.GetValueOrDefault(size.Key, "?"), size => size.Value).ToDictionary(type => type.Key, type => type.Sum()));
    }
}
