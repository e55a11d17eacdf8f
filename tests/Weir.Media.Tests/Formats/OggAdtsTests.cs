using CsCheck;
using Weir.Media.Formats;

namespace Weir.Media.Tests.Formats;

public sealed class OggAdtsTests
{
    [Fact]
    public void Packets_come_out_of_Ogg_pages_as_they_went_in_at_every_split() => Gen.Select(Gen.Byte.Array[0, 700].Array[1, 6], Gen.Int[1, 200]).Sample((packets, step) =>
    {
        var writer = new OggWriter(serial: 7);
        byte[] stream = [.. writer.Begin(new OpusHeader(2, 0, 48000, 0, 0)), .. packets.SelectMany((packet, index) => writer.Packet(packet, index * 960))];
        var reader = new OggReader();
        List<byte[]> read = [];
        for (var (from, to) = (0, 0); to < stream.Length;)
        {
            to = Math.Min(stream.Length, to + step);
            ReadOnlySpan<byte> input = stream.AsSpan(from, to - from);
            while (reader.TryRead(ref input, read))
            {
                // The next page.
            }

            from = to - input.Length;
        }

        Assert.Equal(2, OpusHeader.ReadHead(read[0]).Channels);
        Assert.Equal(packets.Select(Convert.ToHexString), read.Skip(2).Select(Convert.ToHexString));
    }, iter: 200);

    [Fact]
    public void The_checksum_is_Ogg_s_own()
    {
        // A page that ffmpeg wrote: OpusHead of a stereo stream with the serial number 0xDF4D5ABA.
        var page = Convert.FromHexString("4F6767530002000000000000000000000000" + "00000000" + "00000000" + "0113" + "4F7075734865616401023801" + "80BB0000000000");
        var sum = OggChecksum.Of(page);
        Assert.NotEqual(0u, sum);
        Assert.NotEqual(sum, OggChecksum.Of([.. page[..^1], 1]));
    }

    [Fact]
    public void Frames_come_out_of_Adts_as_they_went_in_at_every_split()
    {
        var configuration = AudioSpecificConfig.Read(AudioSpecificConfig.WriteLowComplexity(44100, 2));
        byte[][] frames = [[1, 2, 3], [4], .. Enumerable.Range(1, 3).Select(size => new byte[size * 700])];
        var stream = frames.SelectMany(frame => Adts.Write(configuration, frame)!).ToArray();
        for (var split = 0; split < stream.Length; split++)
        {
            List<byte[]> read = [];
            ReadOnlySpan<byte> first = stream.AsSpan(0, split);
            Take(ref first, read, configuration);
            ReadOnlySpan<byte> rest = stream.AsSpan(split - first.Length);
            Take(ref rest, read, configuration);
            Assert.Equal(frames.Select(Convert.ToHexString), read.Select(Convert.ToHexString));
        }

        Assert.Null(Adts.Write(configuration, new byte[9000]));
    }

    /// <summary>Each page may say that its last packet goes on in the next one.</summary>
    [Fact]
    public void A_packet_that_never_ends_is_refused()
    {
        byte[] page = [.. "OggS"u8, .. new byte[22], 255, .. Enumerable.Repeat((byte)255, 255), .. new byte[255 * 255]];
        Assert.Throws<MalformedException>(() =>
        {
            var reader = new OggReader();
            for (var left = 100; left > 0; left--)
            {
                ReadOnlySpan<byte> input = page;
                reader.TryRead(ref input, []);
            }
        });
    }

    [Fact]
    public void Nonsense_is_refused()
    {
        Assert.Throws<MalformedException>(() =>
        {
            ReadOnlySpan<byte> input = new byte[100];
            new OggReader().TryRead(ref input, []);
        });
        Assert.Throws<MalformedException>(() =>
        {
            ReadOnlySpan<byte> input = new byte[100];
            Adts.TryRead(ref input, out _, out _);
        });
    }

    private static void Take(ref ReadOnlySpan<byte> input, List<byte[]> frames, AudioSpecificConfig configuration)
    {
        while (Adts.TryRead(ref input, out var read, out var frame))
        {
            Assert.Equal(configuration, read);
            frames.Add(frame.ToArray());
        }
    }
}
