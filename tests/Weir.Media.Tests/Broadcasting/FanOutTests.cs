using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Weir.Media.Broadcasting;
using Weir.Media.Broadcasting.FanOut;

namespace Weir.Media.Tests.Broadcasting;

public sealed partial class FanOutTests
{
    [Fact]
    public async Task A_viewer_who_is_nudged_before_the_sender_has_taken_them_is_sent_to_like_any_other()
    {
        if (!FanOut.IsSupported)
        {
            return;
        }

        using var sockets = new Connection();
        using var sender = new Sender(0, null);
        var marker = new OneWord();
        var first = new Flow(marker, sockets.Server, new LagPolicy(), sender);
        sender.Add(first);
        Assert.Equal(1, await sockets.ReadAsync());

        // What a session does for things that came before: it may overtake the sender's own order to begin. A nudge of another tells that it was looked at.
        using var others = new Connection();
        var early = new Flow(new OneWord(), others.Server, new LagPolicy(), sender);
        early.Nudge();
        marker.Again();
        first.Nudge();
        Assert.Equal(1, await sockets.ReadAsync());
        sender.Add(early);
        Assert.Equal(1, await others.ReadAsync());
        Assert.False(early.Done.IsCompleted);
        Assert.False(first.Done.IsCompleted);
    }

    [Fact]
    public async Task A_connection_that_ends_waits_for_nobody_and_its_viewer_is_let_go()
    {
        if (!FanOut.IsSupported)
        {
            return;
        }

        // Nothing is appended any more, so nothing makes the sender look at this viewer by itself.
        using var sockets = new Connection();
        using var sender = new Sender(0, TimeSpan.FromHours(1));
        var word = new OneWord();
        var flow = new Flow(word, sockets.Server, new LagPolicy(), sender);
        sender.Add(flow);
        Assert.Equal(1, await sockets.ReadAsync());

        // As Kestrel ends a connection. It waits here until the sender has given the socket back.
        await Task.Run(() =>
        {
            sockets.Server.Shutdown(SocketShutdown.Both);
            sockets.Server.Dispose();
        }).WaitAsync(Patience.Limit, TestContext.Current.CancellationToken);
        Assert.Equal(0, await sockets.ReadAsync());

        Assert.Equal(FlowEnd.PeerClosed, await flow.Done.WaitAsync(Patience.Limit, TestContext.Current.CancellationToken));
        Assert.Equal(0, sender.Flows);
    }

