using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Weir.Hosting;
using Weir.Supervision;

namespace Weir.Social.Tests;

/// <summary>What the supervisor makes of the live plane's answers. What it makes of none is ResilienceStory's.</summary>
public sealed class LiveHealthTests : IAsyncLifetime
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(10);
    private readonly FakeTimeProvider _clock = new();
    private readonly CancellationTokenSource _ended = new();
    private WebApplication _plane = null!;
    private volatile bool _isReady;
    private volatile bool _isOutOfMemory;
    private int _asked;

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        _plane = builder.Build();
        _plane.Urls.Add("http://127.0.0.1:0");
        _plane.MapWeirReadiness(
            _ =>
            {
                Interlocked.Increment(ref _asked);
                return ValueTask.FromResult(_isReady);
            },
            () => _isOutOfMemory && Interlocked.Increment(ref _asked) > 0);
        await _plane.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        _ended.Dispose();
        await _plane.DisposeAsync();
    }

    [Fact]
    public async Task A_plane_that_says_it_is_out_of_memory_is_given_up_and_one_that_is_not_ready_is_not()
    {
        var health = new LiveHealth(new Uri(_plane.Urls.Single()), Limit, _clock);
        var silent = health.SilentAsync(_ended.Token);
        // The first question is asked at once.
        await Patience.HoldsAsync(() => Volatile.Read(ref _asked) == 1);
        foreach (var ready in new[] { false, true, false })
        {
            _isReady = ready;
            for (var i = 0; i < 20; i++)
            {
                await AskAsync();
            }

            Assert.False(silent.IsCompleted);
        }

        // Once is not yet for good.
        _isOutOfMemory = true;
        await AskAsync();
        Assert.False(silent.IsCompleted);
        await Patience.HoldsAsync(async () =>
        {
            _clock.Advance(Limit / 6);
            return await Task.WhenAny(silent, Task.Delay(10)) == silent;
        });
        await silent;
        Assert.True(health.IsOutOfMemory);
        Assert.False(_ended.IsCancellationRequested);
    }

    /// <summary>Lets the time of one more question come, and waits until it was asked.</summary>
    private Task AskAsync()
    {
        var before = Volatile.Read(ref _asked);
        _clock.Advance(Limit / 6);
        return Patience.HoldsAsync(() => Volatile.Read(ref _asked) > before);
    }
}
