using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.IO.Pipelines;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Weir.Media.Broadcasting;
using Weir.Media.Rtmp;

namespace Weir.Media.Tests.Rtmp;

/// <summary>A session in memory, by a clock the test holds.</summary>
internal sealed class SessionRig : IAdmission, ILogger
{
    public const string Key = "secret-key-77";
    private readonly Pipe _toServer = new(new PipeOptions(pauseWriterThreshold: 0));
    private readonly Pipe _toClient;

    /// <param name="clientBuffer">Bytes the client takes without reading before the server has to wait.</param>
    public SessionRig(Broadcast? broadcast = null, FakeTimeProvider? clock = null, RtmpOptions? options = null, long clientBuffer = 0)
    {
        Clock = clock ?? new FakeTimeProvider();
        Broadcast = broadcast ?? new Broadcast(Guid.NewGuid(), new TimelineLimits { MinWindow = 60_000_000 }, Clock);
        _toClient = new Pipe(new PipeOptions(pauseWriterThreshold: clientBuffer, resumeWriterThreshold: clientBuffer / 2));
        Session = new RtmpSession(new Ends(_toServer.Reader, _toClient.Writer), this, options ?? new RtmpOptions(), Clock, this);
        Run = FinishAsync();
        Stream = new DuplexStream(_toClient.Reader.AsStream(), _toServer.Writer.AsStream());
    }

    public FakeTimeProvider Clock { get; }

    public Broadcast Broadcast { get; }

    public RtmpSession Session { get; }

    public Stream Stream { get; }

    public Task<RtmpEnd> Run { get; }

    public TestViewer? Viewer { get; private set; }

    public string? AskedTicket { get; private set; }

    public ConcurrentQueue<string> Log { get; } = [];

    public Task<RtmpEnd> End => Run.WaitAsync(Patience.Limit);

    public string PlayName => $"{Broadcast.Id:N}?ticket=t";

    public Task<RtmpClient> ConnectAsync(string app = "live", string tcUrl = "rtmp://h/live") => RtmpClient.ConnectAsync(Stream, app, true, tcUrl);

    public async Task<RtmpClient> PublishAsync()
    {
        var client = await ConnectAsync();
        await client.PublishAsync(Key);
        return client;
    }

    public async Task<RtmpClient> PlayAsync()
    {
        var client = await ConnectAsync();
        await client.PlayAsync(PlayName);
        return client;
    }

    public bool TryPublish(string key, PublisherInfo info, [NotNullWhen(true)] out Publisher? publisher, out PublishRefusal refusal)
    {
        publisher = key == Key ? Broadcast.Publish(info) : null;
        refusal = key == Key ? PublishRefusal.Ended : PublishRefusal.UnknownKey;
        return publisher is not null;
    }

    public bool TryWatch(ReadOnlySpan<char> broadcast, string? ticket, Outlet outlet, [NotNullWhen(true)] out Viewer? viewer)
    {
        AskedTicket = ticket;
        viewer = Viewer = broadcast.SequenceEqual(Broadcast.Id.ToString("N")) && ticket == "t" ? new TestViewer(Broadcast) : null;
        return viewer is not null;
    }

    IDisposable? ILogger.BeginScope<TState>(TState state) => null;

    bool ILogger.IsEnabled(LogLevel logLevel) => true;

    void ILogger.Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        Log.Enqueue(formatter(state, exception));

    /// <summary>As a host does: the connection closes when the session is over.</summary>
    private async Task<RtmpEnd> FinishAsync()
    {
        try
        {
            return await Session.RunAsync(CancellationToken.None);
        }
        finally
        {
            await _toClient.Writer.CompleteAsync();
            await _toServer.Reader.CompleteAsync();
        }
    }

    private sealed record Ends(PipeReader Input, PipeWriter Output) : IDuplexPipe;

    private sealed class DuplexStream(Stream input, Stream output) : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override void Flush() => output.Flush();

        public override int Read(byte[] buffer, int offset, int count) => input.Read(buffer, offset, count);

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            input.ReadAsync(buffer, cancellationToken);

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
            output.WriteAsync(buffer, cancellationToken);

        public override void Write(byte[] buffer, int offset, int count) => output.Write(buffer, offset, count);

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            input.Dispose();
            output.Dispose();
        }
    }
}
