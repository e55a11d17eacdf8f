using System.Text.Json;

namespace Weir.Media.Broadcasting;

public enum CommentOutcome
{
    Taken,

    /// <summary>Too many in a short time; <see cref="CommentResult.RetryAfter"/> says when again.</summary>
    Rate,
    Muted,

    /// <summary>Nothing to see, or longer than <see cref="CommentRoom.MaxLength"/>.</summary>
    Length,
    NotAllowed,
    Ended,
}

public readonly record struct CommentResult(CommentOutcome Outcome, TimeSpan RetryAfter = default);

/// <summary>Who writes: an account of the social plane, as its ticket names it.</summary>
public readonly record struct Commenter(Guid Account, string Name, bool IsHost, bool MayComment);

/// <summary>
/// The comments of one running broadcast: admits them into the timeline, remembers the latest for those who join, and
/// takes them off again.
/// </summary>
/// <param name="readable">What of a comment is shown: the rule for texts of whoever runs the room. Null refuses it.</param>
public sealed class CommentRoom(Timeline timeline, TimeProvider clock, Func<string, string?> readable)
{
    /// <summary>UTF-16 code units.</summary>
    public const int MaxLength = 500;
    private const int Remembered = 50;
    private const int RememberedClientIds = 4096;

    /// <summary>Comments of one account in <see cref="BurstWindow"/>, however often it connects.</summary>
    public const int Burst = 5;

    /// <summary>The same of the host.</summary>
    public const int HostBurst = 50;
    private static readonly TimeSpan BurstWindow = TimeSpan.FromSeconds(10);

    private readonly Lock _lock = new();
    private readonly LinkedList<(CommentEvent Comment, TimelineEvent Event)> _latest = new();
    private readonly Dictionary<(Guid, string), string> _clientIds = [];
    private readonly Queue<(Guid, string)> _clientIdOrder = new();
    private readonly Dictionary<string, Guid> _authors = [];
    private readonly Queue<string> _authorOrder = new();
    private readonly Dictionary<Guid, Queue<long>> _recent = [];
    private HashSet<Guid> _muted = [];
    private IReadOnlyDictionary<Guid, string> _names = new Dictionary<Guid, string>();

    /// <summary>Comments taken so far.</summary>
    public int Count { get; private set; }

    /// <summary>Replaces the list of muted accounts; returns those whose state changed.</summary>
    public IReadOnlyList<(Guid Account, bool Muted)> SetMuted(IEnumerable<Guid> accounts)
    {
        lock (_lock)
        {
            var before = _muted;
            _muted = [.. accounts];
            return [.. _muted.Except(before).Select(a => (a, true)), .. before.Except(_muted).Select(a => (a, false))];
        }
    }

    public bool IsMuted(Guid account)
    {
        lock (_lock)
        {
            return _muted.Contains(account);
        }
    }

    /// <summary>Comments for somebody who joins, oldest first.</summary>
    public IReadOnlyList<TimelineEvent> Latest()
    {
        lock (_lock)
        {
            return [.. _latest.Select(entry => entry.Event)];
        }
    }

    /// <summary>Accounts that are called otherwise from now on than when they wrote.</summary>
    public void SetNames(IReadOnlyDictionary<Guid, string> names)
    {
        lock (_lock)
        {
            _names = names;
        }
    }

    /// <summary>What somebody who joins is shown of one of the latest: its author is called what they are called now.</summary>
    public ReadOnlyMemory<byte> Shown(TimelineEvent comment)
    {
        lock (_lock)
        {
            if (_names.Count > 0
                && _latest.FirstOrDefault(entry => ReferenceEquals(entry.Event, comment)).Comment is { } said
                && Guid.TryParse(said.Account, out var account)
                && _names.TryGetValue(account, out var name))
            {
                return JsonSerializer.SerializeToUtf8Bytes(said with { Name = name }, EventJson.Default.CommentEvent);
            }

            return comment.Json;
        }
    }

    /// <summary>One of the latest; null when it is older, deleted or unknown.</summary>
    public CommentEvent? Find(string id)
    {
        lock (_lock)
        {
            return _latest.Select(entry => entry.Comment).FirstOrDefault(comment => comment.Id == id);
        }
    }

