using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Weir.Media.Broadcasting;
using Weir.Media.Rtmp;

namespace Weir.Media.Tests.Rtmp;

/// <summary>One broadcast with one key and one ticket, behind a listener on a free loopback port.</summary>
internal sealed class TestNode : IAdmission, IAsyncDisposable
{
    public const string Key = "k-3f9a1c5e7b2d";
    public const string Ticket = "t-0123456789";
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stopping = new();
    private readonly ConcurrentBag<Task> _sessions = [];
    private readonly RtmpOptions _options;
    private readonly Task _accepting;

    public TestNode(RtmpOptions? options = null)
    {
        _options = options ?? new RtmpOptions();
        Broadcast = new Broadcast(Guid.NewGuid(), new TimelineLimits { MinWindow = 60_000_000 }, TimeProvider.System);
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _accepting = AcceptAsync();
    }

    public Broadcast Broadcast { get; }

    public int Port { get; }

    public ConcurrentBag<RtmpEnd> Ends { get; } = [];

    public ConcurrentBag<TestViewer> Viewers { get; } = [];

    public string PublishUrl => $"rtmp://127.0.0.1:{Port}/live/{Key}";

    public string PlayUrl => $"rtmp://127.0.0.1:{Port}/live/{PlayName}";

    public string PlayName => $"{Broadcast.Id:N}?ticket={Ticket}";

    public bool TryPublish(string key, PublisherInfo info, [NotNullWhen(true)] out Publisher? publisher, out PublishRefusal refusal)
    {
        publisher = key == Key ? Broadcast.Publish(info) : null;
        refusal = key == Key ? PublishRefusal.Ended : PublishRefusal.UnknownKey;
        return publisher is not null;
    }

    public bool TryWatch(ReadOnlySpan<char> broadcast, string? ticket, Outlet outlet, [NotNullWhen(true)] out Viewer? viewer)
    {
        var admitted = broadcast.SequenceEqual(Broadcast.Id.ToString("N")) && ticket == Ticket ? new TestViewer(Broadcast) : null;
        viewer = admitted;
        if (admitted is not null)
        {
            Viewers.Add(admitted);
        }

        return admitted is not null;
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        _listener.Stop();
        await _accepting;
        await Task.WhenAll(_sessions);
        _stopping.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                _sessions.Add(ServeAsync(await _listener.AcceptSocketAsync(_stopping.Token)));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException)
        {
            // The test is over.
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        await using var stream = new NetworkStream(socket, ownsSocket: true);
        var pipe = new StreamPipe(PipeReader.Create(stream), PipeWriter.Create(stream));
        Ends.Add(await new RtmpSession(pipe, this, _options, TimeProvider.System, NullLogger.Instance).RunAsync(_stopping.Token));
    }

    private sealed record StreamPipe(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}

internal sealed class TestViewer(Broadcast broadcast) : Viewer
{
    private readonly CancellationTokenSource _closed = new();
    private ViewerEnd _end;

    public override Broadcast Broadcast => broadcast;

    public override Commenter Person => new(Guid.Empty, "", false, false);

    public override CancellationToken Closed => _closed.Token;

    public override ViewerEnd End => _end;

    public bool IsDisposed { get; private set; }

    public void Close(ViewerEnd end)
    {
        _end = end;
        _closed.Cancel();
    }

    public override void Dispose() => IsDisposed = true;
}
