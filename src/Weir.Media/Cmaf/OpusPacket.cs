namespace Weir.Media.Cmaf;

/// <summary>How long an Opus packet plays, from its table-of-contents byte (RFC 6716 3.1).</summary>
internal static class OpusPacket
{
    /// <summary>Opus in MP4 always counts 48 kHz samples, whatever went into the encoder.</summary>
    public const int SampleRate = 48_000;
    private const int MaxSamples = 5760; // RFC 6716 3.4 [R5]: 120 ms

    public static int Samples(ReadOnlySpan<byte> packet)
    {
        if (packet.IsEmpty)
        {
            return 0;
        }

        var configuration = packet[0] >> 3;
        var frame = configuration switch
        {
            < 12 => (configuration & 3) switch { 0 => 480, 1 => 960, 2 => 1920, _ => 2880 },
            < 16 => (configuration & 1) == 0 ? 480 : 960,
            _ => 120 << (configuration & 3),
        };
        var frames = (packet[0] & 3) switch
        {
            0 => 1,
            3 => packet.Length > 1 ? packet[1] & 0x3F : 0,
            _ => 2,
        };
        return Math.Min(frame * frames, MaxSamples);
    }
}
