using Microsoft.Extensions.Time.Testing;
using Weir.Social.LivePlane;

namespace Weir.Social.Tests;

/// <summary>However many sessions end, the live plane hears which are left now and then; of the first one at once.</summary>
public sealed class OutboxTests
{
    private readonly FakeTimeProvider _clock = new();
    private readonly Outbox _outbox;

    public OutboxTests() => _outbox = new Outbox(_clock);

    [Fact]
    public async Task Sessions_that_end_one_after_the_other_are_told_together()
    {
        _outbox.AddSessions();
        Assert.True((await TakeAsync()) is { Sessions: true, Through: 1 });
        _outbox.AddSessions();
        var next = TakeAsync();
        _outbox.AddSessions();
        _outbox.AddSwitch();

        // Other news do not wait for it, and do not say that the sessions were told.
        Assert.True((await next) is { Switch: true, Sessions: false, Through: null });
        next = TakeAsync();
        _clock.Advance(Outbox.SessionsEvery - TimeSpan.FromMilliseconds(1));
        _outbox.Add([Guid.NewGuid()]);
        Assert.True((await next) is { Sessions: false, Through: null, Broadcasts.Count: 1 });
        next = TakeAsync();
        _clock.Advance(TimeSpan.FromMilliseconds(1));
        Assert.True((await next) is { Sessions: true, Through: 5 });

        _clock.Advance(Outbox.SessionsEvery);
        _outbox.AddSessions();
        Assert.True((await TakeAsync()) is { Sessions: true, Through: 6 });
    }

    private Task<Outbox.Due> TakeAsync() => _outbox.TakeAsync(100, default).WaitAsync(Patience.Limit);
}
