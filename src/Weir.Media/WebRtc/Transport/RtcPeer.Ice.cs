using System.Buffers.Binary;
using System.Security.Cryptography;
using Weir.Media.Formats.Stun;

namespace Weir.Media.WebRtc.Transport;

/// <summary>
/// Connectivity checks. An ICE-lite agent only answers them; this one also asks, because only an answer proves that somebody is where a
/// check seemed to come from: nothing but answers goes to an address before it proved itself, and a peer that answers no more is gone (RFC 7675 5.1). Full
/// agents, which a lite agent's peers have to be, answer checks on any pair.
/// </summary>
public sealed partial class RtcPeer
{
    /// <summary>A host has a handful of addresses; of more the ones heard least recently go.</summary>
    private const int MaxPaths = 8;

    /// <summary>RFC 8445 5.1.2.1: of a peer-reflexive candidate, which ours is for the peer that never heard of it.</summary>
    private const uint CheckPriority = (110u << 24) | (65535u << 8) | 255u;
    private const int RoleConflict = 487;
    private const int MaxStun = 500;

    /// <summary>Checks to an address that never answered.</summary>
    private const int MaxProofs = 8;
    private const long AgainAfter = 400_000;
    private const long ProofAfter = 100_000;

    private readonly Lock _ice = new();
    private readonly List<IcePath> _paths = [];
    private readonly byte[] _tieBreaker = RandomNumberGenerator.GetBytes(8);
    private IceGeneration _generation;
    private IceGeneration? _former;
    private volatile IcePath? _selected;
    private long _nominations;
    private readonly long _began;
    private long _restartUntil;
    private long _askAfter = 1_000_000;

    private bool IsControlling => _options.Connect is not null;

    /// <summary>
    /// Other credentials (ICE restart, RFC 8445 9): checks with the new ones count from now on, and packets move when one nominates; until then they
    /// go where they went. Keys stay.
    /// </summary>
    public void RestartIce(IceCredentials local, IceCredentials remote)
    {
        lock (_ice)
        {
            if (State == RtcPeerState.Closed)
            {
                return;
            }

            // The one that is in use keeps its name; one that never came into use does not.
            if (_former is null)
            {
                _former = _generation;
            }
            else
            {
                _endpoint.Unregister(_generation);
            }

            _generation = new IceGeneration(this, _generation.Number + 1, local, remote);
            _endpoint.Register(_generation);
            _restartUntil = _endpoint.Now + Micros(_endpoint.Options.ConnectLimit);
            if (_options.Connect is { } end && Path(_endpoint.Reach(end), _generation) is { } path)
            {
                Renew(path, _generation);
            }
        }
    }

    /// <returns>False when another session has the same name.</returns>
    internal bool TryBegin()
    {
        lock (_ice)
        {
            if (!_endpoint.Register(_generation))
            {
                return false;
            }

            if (_options.Connect is { } end && Path(_endpoint.Reach(end), _generation) is { } path)
            {
                Ask(path, _began);
            }

            return true;
        }
    }

    internal void ReceiveCheck(StunMessage check, IceGeneration generation, RtcAddress from, long now)
    {
        if (!check.HasFingerprint() || !check.HasIntegrity(generation.LocalKey))
        {
            _endpoint.Drop(RtcDrop.ForgedStun);
            return;
        }

        Span<byte> answer = stackalloc byte[MaxStun];
        if (check.TryFind(IsControlling ? StunAttribute.IceControlling : StunAttribute.IceControlled, out _))
        {
            // RFC 8445 7.3.1.1: a lite agent never controls, so the peer has to change.
            var refusal = new StunWriter(answer, StunType.BindingError, check.Transaction);
            refusal.ErrorCode(RoleConflict, "Role Conflict"u8);
            _endpoint.Send(answer[..refusal.Finish(generation.LocalKey)], from);
            return;
        }

        lock (_ice)
        {
            if (State == RtcPeerState.Closed)
            {
                return;
            }

            if (Path(from, generation) is not { } path)
            {
                _endpoint.Drop(RtcDrop.TakenAddress);
                return;
            }

            path.HeardAt = now;
            Doubt(path, now);
            if (generation.Number > path.Generation.Number)
            {
                Renew(path, generation);
            }

            if (check.TryFind(StunAttribute.UseCandidate, out _))
            {
                path.NominatedAt = ++_nominations;
                Choose();
            }

            if (!path.IsProven && now - path.AskedAt >= ProofAfter)
            {
                Ask(path, now);
            }
        }

        var success = new StunWriter(answer, StunType.BindingSuccess, check.Transaction);
        var seen = from.ToEndPoint();
        success.XorMappedAddress(seen.Address, seen.Port);
        _endpoint.Send(answer[..success.Finish(generation.LocalKey)], from);
    }

    internal void ReceiveAnswer(StunMessage answer, RtcAddress from, long now)
    {
        lock (_ice)
        {
            var path = _paths.Find(candidate => candidate.Address == from);
            if (path is null || !path.IsAsked || !answer.Transaction.SequenceEqual(path.Transaction)
                || !answer.HasFingerprint() || !answer.HasIntegrity(path.Generation.RemoteKey))
            {
                _endpoint.Drop(RtcDrop.ForgedStun);
                return;
            }

            // An error, such as a role conflict, is signed as well: somebody is there.
            path.IsAsked = false;
            path.IsProven = true;
            path.Unanswered = 0;
            path.AnsweredAt = now;
            path.HeardAt = now;
            Choose();
        }

        TryShake();
    }