    [Fact]
    public async Task Who_stops_reading_keeps_little_of_the_kernels_memory()
    {
        if (!FanOut.IsSupported)
        {
            return;
        }

        using var sockets = new Connection();
        using var fanOut = new FanOut(new FanOutOptions { Senders = 1 });
        var flow = fanOut.Begin(new Endless(), sockets.Server, new LagPolicy { WriteTimeout = TimeSpan.FromMinutes(5) });

        // Buffers of both sides grow with what a connection carries: a new one says nothing.
        await sockets.ReadAsync(64 << 20);
        var waits = await sockets.WaitsToBeSentAsync();
        Assert.InRange(waits, 1, FanOut.MaxUnsent + Endless.Batch);
        sockets.Dispose();
        await flow.CompleteAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task What_a_viewer_begins_with_waits_for_no_acknowledgement_and_what_comes_after_may()
    {
        if (!FanOut.IsSupported)
        {
            return;
        }

        using var sockets = new Connection();
        sockets.Server.NoDelay = false;
        using var fanOut = new FanOut(new FanOutOptions { Senders = 1 });
        var feed = new Joining(() => sockets.Server.NoDelay);
        var flow = fanOut.Begin(feed, sockets.Server, new LagPolicy());

        // The answer to somebody who waits for a keyframe, then the greeting and the first group.
        await sockets.ReadAsync(1);
        await feed.WaitAsync();
        feed.GoOn(flow, Joining.Begins);
        await sockets.ReadAsync(3);
        await feed.WaitAsync();
        Assert.Equal(Enumerable.Repeat(true, feed.Asked.Count), feed.Asked);

        feed.GoOn(flow, Joining.News);
        await sockets.ReadAsync(1);
        await feed.WaitAsync();
        Assert.False(sockets.Server.NoDelay);
    }

    /// <summary>An answer, when it is told the beginning of three writes, when it is told a piece of news. Looks at the socket whenever it is asked.</summary>
    private sealed class Joining(Func<bool> sendsAtOnce) : Feed
    {
        public const int Begins = 3;
        public const int News = 1;
        private readonly SharedLog<object> _log = new(4);
        private readonly SemaphoreSlim _idle = new(0);
        private int _left = 1;
        private bool _begun;

        public List<bool> Asked { get; } = [];

        public override ILog Log => _log;

        public override object Form => this;

        public override bool HasBegun => _begun;

        public void GoOn(FanOutFlow flow, int writes)
        {
            _begun = true;
            _left = writes;
            flow.Nudge();
        }

        /// <summary>Until there is nothing to send.</summary>
        public async Task WaitAsync() => Assert.True(await _idle.WaitAsync(Patience.Limit, TestContext.Current.CancellationToken));

        public override FeedState Take(Batch? shared, out ReadOnlyMemory<byte> bytes)
        {
            Asked.Add(sendsAtOnce());
            bytes = new byte[] { 7 };
            if (_left-- > 0)
            {
                return FeedState.Bytes;
            }

            _idle.Release();
            return FeedState.Nothing;
        }

        public override ValueTask WaitAsync(CancellationToken cancellation) => ValueTask.CompletedTask;
    }

    /// <summary>One byte, and once more whenever it is asked.</summary>
    private sealed class OneWord : Feed
    {
        private readonly SharedLog<object> _log = new(4);
        private int _left = 1;

        public override ILog Log => _log;

        public override object Form => this;

        public void Again() => Interlocked.Exchange(ref _left, 1);

        public override FeedState Take(Batch? shared, out ReadOnlyMemory<byte> bytes)
        {
            Assert.NotNull(shared);
            bytes = new byte[] { 7 };
            return Interlocked.Exchange(ref _left, 0) == 1 ? FeedState.Bytes : FeedState.Nothing;
        }

        public override ValueTask WaitAsync(CancellationToken cancellation) => ValueTask.CompletedTask;
    }

    /// <summary>There is always more.</summary>
    private sealed class Endless : Feed
    {
        public const int Batch = 64 << 10;
        private static readonly byte[] Same = new byte[Batch];
        private readonly SharedLog<object> _log = new(4);

        public override ILog Log => _log;

        public override object Form => this;

        public override FeedState Take(Batch? shared, out ReadOnlyMemory<byte> bytes)
        {
            bytes = Same;
            return FeedState.Bytes;
        }

        public override ValueTask WaitAsync(CancellationToken cancellation) => ValueTask.CompletedTask;
    }

    private sealed partial class Connection : IDisposable
    {
        private const uint UnsentBytes = 0x894B; // SIOCOUTQNSD
        private readonly TcpClient _client = new();

        public Connection()
        {
            using var listener = new TcpListener(IPAddress.Loopback, 0);
            listener.Start();
            _client.Connect((IPEndPoint)listener.LocalEndpoint);
            Server = listener.AcceptSocket();
        }

        public Socket Server { get; }

        public async Task<int> ReadAsync()
        {
            using var patience = new CancellationTokenSource(Patience.Limit);
            return await _client.GetStream().ReadAsync(new byte[1], patience.Token);
        }

        public async Task ReadAsync(long bytes)
        {
            using var patience = new CancellationTokenSource(Patience.Limit);
            var buffer = new byte[256 << 10];
            for (var read = 0L; read < bytes;)
            {
                read += await _client.GetStream().ReadAsync(buffer, patience.Token);
            }
        }

        /// <summary>Bytes that the kernel has taken and not sent, once it takes no more.</summary>
        public async Task<int> WaitsToBeSentAsync()
        {
            const int enough = 30;
            var (last, same) = (0, 0);
            await Patience.HoldsAsync(
                () =>
                {
                    Assert.Equal(0, Ask((int)Server.Handle, UnsentBytes, out var now));
                    // None at all is a sender who has not had its turn yet.
                    same = now > 0 && now == last ? same + 1 : 0;
                    last = now;
                    return same >= enough;
                },
                () => "The kernel goes on taking bytes that nobody reads.");
            return last;
        }

        public void Dispose()
        {
            _client.Dispose();
            Server.Dispose();
        }

        [LibraryImport("libc", EntryPoint = "ioctl")]
        private static partial int Ask(int descriptor, nuint request, out int value);
    }
}
