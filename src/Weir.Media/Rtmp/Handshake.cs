using System.Buffers;

namespace Weir.Media.Rtmp;

/// <summary>
/// RTMP 5.2, the simple handshake: S1 says version 0, so that clients who know the digest variant fall back to this one.
/// </summary>
public static class Handshake
{
    public const int PacketLength = 1536;
    private const byte Version = 3;

    /// <summary>C0 and C1. True gives S0, S1 and S2 to send.</summary>
    public static bool TryReadHello(ref ReadOnlySequence<byte> input, uint now, out byte[] answer)
    {
        answer = [];
        if (!input.IsEmpty && input.FirstSpan.Length > 0 && input.FirstSpan[0] is var version and not Version)
        {
            // 5.2.2: 0 to 2 are deprecated, above 31 is text and so another protocol. Known from the first byte on.
            throw new RtmpProtocolException("5.2.2", $"The version is {version}");
        }

        if (input.Length < 1 + PacketLength)
        {
            return false;
        }

        var hello = input.Slice(1, PacketLength);
        answer = new byte[1 + (2 * PacketLength)];
        answer[0] = Version;

        // 5.2.3: time, four zero bytes, 1528 bytes of anything. Ours are a pattern, not random: nothing depends on them.
        var s1 = answer.AsSpan(1, PacketLength);
        System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(s1, now);
        for (var i = 8; i < s1.Length; i++)
        {
            s1[i] = (byte)(i * 7);
        }

        // 5.2.4: S2 is C1 with the time it was read at.
        var s2 = answer.AsSpan(1 + PacketLength);
        hello.CopyTo(s2);
        System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(s2[4..], now);
        input = input.Slice(1 + PacketLength);
        return true;
    }

    /// <summary>C2. What it echoes is not compared: known encoders send other bytes here.</summary>
    public static bool TryReadEcho(ref ReadOnlySequence<byte> input)
    {
        if (input.Length < PacketLength)
        {
            return false;
        }

        input = input.Slice(PacketLength);
        return true;
    }
}
