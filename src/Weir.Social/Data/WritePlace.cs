namespace Weir.Social.Data;

/// <summary>
/// The place in a lane of a writer that takes one turn for many. While more waits for the writer it queues for its next turn before it
/// gives this one back: otherwise its lane would be empty whenever the gate chooses, and the lanes behind it have the turns in between.
/// </summary>
internal sealed class WritePlace(WriteGate gate, WriteLane lane, Func<bool> more) : IAsyncDisposable
{
    private Task<IDisposable>? _next;

    /// <summary>Waits for a turn. Disposing the result ends it.</summary>
    public async Task<IDisposable> EnterAsync()
    {
        var entering = _next ?? gate.EnterAsync(CancellationToken.None, lane);
        _next = null;
        return new Turn(this, await entering);
    }

    /// <summary>Gives the place up.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_next is { } next)
        {
            (await next).Dispose();
        }
    }

    private void End(IDisposable turn)
    {
        _next = more() ? gate.EnterAsync(CancellationToken.None, lane) : null;
        turn.Dispose();
    }

    private sealed class Turn(WritePlace place, IDisposable turn) : IDisposable
    {
        public void Dispose() => place.End(turn);
    }
}
