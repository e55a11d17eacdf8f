using System.Net.WebSockets;

namespace Weir.Media.WebSockets;

/// <summary>
/// What concerns one viewer alone, handed from the receiver and the host to the sender. States, not a queue, so that
/// nothing of weight can be dropped; only answers to a flood of comments can (<see cref="MostRefusals"/>).
/// </summary>
internal sealed class Mailbox
{
    private const int MostRefusals = 16;
    private readonly Lock _lock = new();
    private readonly Queue<RefusedMessage> _refusals = new();
    private TaskCompletionSource _news = NewSignal();
    private bool? _muted;
    private bool _changed;

    /// <summary>Called with every change, from any thread; set before anything can change.</summary>
    public Action? OnNews { get; set; }

    /// <summary>The viewer's side is closed or broken.</summary>
    public bool Left { get; private set; }

    /// <summary>Why the viewer must go, when it is for something they sent.</summary>
    public (WebSocketCloseStatus Code, string Reason)? Fault { get; private set; }

    public Task News
    {
        get
        {
            lock (_lock)
            {
                return _news.Task;
            }
        }
    }

    public void SetMuted(bool muted) => Change(() => _muted = muted);

    public void Leave() => Change(() => Left = true);

    /// <summary>Something the sender looks at by itself has changed.</summary>
    public void Nudge() => Change(static () => { });

    public void Fail(WebSocketCloseStatus code, string reason) => Change(() => Fault ??= (code, reason));

    public void Refuse(RefusedMessage refusal) => Change(() =>
    {
        if (_refusals.Count < MostRefusals)
        {
            _refusals.Enqueue(refusal);
        }
    });

    /// <summary>Takes the messages that wait, and arms <see cref="News"/> anew.</summary>
    public void Take(List<byte[]> messages)
    {
        // Asked before every write to every viewer.
        if (!Volatile.Read(ref _changed))
        {
            return;
        }

        lock (_lock)
        {
            _changed = false;
            if (_news.Task.IsCompleted)
            {
                _news = NewSignal();
            }

            if (_muted is { } muted)
            {
                messages.Add(WatchJson.Bytes(new MutedMessage("muted", muted)));
                _muted = null;
            }

            while (_refusals.TryDequeue(out var refusal))
            {
                messages.Add(WatchJson.Bytes(refusal));
            }
        }
    }

    private void Change(Action change)
    {
        lock (_lock)
        {
            change();
            _changed = true;
            _news.TrySetResult();
        }

        OnNews?.Invoke();
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
