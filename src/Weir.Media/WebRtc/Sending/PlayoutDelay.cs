namespace Weir.Media.WebRtc.Sending;

/// <summary>
/// How long a viewer is asked to keep pictures back (the playout-delay extension). Nothing, as long as nothing gets lost: a picture is shown when it is
/// decoded. Where packets get lost, as long as it takes to send them three times again, so that the picture goes on; and nothing again when it has been
/// quiet for a while. It changes a little with each picture, which nobody sees, where a jump would be a pause.
/// </summary>
internal sealed class PlayoutDelay
{
    /// <summary>The most that the player may add by itself while packets get lost, milliseconds.</summary>
    public const int Most = 1_000;

    private const int Least = 100;
    private const int Longest = 800;
    private const int Step = 10;

    /// <summary>Once is an accident: so many requests within <see cref="Window"/> are a bad network.</summary>
    private const int Bad = 3;
    private const long Window = 10_000_000;
    private const long Quiet = 30_000_000;

    /// <summary>Until the next packet shows that one is missing.</summary>
    private const int Notice = 60;

    private int _roundTrip = 100;
    private int _requests;
    private long _windowAt = long.MinValue / 2;
    private long _until = long.MinValue / 2;

    /// <summary>Milliseconds.</summary>
    public int Now { get; private set; }

    /// <summary>So much was lost lately that it is a bad network.</summary>
    public bool IsBad(long now) => now < _until;

    /// <summary>The viewer asked for packets again.</summary>
    public void NoteLoss(long now)
    {
        if (now - _windowAt > Window)
        {
            (_windowAt, _requests) = (now, 0);
        }

        if (++_requests >= Bad || IsBad(now))
        {
            _until = now + Quiet;
        }
    }

    /// <param name="milliseconds">There and back.</param>
    public void NoteRoundTrip(int milliseconds) => _roundTrip = Math.Max(milliseconds, _roundTrip - (_roundTrip / 8));

    /// <summary>Goes on to the next picture.</summary>
    public void Advance(long now)
    {
        var wanted = IsBad(now) ? Math.Clamp(Notice + (4 * _roundTrip), Least, Longest) : 0;
        Now += Math.Clamp(wanted - Now, -Step, Step);
    }
}
