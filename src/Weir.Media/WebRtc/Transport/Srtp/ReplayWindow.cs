namespace Weir.Media.WebRtc.Transport.Srtp;

/// <summary>
/// Which of the newest packet numbers were taken already (RFC 3711 3.3.2). Wide enough for a retransmission that comes a second late in a stream
/// of 1000 packets a second; what is older counts as a replay.
/// </summary>
internal sealed class ReplayWindow
{
    public const int Width = 1024;

    // One word more than the window has, because it begins and ends within words.
    private readonly ulong[] _taken = new ulong[(Width / 64) + 1];

    /// <summary>The highest number taken; -1 before the first.</summary>
    public long Highest { get; private set; } = -1;

    public bool IsFresh(long number) =>
        number > Highest || (number >= 0 && Highest - number < Width && (_taken[number / 64 % _taken.Length] >> (int)(number % 64) & 1) == 0);

    public void Take(long number)
    {
        if (number > Highest)
        {
            // The words between the old highest and the new one hold numbers from one round before.
            for (var word = Math.Max((Highest / 64) + 1, (number / 64) - _taken.Length + 1); Highest >= 0 && word <= number / 64; word++)
            {
                _taken[word % _taken.Length] = 0;
            }

            Highest = number;
        }

        _taken[number / 64 % _taken.Length] |= 1UL << (int)(number % 64);
    }
}
