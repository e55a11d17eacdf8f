using System.Net.Sockets;

namespace Weir.Media.Broadcasting.FanOut;

public enum FlowEnd
{
    /// <summary>Everything was handed to the kernel.</summary>
    Ended,
    PeerClosed,
    TooSlow,
}

/// <summary>One viewer's socket in a sender's care. Its sender's thread alone touches it, but for <see cref="Nudge"/>.</summary>
internal sealed class Flow
{
    private readonly SafeSocketHandle _handle;
    private readonly TaskCompletionSource<FlowEnd> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _nudged;

    public Flow(Feed feed, Socket socket, LagPolicy policy, Sender sender)
    {
        Feed = feed;
        Policy = policy;
        Sender = sender;
        _handle = socket.SafeHandle;
        // The number must not become another connection's while this one is still sent to. Whoever closes the socket waits until it is given back, which
        // the sender does as soon as the connection has ended.
        var kept = false;
        _handle.DangerousAddRef(ref kept);
        Descriptor = (int)_handle.DangerousGetHandle();
    }

    public Feed Feed { get; }

    public LagPolicy Policy { get; }

    public Sender Sender { get; }

    public int Descriptor { get; }

    /// <summary>Names it in the sender's readiness queue; never used twice.</summary>
    public long Key { get; set; }

    public FlowGroup? Group { get; set; }

    /// <summary>Its place in the group.</summary>
    public int Place { get; set; }

    /// <summary>Bytes that the kernel had no room for, a copy of its own.</summary>
    public ReadOnlyMemory<byte> Rest { get; set; }

    /// <summary>When the kernel's buffer was found full; 0 while it is not.</summary>
    public long FullSince { get; set; }

    public bool IsFull => FullSince != 0;

    public bool IsGone { get; private set; }

    /// <summary>Everything that a viewer begins with is with the kernel; what comes from now on is news.</summary>
    public bool HasCaughtUp { get; set; }

    /// <summary>The kernel may keep what is small until what is on its way has arrived.</summary>
    public bool Merges { get; set; }

    public Task<FlowEnd> Done => _done.Task;

    /// <summary>There is something for this viewer alone; from any thread.</summary>
    public void Nudge()
    {
        if (Interlocked.Exchange(ref _nudged, 1) == 0)
        {
            Sender.Look(this);
        }
    }

    /// <summary>Before the feed is looked at. A full fence: who adds something from here on nudges again, who did before is seen.</summary>
    public void TakeNudge() => Interlocked.Exchange(ref _nudged, 0);

    /// <summary>Lets go of the socket. Nothing is sent after it.</summary>
    public void Finish(FlowEnd end)
    {
        IsGone = true;
        _handle.DangerousRelease();
        _done.TrySetResult(end);
    }

    public void Fail(Exception fault)
    {
        IsGone = true;
        _handle.DangerousRelease();
        _done.TrySetException(fault);
    }

    public void Cancel()
    {
        IsGone = true;
        _handle.DangerousRelease();
        _done.TrySetCanceled(CancellationToken.None);
    }
}

/// <summary>A sender's viewers of one log in one wire form: woken together, sharing their bytes.</summary>
internal sealed class FlowGroup(Sender sender, ILog log, object form) : ILogListener
{
    private int _waiting;

    public ILog Log => log;

    public object Form => form;

    public List<Flow> Flows { get; } = [];

    public Batch Batch { get; } = new();

    /// <summary>When the oldest entry that was not sent yet came, in time stamps of <see cref="System.Diagnostics.Stopwatch"/>.</summary>
    public long Since { get; private set; }

    public void OnAppended()
    {
        if (Interlocked.Exchange(ref _waiting, 1) == 0)
        {
            Since = System.Diagnostics.Stopwatch.GetTimestamp();
            sender.Look(this);
        }
    }

    /// <summary>Before its viewers look at the log: what comes after that is the next round's.</summary>
    public void TakeNews() => Interlocked.Exchange(ref _waiting, 0);

    public void Add(Flow flow)
    {
        flow.Group = this;
        flow.Place = Flows.Count;
        Flows.Add(flow);
    }

    public void Remove(Flow flow)
    {
        var last = Flows[^1];
        Flows[flow.Place] = last;
        last.Place = flow.Place;
        Flows.RemoveAt(Flows.Count - 1);
        flow.Group = null;
    }
}
