using Weir.Contracts;
using Weir.Hosting;
using Weir.Social.Sessions;

namespace Weir.Social.Throttling;

/// <summary>
/// Counts what an account writes by the bytes of its calls: messages, moments, comments, articles' beginnings, groups, names, all together.
/// Files, recordings and pictures have quotas of their own. A draft takes the place of the one before and counts by what it grows
/// (<see cref="TryTake"/>). A row costs more than what was sent for it, so each call counts <see cref="RowBytes"/> beside its own, and so
/// does each entry of a list in it (<see cref="IWritesRows"/>).
/// </summary>
internal sealed class WrittenBytes(CallRates rates, TimeProvider clock)
{
    public const int RowBytes = 100;

    private readonly AttemptLimiter _limiter = new(clock, rates.WrittenBytes.Burst, rates.WrittenBytes.Refill);

    public void Use(WebApplication app) => app.Use(async (context, next) =>
    {
        if (context.Features.Get<Caller>() is not { } caller || !Counts(context))
        {
            await next(context);
            return;
        }

        var key = caller.Id.ToText();
        var length = context.Request.ContentLength;
        if (!_limiter.TryTake(RowBytes + (int)Math.Min(length ?? 0, int.MaxValue / 2), key, out var retryAfter))
        {
            await Problems.Throttled(context, retryAfter).ExecuteAsync(context);
            return;
        }

        if (length is not null)
        {
            await next(context);
            return;
        }

        // Sent in chunks: how much it was is known afterwards. The listener bounds it.
        using var counted = new CountedStream(context.Request.Body);
        context.Request.Body = counted;
        try
        {
            await next(context);
        }
        finally
        {
            _limiter.Charge((int)counted.Bytes, key);
        }
    });

    /// <summary>Takes bytes of a call that counts them itself.</summary>
    public bool TryTake(Guid account, long bytes, out TimeSpan retryAfter) =>
        _limiter.TryTake((int)Math.Min(bytes, int.MaxValue / 2), account.ToText(), out retryAfter);

    /// <summary>Takes what the rows of a call count, once it has been read.</summary>
    public async ValueTask<object?> TakeRowsAsync(EndpointFilterInvocationContext call, EndpointFilterDelegate next)
    {
        var rows = call.Arguments.OfType<IWritesRows>().Sum(body => (long)body.Rows);
        return rows > 0 && call.HttpContext.Features.Get<Caller>() is { } caller
            && !_limiter.TryTake((int)Math.Min(rows * RowBytes, int.MaxValue / 2), caller.Id.ToText(), out var retryAfter)
            ? Problems.Throttled(call.HttpContext, retryAfter)
            : await next(call);
    }

    private static bool Counts(HttpContext context) =>
        (HttpMethods.IsPost(context.Request.Method) || HttpMethods.IsPut(context.Request.Method) || HttpMethods.IsPatch(context.Request.Method))
        && context.GetEndpoint()?.Metadata is { } metadata
        && metadata.GetMetadata<NeedsNoRoom>() is null && metadata.GetMetadata<CountedElsewhere>() is null;

    private sealed class CountedStream(Stream inner) : Stream
    {
        public long Bytes { get; private set; }

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override void Flush() => throw new NotSupportedException();

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var read = await inner.ReadAsync(buffer, cancellationToken);
            Bytes += read;
            return read;
        }

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}

/// <summary>A body whose lists become rows. One that changes what is there takes the place of earlier ones, and does not count.</summary>
internal interface IWritesRows
{
    int Rows { get; }
}

internal static class WrittenRowsExtensions
{
    /// <summary>The rows of its <see cref="IWritesRows"/> count as written.</summary>
    public static RouteHandlerBuilder CountsRows(this RouteHandlerBuilder builder) => builder.AddEndpointFilter(
        static (call, next) => call.HttpContext.RequestServices.GetRequiredService<WrittenBytes>().TakeRowsAsync(call, next));
}

/// <summary>This call's bytes have a quota of their own, or take the place of earlier ones.</summary>
internal sealed class CountedElsewhere
{
    public static readonly CountedElsewhere Mark = new();
}
