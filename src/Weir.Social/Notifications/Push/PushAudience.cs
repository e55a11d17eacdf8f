using System.Collections.Frozen;
using Microsoft.EntityFrameworkCore;
using Weir.Social.Data;

namespace Weir.Social.Notifications.Push;

/// <summary>Who has a browser that takes pushes: asked for every message, so it is kept in memory and read again every minute.</summary>
internal sealed class PushAudience(IServiceScopeFactory scopes)
{
    private readonly Lock _lock = new();
    private FrozenSet<Guid> _accounts = [];
    private HashSet<Guid> _added = [];

    public bool Contains(Guid account) => Volatile.Read(ref _accounts).Contains(account);

    public bool IsEmpty => Volatile.Read(ref _accounts).Count == 0;

    public void Add(Guid account)
    {
        lock (_lock)
        {
            _added.Add(account);
            _accounts = _accounts.Append(account).ToFrozenSet();
        }
    }

    public async Task ReadAsync(CancellationToken cancellation)
    {
        lock (_lock)
        {
            _added = [];
        }

        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<WeirDb>();
        var found = await (from subscription in db.PushSubscriptions join session in db.Sessions on subscription.SessionId equals session.Id select session.AccountId).Distinct().ToListAsync(cancellation);
        lock (_lock)
        {
            // Who came while we read.
            _accounts = found.Concat(_added).ToFrozenSet();
        }
    }
}
