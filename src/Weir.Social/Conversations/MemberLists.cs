using System.Collections.Frozen;

namespace Weir.Social.Conversations;

/// <summary>
/// Who is in the conversations that are talked in now, each list with the version at which it was read. The writer compares versions inside its transaction,
/// so an old list is never believed. Memory is bounded as in the limiters: two generations of at most <paramref name="capacity"/> members each.
/// </summary>
internal sealed class MemberLists(int capacity = 100_000)
{
    private readonly Lock _lock = new();
    private Dictionary<Guid, Members> _young = [];
    private Dictionary<Guid, Members> _old = [];
    private int _size;

    internal sealed record Members(int Version, FrozenSet<Guid> Accounts);

    public Members? Find(Guid conversation)
    {
        lock (_lock)
        {
            if (!_young.TryGetValue(conversation, out var members) && _old.Remove(conversation, out members))
            {
                Insert(conversation, members);
            }

            return members;
        }
    }

    public void Put(Guid conversation, Members members)
    {
        lock (_lock)
        {
            Remove(conversation);
            Insert(conversation, members);
        }
    }

    /// <summary>Somebody came or went.</summary>
    public void Forget(Guid conversation)
    {
        lock (_lock)
        {
            Remove(conversation);
        }
    }

    private void Insert(Guid conversation, Members members)
    {
        if (_size >= capacity)
        {
            (_old, _young, _size) = (_young, [], 0);
        }

        _young[conversation] = members;
        _size += members.Accounts.Count;
    }

    private void Remove(Guid conversation)
    {
        _old.Remove(conversation);
        if (_young.Remove(conversation, out var members))
        {
            _size -= members.Accounts.Count;
        }
    }
}
