using System.IO.Pipelines;
using Microsoft.Extensions.Time.Testing;
using Weir.Media.WebSockets;

namespace Weir.Media.Tests.WebSockets;

public sealed class WatchKeepAliveTests
{
    private readonly FakeTimeProvider _clock = new();
    private readonly Pipe _pipe = new();
    private readonly SplitStream _wire;
    private int _pings;
    private int _letGo;

    public WatchKeepAliveTests() => _wire = new SplitStream(_pipe.Reader.AsStream());

    [Fact]
    public async Task A_silent_viewer_is_pinged_and_stays_as_long_as_they_answer()
    {
        using var all = new WatchKeepAlive(_clock);
        using var kept = all.Watch(_wire, () => ++_pings > 0, () => _letGo++);
        for (var round = 1; round <= 10; round++)
        {
            _clock.Advance(WatchKeepAlive.PingAfter);
            Assert.Equal(round, _pings);
            await HearAsync();
            // The tick that hears it begins to count anew.
            _clock.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(0, _letGo);
    }

    [Fact]
    public async Task Who_says_something_is_not_pinged()
    {
        using var all = new WatchKeepAlive(_clock);
        using var kept = all.Watch(_wire, () => ++_pings > 0, () => _letGo++);
        for (var round = 0; round < 20; round++)
        {
            await HearAsync();
            _clock.Advance(WatchKeepAlive.PingAfter - TimeSpan.FromSeconds(1));
        }

        Assert.Equal(0, _pings);
    }

    [Fact]
    public void Who_answers_nothing_is_let_go_after_one_ping()
    {
        using var all = new WatchKeepAlive(_clock);
        using var kept = all.Watch(_wire, () => ++_pings > 0, () => _letGo++);
        _clock.Advance(WatchKeepAlive.PingAfter + WatchKeepAlive.PongTimeout - TimeSpan.FromSeconds(1));
        Assert.Equal((1, 0), (_pings, _letGo));
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal((1, 1), (_pings, _letGo));
        _clock.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal((1, 1), (_pings, _letGo));
    }

    [Fact]
    public void Who_cannot_be_asked_is_let_go()
    {
        using var all = new WatchKeepAlive(_clock);
        using var kept = all.Watch(_wire, () => false, () => _letGo++);
        _clock.Advance(WatchKeepAlive.PingAfter);
        Assert.Equal(1, _letGo);
    }

    [Fact]
    public void A_session_that_ended_is_not_asked()
    {
        using var all = new WatchKeepAlive(_clock);
        all.Watch(_wire, () => ++_pings > 0, () => _letGo++).Dispose();
        _clock.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal((0, 0), (_pings, _letGo));
    }

    private async Task HearAsync()
    {
        await _pipe.Writer.WriteAsync(new byte[1]);
        Assert.Equal(1, await _wire.ReadAsync(new byte[1].AsMemory()));
    }
}
