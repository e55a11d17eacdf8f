using Weir.Media.Formats;
using Weir.Media.Rtmp;

namespace Weir.Fuzz;

/// <summary>Valid inputs to begin with: parameter sets that x264, x265 and SVT-AV1 wrote, and wire samples of the tests.</summary>
internal static class Seeds
{
    public static IReadOnlyList<byte[]> Of(string target) => target switch
    {
        "amf0" => [Amf0Writer.Write("connect", 1, new Amf0Object { { "app", "live" }, { "list", new List<object?> { 1.0, "x", null } } })],
        "flv-video" =>
        [
            Convert.FromHexString("97020000010368766331aabb"),
            Convert.FromHexString("96236176303101000001ff68766331000000021122"),
            Convert.FromHexString("1701000028000000026501"),
        ],
        "flv-audio" => [Convert.FromHexString("95014f70757300aabb"), Convert.FromHexString("af001210")],
        "avcc" => [Convert.FromHexString("0164000dffe1001a6764000dacd94144066f2ffe0004000504000003000400000300c83c50a65801000668ebe3cb22c0")],
        "av1c" => [Convert.FromHexString("81000c000a0b00000004 3cffbc da8202 08 40".Replace(" ", ""))],
        "aac" => [Convert.FromHexString("1210"), Convert.FromHexString("2b920800")],
        "opus" => [new OpusHeader(2, 312, 48000, 0, 0).WriteHead()],
        "nal" => [Convert.FromHexString("0002650100036101ff")],
        "obu" => [Convert.FromHexString("12000a0b00000004")],
        "chunks" =>
        [
            ChunkWriter.Message(6, RtmpMessageType.Video, 1, 20_000_000, [], new byte[300], 128),
            Convert.FromHexString("020000000000040100000000000000020600000500000409010000 00aabb040000060000030801000000 1122c6ccddc433".Replace(" ", "")),
        ],
        _ => [new byte[64], Convert.FromHexString("01")],
    };

    /// <summary>A few bytes changed, cut, doubled or put in.</summary>
    public static byte[] Mutate(byte[] seed, Random random)
    {
        List<byte> bytes = [.. seed];
        for (var left = random.Next(6); left >= 0; left--)
        {
            var at = random.Next(bytes.Count + 1);
            switch (random.Next(5))
            {
                case 0 when at < bytes.Count:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 1 when at < bytes.Count:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 2:
                    bytes.RemoveRange(at, Math.Min(bytes.Count - at, random.Next(4)));
                    break;
                case 3:
                    bytes.InsertRange(at, bytes.Skip(at).Take(random.Next(16)).ToArray());
                    break;
                default:
                    bytes.Insert(at, (byte)random.Next(256));
                    break;
            }
        }

        return [.. bytes];
    }
}