    /// <param name="atMs">Media time its author was seeing; kept within the last minute of the broadcast.</param>
    public CommentResult Post(Commenter by, string? clientId, string written, long? atMs)
    {
        if (!by.MayComment)
        {
            return new(CommentOutcome.NotAllowed);
        }

        if (readable(written) is not { Length: > 0 and <= MaxLength } text || clientId?.Length > 64)
        {
            return new(CommentOutcome.Length);
        }

        lock (_lock)
        {
            if (_muted.Contains(by.Account))
            {
                return new(CommentOutcome.Muted);
            }

            if (clientId is not null && _clientIds.ContainsKey((by.Account, clientId)))
            {
                // The first answer was lost on the way; the comment is in the timeline already.
                return new(CommentOutcome.Taken);
            }

            if (Throttled(by.Account, by.IsHost ? HostBurst : Burst) is { } wait)
            {
                return new(CommentOutcome.Rate, wait);
            }

            return new(Append(by, clientId, text, atMs) ? CommentOutcome.Taken : CommentOutcome.Ended);
        }
    }

    /// <summary>Takes a comment off. False when it is unknown or <paramref name="by"/> is neither host nor its author.</summary>
    public bool Delete(string id, Guid by, bool isHost)
    {
        lock (_lock)
        {
            if (!_authors.TryGetValue(id, out var author) || (author != by && !isHost))
            {
                return false;
            }

            for (var node = _latest.First; node is not null; node = node.Next)
            {
                if (node.Value.Comment.Id == id)
                {
                    _latest.Remove(node);
                    break;
                }
            }

            _authors.Remove(id);
            return AppendDeleted(id, recorded: true);
        }
    }

    /// <summary>Tells viewers that a comment the room no longer remembers is gone from the recording.</summary>
    public void Announce(string deleted) => AppendDeleted(deleted, recorded: false);

    private bool AppendDeleted(string id, bool recorded)
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(new DeletedEvent("deleted", id), EventJson.Default.DeletedEvent);
        return timeline.AppendEvent(_ => new TimelineEvent("deleted", json) { Recorded = recorded }) is not null;
    }

    private bool Append(Commenter by, string? clientId, string text, long? atMs)
    {
        var id = Guid.CreateVersion7(clock.GetUtcNow()).ToString("N");
        TimelineEvent? happened = null;
        CommentEvent? comment = null;
        var appended = timeline.AppendEvent(edge =>
        {
            var edgeMs = edge / 1000;
            var at = Math.Clamp(atMs ?? edgeMs, Math.Max(0, edgeMs - 60_000), edgeMs);
            comment = new CommentEvent(
                "comment", id, clientId, by.Account.ToString("N"), by.Name, by.IsHost, text, at, clock.GetUtcNow());
            happened = new TimelineEvent("comment", JsonSerializer.SerializeToUtf8Bytes(comment, EventJson.Default.CommentEvent))
            {
                Recorded = true,
                Droppable = true,
            };
            return happened;
        });
        if (appended is null)
        {
            return false;
        }

        Count++;
        Remember((comment!, happened!), by.Account, clientId);
        return true;
    }

    private void Remember((CommentEvent Comment, TimelineEvent Event) entry, Guid account, string? clientId)
    {
        _latest.AddLast(entry);
        if (_latest.Count > Remembered)
        {
            _latest.RemoveFirst();
        }

        // Authors of older comments are forgotten here; the recording still knows them.
        _authors[entry.Comment.Id] = account;
        _authorOrder.Enqueue(entry.Comment.Id);
        if (_authorOrder.Count > RememberedClientIds)
        {
            _authors.Remove(_authorOrder.Dequeue());
        }

        if (clientId is not null)
        {
            _clientIds[(account, clientId)] = entry.Comment.Id;
            _clientIdOrder.Enqueue((account, clientId));
            if (_clientIdOrder.Count > RememberedClientIds)
            {
                _clientIds.Remove(_clientIdOrder.Dequeue());
            }
        }
    }

    private TimeSpan? Throttled(Guid account, int burst)
    {
        var now = clock.GetTimestamp();
        if (!_recent.TryGetValue(account, out var times))
        {
            if (_recent.Count > RememberedClientIds)
            {
                ForgetQuiet();
            }

            _recent[account] = times = new Queue<long>(burst);
        }

        while (times.TryPeek(out var oldest) && clock.GetElapsedTime(oldest, now) >= BurstWindow)
        {
            times.Dequeue();
        }

        if (times.Count >= burst)
        {
            return BurstWindow - clock.GetElapsedTime(times.Peek(), now);
        }

        times.Enqueue(now);
        return null;
    }

    private void ForgetQuiet()
    {
        foreach (var (account, times) in _recent.ToArray())
        {
            if (times.All(time => clock.GetElapsedTime(time) >= BurstWindow))
            {
                _recent.Remove(account);
            }
        }
    }
}