    /// <summary>One of its TCP connections ended. A peer that wants to go on connects again, or is on another path already.</summary>
    internal void Lose(RtcAddress address)
    {
        lock (_ice)
        {
            if (_paths.Find(candidate => candidate.Address == address) is { } lost)
            {
                // Anything that is still there is better; without that, consent runs out while the peer may come back.
                lost.NominatedAt = -1;
                lost.IsProven = false;
                Forget(lost);
                _paths.ForEach(path => Doubt(path, _endpoint.Now));
                Choose();
            }
        }
    }

    /// <summary>A few times a second: asks who has to be asked, and ends what is over.</summary>
    internal void Tick(long now)
    {
        RtcClosed? over = null;
        lock (_ice)
        {
            foreach (var path in _paths)
            {
                var interval = path.IsAsked ? AgainAfter : _askAfter;
                var wanted = path == _selected || (IsControlling && path.Generation == _generation) || (!path.IsProven && path.Unanswered < MaxProofs);
                if (wanted && now - path.AskedAt >= (path.IsProven ? interval : ProofAfter))
                {
                    Ask(path, now);
                }
            }

            if (State is not (RtcPeerState.Connected or RtcPeerState.Closed))
            {
                over = now - _began > Micros(_endpoint.Options.ConnectLimit) ? RtcClosed.NeverConnected : null;
            }
            else if (_selected is { } selected && now - selected.AnsweredAt > Micros(_endpoint.Options.ConsentLimit))
            {
                // RFC 7675 5.1: nothing may be sent there any more. Where the peer is just moving, it has until the restart's end.
                over = _restartUntil == 0 ? RtcClosed.ConsentLost : null;
                selected.IsProven = false;
                _selected = null;
            }
            else if (_selected is null && now > _restartUntil)
            {
                over = RtcClosed.ConsentLost;
            }
        }

        if (over is { } reason)
        {
            Close(reason);
        }
    }

    /// <summary>Finds or makes it; null when the address is another peer's.</summary>
    private IcePath? Path(RtcAddress address, IceGeneration generation)
    {
        if (_paths.Find(candidate => candidate.Address == address) is { } known)
        {
            return known;
        }

        if (!_endpoint.TryRegister(address, this))
        {
            return null;
        }

        if (_paths.Count == MaxPaths)
        {
            Forget(_paths.Where(candidate => candidate != _selected).MinBy(candidate => candidate.HeardAt)!);
        }

        var path = new IcePath(address, generation);
        _paths.Add(path);
        return path;
    }

    /// <summary>The same address with the credentials of a restart: it has to prove itself again.</summary>
    private static void Renew(IcePath path, IceGeneration generation)
    {
        path.Generation = generation;
        path.IsProven = false;
        path.IsAsked = false;
        path.Unanswered = 0;
    }

    /// <summary>RFC 7675 5.1: consent is each path's own. One that was not in use, and so not asked, has to prove itself again.</summary>
    private void Doubt(IcePath path, long now)
    {
        if (path.IsProven && path != _selected && now - path.AnsweredAt > Micros(_endpoint.Options.ConsentLimit))
        {
            path.IsProven = false;
            path.Unanswered = 0;
        }
    }

    private void Ask(IcePath path, long now)
    {
        // While nobody answers it is the same question again, so that an answer counts however long its way is.
        if (!path.IsAsked)
        {
            RandomNumberGenerator.Fill(path.Transaction);
            path.IsAsked = true;
        }

        path.AskedAt = now;
        path.Unanswered++;

        // RFC 7675 5.1: at random distances, so that not all sessions ask at once.
        _askAfter = RandomNumberGenerator.GetInt32(800_000, 1_200_000);
        Span<byte> bytes = stackalloc byte[MaxStun];
        var check = new StunWriter(bytes, StunType.BindingRequest, path.Transaction);
        check.Add(StunAttribute.Username, path.Generation.Username);
        Span<byte> priority = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(priority, CheckPriority);
        check.Add(StunAttribute.Priority, priority);
        check.Add(IsControlling ? StunAttribute.IceControlling : StunAttribute.IceControlled, _tieBreaker);
        if (IsControlling)
        {
            check.Add(StunAttribute.UseCandidate, []);
        }

        _endpoint.Send(bytes[..check.Finish(path.Generation.RemoteKey)], path.Address);
    }

    /// <summary>The newest nomination that proved itself (RFC 8445 8.1.1); before any, whatever proved itself, for the handshake.</summary>
    private void Choose()
    {
        var best = _selected;
        foreach (var path in _paths)
        {
            if (path.IsProven && (best is null || path.NominatedAt > best.NominatedAt))
            {
                best = path;
            }
        }

        _selected = best;
        if (best is { IsProven: true } && best.Generation == _generation && _former is not null)
        {
            _endpoint.Unregister(_former);
            _former = null;
            _restartUntil = 0;
            foreach (var path in _paths.Where(path => path.Generation != _generation).ToList())
            {
                Forget(path);
            }
        }
    }

    private void Forget(IcePath path)
    {
        _paths.Remove(path);
        _endpoint.Unregister(path.Address, this);
    }

    private void ForgetPaths()
    {
        lock (_ice)
        {
            foreach (var path in _paths)
            {
                _endpoint.Unregister(path.Address, this);
            }

            _paths.Clear();
            _endpoint.Unregister(_generation);
            if (_former is not null)
            {
                _endpoint.Unregister(_former);
            }
        }
    }

    private static long Micros(TimeSpan time) => (long)time.TotalMicroseconds;
}
