using BenchmarkDotNet.Attributes;
using Weir.Media.Broadcasting;
using Weir.Media.Formats.Mp4;
using Weir.Media.Rtmp;

namespace Weir.Bench.Micro;

/// <summary>What happens once for each frame, whatever the number of viewers: each wire form built from it.</summary>
[MemoryDiagnoser]
public class InnerLoops
{
    private static readonly Track H264 = new(TrackKind.Video, Codec.H264, new byte[40], "avc1.42c01e") { Width = 640, Height = 360 };
    private byte[] _payload = [];
    private Mp4Run[] _runs = [];

    /// <summary>Bytes: a picture between keyframes and a keyframe of a 1 Mbit/s stream.</summary>
    [Params(4_000, 40_000)]
    public int Picture { get; set; }

    [GlobalSetup]
    public void Prepare()
    {
        _payload = new byte[Picture];
        new Random(1).NextBytes(_payload);
        _runs = [new Mp4Run(1, 90_000, true, [new Mp4Sample(33_333, 0, true, _payload)])];
    }

    [Benchmark(Description = "RTMP chunks of a picture")]
    public byte[] RtmpChunks() => ChunkWriter.Message(RtmpMessageType.Video, ChunkWriter.MessageStream, 1000, _payload);

    [Benchmark(Description = "FLV tag of a picture")]
    public byte[] FlvTag() => FlvForms.Tags.Of(new Frame
    {
        Index = 1, Kind = FrameKind.Video, Dts = 1_000_000, Pts = 1_000_000, WallClock = 0, Track = H264, Payload = _payload,
    });

    [Benchmark(Description = "fMP4 fragment of a picture")]
    public byte[] Fragment() => FragmentWriter.Write(1, _runs);
}
