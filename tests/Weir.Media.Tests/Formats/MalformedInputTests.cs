using CsCheck;
using Weir.Media.Broadcasting;
using Weir.Media.Formats;

namespace Weir.Media.Tests.Formats;

/// <summary>Whatever the bytes, a parser gives a value or a <see cref="MalformedException"/>: nothing else, and in bounded time.</summary>
public class MalformedInputTests
{
    private static readonly (string Name, Action<byte[]> Parse)[] Parsers =
    [
        ("avcC", bytes => Tracks.FromAvcC(bytes)),
        ("hvcC", bytes => Tracks.FromHvcC(bytes)),
        ("av1C", bytes => Tracks.FromAv1C(bytes)),
        ("AudioSpecificConfig", bytes => Tracks.FromAac(bytes)),
        ("OpusHead", bytes => Tracks.FromOpusHead(bytes)),
        ("dOps", bytes => Tracks.FromDOps(bytes)),
        ("SPS", bytes => H264Sps.Read(bytes)),
        ("HEVC SPS", bytes => HevcSps.Read(bytes)),
        ("AV1 sequence header", bytes => Av1SequenceHeader.Read(bytes)),
        ("OBUs", bytes => Obus.AreWellFormed(bytes)),
        ("AMF0", bytes => Amf0Reader.ReadAll(bytes)),
        ("FLV video", bytes => InBounds(bytes, FlvReader.ReadVideo(bytes).Offset, FlvReader.ReadVideo(bytes).Length)),
        ("FLV audio", bytes => InBounds(bytes, FlvReader.ReadAudio(bytes).Offset, FlvReader.ReadAudio(bytes).Length)),
        ("NAL lengths", bytes => NalUnits.WithFourByteLengths(bytes, 2)),
        ("NAL check", bytes => NalUnits.AreWellFormed(bytes)),
        ("Opus packet", bytes => OpusHeader.SamplesOf(bytes)),
    ];

    [Fact]
    public void Random_bytes_are_read_or_refused_by_every_parser() =>
        Gen.Select(Gen.Int[0, Parsers.Length - 1], Gen.Byte.Array[0, 96]).Sample((parser, bytes) => Survives(parser, bytes), iter: 60_000);

    [Fact]
    public async Task Real_records_with_changed_bytes_are_read_or_refused_by_every_parser()
    {
        byte[][] seeds =
        [
            await Samples.Box("h264.mp4", "avcC"),
            await Samples.Box("hevc.mp4", "hvcC"),
            await Samples.Box("av1.mp4", "av1C"),
            await Samples.Box("hevc.mp4", "dOps"),
            OpusHeader.ReadDOps(await Samples.Box("hevc.mp4", "dOps")).WriteHead(),
            Convert.FromHexString("2b920800"),
            Amf0Writer.Write("connect", 1, new Amf0Object { { "app", "live" }, { "list", new List<object?> { 1.0, "x", null } } }),
            [.. Convert.FromHexString("97020000010061766331"), 1, 2, 3, 4, 5, 6],
            [.. Convert.FromHexString("9611617663310000000500000000010203"), 1, 2, 3, 4, 5, 6],
        ];
        Gen.Select(Gen.Int[0, Parsers.Length - 1], Gen.Int[0, seeds.Length - 1], Gen.Int[0, 512], Gen.Byte, Gen.Int[0, 512])
            .Sample((parser, seed, at, value, length) =>
            {
                var bytes = seeds[seed].ToArray();
                bytes[at % bytes.Length] = value;
                Survives(parser, length < bytes.Length ? bytes[..length] : bytes);
            }, iter: 60_000);
    }

    [Fact]
    public void Nesting_deeper_than_the_bound_is_refused()
    {
        byte[] bytes = [.. Enumerable.Repeat<byte[]>([3, 0, 1, (byte)'a'], 4000).SelectMany(b => b)];
        Assert.Throws<MalformedException>(() => Amf0Reader.ReadAll(bytes));
    }

    [Fact]
    public void More_values_than_the_bound_are_refused() =>
        Assert.Throws<MalformedException>(() => Amf0Reader.ReadAll(Enumerable.Repeat((byte)5, Amf0Reader.MaxValues + 1).ToArray()));

    private static void Survives(int parser, byte[] bytes)
    {
        try
        {
            Parsers[parser].Parse(bytes);
        }
        catch (MalformedException)
        {
            // The one refusal there is.
        }
        catch (Exception e)
        {
            throw new InvalidOperationException($"{Parsers[parser].Name} threw {e.GetType().Name} for {Convert.ToHexString(bytes)}", e);
        }
    }

    private static void InBounds(byte[] bytes, int offset, int length)
    {
        if (offset < 0 || length < 0 || offset + length > bytes.Length)
        {
            throw new InvalidOperationException($"{offset}+{length} of {bytes.Length}");
        }
    }
}
