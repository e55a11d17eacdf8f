using System.Threading.Channels;
using Weir.Social.Conversations;

namespace Weir.Social.Search;

/// <summary>Word to the indexer of what was written. It may be lost: what is in the database and not in the index is found without it, only later.</summary>
internal sealed class SearchSignal(SearchLimits limits, TimeProvider clock)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<Guid, Told> _told = [];
    private readonly Channel<bool> _wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private bool _lost;

    /// <summary>A name, a title or the like changed.</summary>
    public void Changed() => _wake.Writer.TryWrite(true);

    /// <summary>These conversations have new messages. The index takes them once they cannot be recalled any more, or earlier where they are many.</summary>
    public void Written(IEnumerable<Guid> conversations)
    {
        lock (_lock)
        {
            foreach (var conversation in conversations)
            {
                if (_told.TryGetValue(conversation, out var told))
                {
                    _told[conversation] = told with { Times = told.Times + 1 };
                }
                else if (_told.Count < limits.MostTold)
                {
                    _told.Add(conversation, new Told(clock.GetTimestamp(), 1));
                }
                else
                {
                    _lost = true;
                }
            }
        }
    }

    /// <summary>These were due and did not come to their turn.</summary>
    public void Again(IEnumerable<Guid> conversations)
    {
        lock (_lock)
        {
            foreach (var conversation in conversations)
            {
                _told[conversation] = new Told(null, 1);
            }
        }
    }

    /// <summary>Conversations that are due, at most so many; they are forgotten here.</summary>
    public List<Guid> TakeDue(int most)
    {
        lock (_lock)
        {
            var due = _told.Where(told => told.Value.Since is not { } since || clock.GetElapsedTime(since) >= Message.RecallLimit || told.Value.Times > limits.Waiting).Select(told => told.Key).Take(most).ToList();
            due.ForEach(conversation => _told.Remove(conversation));
            return due;
        }
    }

    /// <summary>There were too many to remember.</summary>
    public bool TakeLost()
    {
        lock (_lock)
        {
            return Interlocked.Exchange(ref _lost, false);
        }
    }

    /// <summary>Waits for <see cref="Changed"/>, at most so long.</summary>
    public async Task WaitAsync(TimeSpan most, CancellationToken cancellation)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var timer = Task.Delay(most, clock, over.Token);
        await Task.WhenAny(timer, _wake.Reader.WaitToReadAsync(over.Token).AsTask());
        await over.CancelAsync();
        _wake.Reader.TryRead(out _);
        cancellation.ThrowIfCancellationRequested();
    }

    /// <param name="Since">A <see cref="TimeProvider.GetTimestamp"/>, so that a clock that is set back holds nothing up; null when it is due.</param>
    private readonly record struct Told(long? Since, int Times);
}
