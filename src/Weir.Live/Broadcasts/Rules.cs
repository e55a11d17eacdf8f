using Weir.Contracts;
using Weir.Contracts.Planes;

namespace Weir.Live.Broadcasts;

/// <summary>What the social plane said of one broadcast, in the node's own terms. Immutable; a newer one replaces it.</summary>
public sealed class Rules
{
    private readonly Dictionary<Guid, uint> _cuts;

    public Rules(BroadcastRules message)
    {
        Broadcast = Ids.FromWire(message.Broadcast);
        Host = Ids.FromWire(message.Host);
        Public = message.Public;
        Ended = message.Ended;
        Epoch = message.Epoch;
        ExpectsResume = message.ExpectsResume;
        RemovedComments = [.. message.RemovedComments.Select(comment => Ids.FromWire(comment).ToText())];
        Muted = [.. message.Muted.Select(Ids.FromWire)];
        Names = message.DeletedAccounts.Select(Ids.FromWire).Distinct().ToDictionary(account => account, _ => DeletedAccount.Name);
        PublishKeys = [.. message.PublishKeyHashes.Select(hash => Convert.ToHexString(hash.Span))];
        _cuts = [];
        foreach (var cut in message.Cuts)
        {
            _cuts[Ids.FromWire(cut.Account)] = cut.Epoch;
        }
    }

    public Guid Broadcast { get; }

    public Guid Host { get; }

    public bool Public { get; }

    public bool Ended { get; }

    public uint Epoch { get; }

    public bool ExpectsResume { get; }

    public IReadOnlyList<Guid> Muted { get; }

    /// <summary>Accounts that are called otherwise than when they wrote.</summary>
    public IReadOnlyDictionary<Guid, string> Names { get; }

    /// <summary>Ids of comments that administrators took away.</summary>
    public IReadOnlyList<string> RemovedComments { get; }

    /// <summary>SHA-256 of each key that may publish, as hexadecimal digits.</summary>
    public IReadOnlyList<string> PublishKeys { get; private set; }

    /// <summary>Of a broadcast that has ended the social plane names no keys: those from before still say whose they were.</summary>
    public void KeepKeysOf(Rules before)
    {
        if (Ended && PublishKeys.Count == 0)
        {
            PublishKeys = before.PublishKeys;
        }
    }

    /// <summary>False when the key may not, or may no longer, publish.</summary>
    public bool MayPublish(string keyHash) => PublishKeys.Contains(keyHash);

    /// <summary>False when the account was cut after the ticket was given out.</summary>
    public bool Allows(Guid account, uint epoch) => !_cuts.TryGetValue(account, out var cut) || epoch >= cut;
}
