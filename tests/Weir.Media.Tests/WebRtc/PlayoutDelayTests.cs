using Weir.Media.WebRtc.Sending;

namespace Weir.Media.Tests.WebRtc;

public sealed class PlayoutDelayTests
{
    private const long Second = 1_000_000;
    private readonly PlayoutDelay _delay = new();

    [Fact]
    public void Nothing_is_kept_back_while_nothing_gets_lost()
    {
        Pass(0, 10 * Second);
        Assert.Equal(0, _delay.Now);
    }

    [Fact]
    public void One_accident_changes_nothing()
    {
        _delay.NoteLoss(0);
        _delay.NoteLoss(20 * Second);
        Pass(20 * Second, 25 * Second);
        Assert.Equal(0, _delay.Now);
    }

    [Fact]
    public void A_bad_network_gets_time_for_three_retransmissions_and_loses_it_when_it_is_quiet()
    {
        Lose(0);
        _delay.Advance(1);
        Assert.Equal(10, _delay.Now);
        Pass(0, 3 * Second);
        Assert.InRange(_delay.Now, 400, 500);
        Pass(3 * Second, 29 * Second);
        Assert.InRange(_delay.Now, 400, 500);
        Pass(31 * Second, 33 * Second);
        Assert.Equal(0, _delay.Now);
    }

    [Theory]
    [InlineData(5, 100)]
    [InlineData(50, 260)]
    [InlineData(1000, 800)]
    public void How_much_follows_the_round_trip(int roundTrip, int expected)
    {
        Lose(0);
        for (var i = 0; i < 50; i++)
        {
            _delay.NoteRoundTrip(roundTrip);
        }

        Pass(0, 5 * Second);
        Assert.InRange(_delay.Now, expected, expected + 20);
    }

    private void Lose(long now)
    {
        for (var i = 0; i < 3; i++)
        {
            _delay.NoteLoss(now);
        }
    }

    private void Pass(long from, long to)
    {
        for (var now = from; now < to; now += 33_333)
        {
            _delay.Advance(now);
        }
    }
}
