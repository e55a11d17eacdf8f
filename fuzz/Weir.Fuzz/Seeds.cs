using Weir.Media.Formats;
using Weir.Media.Rtmp;

namespace Weir.Fuzz;

/// <summary>Valid inputs to begin with: parameter sets that x264, x265 and SVT-AV1 wrote, and wire samples of the tests.</summary>
internal static class Seeds
{
    public static readonly byte[] AvcC = Convert.FromHexString("0164000dffe1001f6764000dacd94144066f2ffe0004000504000003000400000300c83c50a65801000668ebe3cb22c0");

    /// <summary>None for a target that is not known.</summary>
    public static IReadOnlyList<byte[]> Of(string target) => target switch
    {
        "rtmp-session" => RtmpTalk.Seeds(),
        "amf0" or "rtmp-command" => [Amf0Writer.Write("connect", 1, new Amf0Object { { "app", "live" }, { "list", new List<object?> { 1.0, "x", null } } })],
        "flv-video" =>
        [
            Convert.FromHexString("97020000010368766331aabb"),
            Convert.FromHexString("96236176303101000001ff68766331000000021122"),
            Convert.FromHexString("1701000028000000026501"),
        ],
        "flv-audio" => [Convert.FromHexString("95014f70757300aabb"), Convert.FromHexString("af001210")],
        "avcc" => [AvcC],
        "hvcc" => [Convert.FromHexString("0101600000009000000000001ef000fcfdf8f800000f03a00001001840010c01ffff01600000030090000003000003001e95"
                + "9409a10001002842010101600000030090000003000003001ea0208105965654a4c2f0168080000003008000000504a20001"
                + "00064401c073c089")],
        "handshake" => [[3, .. new byte[1536]], [3, .. new byte[1536], .. new byte[1536]], [6, .. new byte[20]]],
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
        "stun" =>
        [
            Convert.FromHexString("000100582112a442b7e7a701bc34d686fa87dfae802200105354554e207465737420636c69656e74002400046e0001ff80290008932ff9b151263b36"
                + "000600096576746a3a68367659202020000800149aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a280280004e57a3bcf"),
        ],
        "rtp-framing" => [Convert.FromHexString("0003aabbcc00000001dd"), Convert.FromHexString("05dd")],
        "rtp" => [Convert.FromHexString("b1e01234100000002000000030000000bede000151aabb000102030002")],
        "rtcp" => [Convert.FromHexString("81c90007000000010000000203fffffc00000005000000060000000700000008"), Convert.FromHexString("8fcd00050000000100000002000a0004000001030004d8000a0b0c00")],
        "dtls" or "dtls-handshake" => [DtlsTalk.ClientHello(), .. DtlsTalk.InPieces(DtlsTalk.ClientHello(), 60)],
        "ice-fragment" => ["a=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\na=end-of-candidates\r\n"u8.ToArray()],
        "offer" => [Offer("sendonly"), Offer("recvonly")],
        "h264-rtp" => [Convert.FromHexString("0f7800046742e01f000468ce3c8000016505" + "047c85aabb" + "037c45cc")],
        "sdp" =>
        [
            System.Text.Encoding.UTF8.GetBytes("v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:0\r\n"
                + "a=extmap:9 urn:ietf:params:rtp-hdrext:sdes:mid\r\na=rtpmap:96 H264/90000\r\na=fmtp:96 packetization-mode=1\r\na=rtcp-fb:96 nack pli\r\n"),
        ],
        "srtp" => RtpTalk.SealedSeeds(),
        "whip-session" => RtpTalk.Seeds(),
        "rtmp-aggregate" =>
        [
            Convert.FromHexString("0900000200000a00000000" + "1701" + "0000000d" + "0800000200001400000000" + "af01" + "0000000d"),
            // Without the last length; of no message at all.
            Convert.FromHexString("120000010000000000000002"),
        ],
        "stream-address" => ["key?x=1&y\nlive?ticket=T%20\nrtmp://h/live?a=b&ticket=U"u8.ToArray(), "/0123456789abcdef?ticket=%ZZ\n/live/\n"u8.ToArray()],
        "key-picture" => [Convert.FromHexString("000000046742e01f0000000468ce3c800000000265880000000406060180"), Convert.FromHexString("00000003260180" + "0000000206050000")],
        "adts" => [Adts.Write(AudioSpecificConfig.Read([0x12, 0x10]), [1, 2, 3])!, Convert.FromHexString("fff05080017ffc0000aabb")],
        "ogg" => [[.. new OggWriter(1).Begin(new OpusHeader(2, 312, 48000, 0, 0)), .. new OggWriter(1).Packet(new byte[300], 960)]],
        "hls-request" => ["12\n3\nYES\nmain\n0a1b2c3d-12.3.m4s"u8.ToArray(), "9223372036854775808\n-1\nv2\naudio\ninit-0123456789ab.mp4"u8.ToArray()],
        "m3u8" => ["#EXTM3U\r\n#EXT-X-MAP:URI=\"a,b\",BYTERANGE=\"1@0\"\n#EXTINF:2.0,\n# comment\nx.mp4\n"u8.ToArray()],
        "watch" => WatchTalk.Seeds(),
        "mp4-boxes" or "mp4-fragment" or "recording-media" or "recording-index" or "recording" or "events" => RecordingTargets.Seeds(target),
        _ => [],
    };

    private static byte[] Offer(string direction) => System.Text.Encoding.UTF8.GetBytes(
        "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1\r\na=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\na=setup:actpass\r\na=fingerprint:sha-256 "
        + string.Join(':', Enumerable.Repeat("AB", 32)) + $"\r\nm=video 9 UDP/TLS/RTP/SAVPF 96 97\r\na=mid:0\r\na={direction}\r\na=rtcp-mux\r\na=rtpmap:96 H264/90000\r\n"
        + "a=fmtp:96 packetization-mode=1;profile-level-id=42e01f;sprop-parameter-sets=Z0LAH9oBQBboQAAAAwBAAAAPA8UKkg==,aM4yyA==\r\na=rtcp-fb:96 nack\r\na=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96\r\n"
        + $"m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:1\r\na={direction}\r\na=rtcp-mux\r\na=rtpmap:111 opus/48000/2\r\na=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid\r\n");

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
