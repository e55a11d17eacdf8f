using Microsoft.Extensions.Logging.Abstractions;
using Weir.Media.Broadcasting;
using Weir.Media.Tests.Rtp;
using Weir.Media.WebRtc;
using Weir.Media.WebRtc.Negotiation;
using Weir.Media.WebRtc.Sending;
using Weir.Media.WebRtc.Transport;

namespace Weir.Media.Tests.WebRtc;

/// <summary>A viewer's connection between its session's beginning and its end, by real handshakes.</summary>
public sealed class WhepPeerTests
{
    [Fact]
    public async Task Nothing_is_made_for_a_viewer_who_never_connects()
    {
        using var wire = new Wire();
        var server = wire.Endpoint();
        using var senders = new RtcSenders(server.Endpoint, 1, NullLogger<RtcSenders>.Instance);
        var viewer = new AskedViewer(new Camera().Broadcast);
        var closed = new TaskCompletionSource<RtcClosed>();
        _ = Open(wire, server, senders, viewer, IceCredentials.Create(), wire.Endpoint(), IceCredentials.Create(), closed);

        await wire.UntilAsync(() => closed.Task.IsCompleted, 500);
        Assert.Equal((0, true), (viewer.Asked, viewer.IsDisposed));
    }

    [Fact]
    public async Task What_a_viewer_sees_is_made_when_the_keys_are_agreed()
    {
        using var wire = new Wire();
        var (server, client) = (wire.Endpoint(), wire.Endpoint());
        using var senders = new RtcSenders(server.Endpoint, 1, NullLogger<RtcSenders>.Instance);
        var camera = new Camera();
        var viewer = new AskedViewer(camera.Broadcast);
        var (local, remote) = (IceCredentials.Create(), IceCredentials.Create());
        var closed = new TaskCompletionSource<RtcClosed>();
        var peer = Open(wire, server, senders, viewer, local, client, remote, closed);
        Assert.Equal(0, viewer.Asked);

        var packets = new Packets();
        client.Endpoint.AddPeer(
            new RtcPeerOptions
            {
                Local = remote, Remote = local, Role = DtlsRole.Client,
                RemoteFingerprint = server.Endpoint.Fingerprint, Connect = server.End,
            },
            packets);
        await wire.UntilAsync(() => peer.State == RtcPeerState.Connected && packets.Connected.IsCompleted);
        camera.Send(camera.Picture(0, keyframe: true), 0);
        camera.Send(camera.Picture(33_000, keyframe: false), 33_000);
        await wire.UntilAsync(() => !packets.Rtp.IsEmpty, 1);
        Assert.Equal(1, viewer.Asked);

        peer.Close();
        await closed.Task.WaitAsync(Patience.Limit, TestContext.Current.CancellationToken);
        Assert.True(viewer.IsDisposed);
    }

    private static RtcPeer Open(
        Wire wire,
        Wire.Host server,
        RtcSenders senders,
        Viewer viewer,
        IceCredentials local,
        Wire.Host client,
        IceCredentials remote,
        TaskCompletionSource<RtcClosed> closed)
    {
        var offer = RtcOffer.Read(SdpTests.Offer("chromium-play"), RtcRole.Play, null, out _)!;
        var whep = new WhepPeer(
            server.Endpoint, senders, viewer, offer, WhepSession.NewSources(), new WhepLimits(), wire.Time,
            (reason, _) => closed.SetResult(reason));
        var peer = server.Endpoint.AddPeer(
            new RtcPeerOptions { Local = local, Remote = remote, RemoteFingerprint = client.Endpoint.Fingerprint }, whep)!;
        whep.Peer = peer;
        return peer;
    }

    /// <summary>Counts how often its timeline is asked for, which may start a process.</summary>
    private sealed class AskedViewer(Broadcast broadcast) : Viewer
    {
        private int _asked;

        public int Asked => Volatile.Read(ref _asked);

        public bool IsDisposed { get; private set; }

        public override Broadcast Broadcast => broadcast;

        public override Timeline Timeline
        {
            get
            {
                Interlocked.Increment(ref _asked);
                return broadcast.Timeline;
            }
        }

        public override Commenter Person { get; } = new(Guid.NewGuid(), "Mia", IsHost: false, MayComment: true);

        public override CancellationToken Closed => CancellationToken.None;

        public override ViewerEnd End => ViewerEnd.None;

        public override void Dispose() => IsDisposed = true;
    }
}
