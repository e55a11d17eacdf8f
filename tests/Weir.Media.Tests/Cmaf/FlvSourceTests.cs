using System.Buffers.Binary;
using Weir.Media.Broadcasting;
using Weir.Media.Formats;
using Weir.Media.Tests.Mp4;

namespace Weir.Media.Tests.Cmaf;

public sealed class FlvSourceTests
{
    [Fact]
    public void FLV_as_ffmpeg_publishes_it_with_B_frames_is_packaged_without_a_warning_and_in_sync()
    {
        var path = Path.Combine(Path.GetTempPath(), $"weir-flv-{Guid.NewGuid():N}.flv");
        try
        {
            var (exit, _, error) = Sample.Run(
                "ffmpeg",
                "-v error -y -f lavfi -i testsrc2=size=192x108:rate=25 -f lavfi -i sine=sample_rate=44100 "
                + $"-c:v libx264 -preset veryfast -bf 2 -g 50 -pix_fmt yuv420p -c:a aac -t 6 -flvflags no_duration_filesize {path}");
            Assert.True(exit == 0, error);
            var frames = Read(File.ReadAllBytes(path));
            var stage = new Stage();
            stage.Play(stage.Publish(), frames);
            stage.End();
            PackagerTests.AssertWellFormed(stage.Fragments);
            var file = stage.ToFile();
            Probe.DecodesCleanly(file);
            foreach (var (kind, stream) in new[] { (TrackKind.Video, "v"), (TrackKind.Audio, "a") })
            {
                var expected = frames.Where(f => f.Track.Kind == kind).Select(f => f.Pts / 1e6).Order().ToList();
                var times = Probe.PresentationTimes(file, stream);

                // Sound from before the first picture is left out; times of the rest are those of the source.
                var offset = expected.Count - times.Count;
                Assert.InRange(offset, 0, 4);
                var shift = frames[0].Dts / 1e6;
                Assert.All(times.Zip(expected.Skip(offset)), pair => Assert.InRange(pair.First - pair.Second + shift, -0.025, 0.025));
            }
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static List<SourceFrame> Read(byte[] file)
    {
        var frames = new List<SourceFrame>();
        Track? video = null, audio = null;
        var at = 9 + 4;
        while (at + 11 <= file.Length)
        {
            var size = (int)(BinaryPrimitives.ReadUInt32BigEndian(file.AsSpan(at)) & 0xFFFFFF);
            var time = ((BinaryPrimitives.ReadUInt32BigEndian(file.AsSpan(at + 4)) >> 8) | ((uint)file[at + 7] << 24)) * 1000L;
            var body = file.AsMemory(at + 11, size);
            if (file[at] == (byte)FlvTagType.Video)
            {
                var tag = FlvReader.ReadVideo(body.Span);
                var payload = body.Slice(tag.Offset, tag.Length);
                if (tag.Packet == FlvPacket.SequenceStart)
                {
                    video = Tracks.FromAvcC(payload);
                }
                else if (tag.Packet == FlvPacket.CodedFrames)
                {
                    frames.Add(new SourceFrame(video!, time, time + (tag.CompositionTime * 1000L), tag.IsKeyframe, payload));
                }
            }
            else if (file[at] == (byte)FlvTagType.Audio)
            {
                var tag = FlvReader.ReadAudio(body.Span);
                var payload = body.Slice(tag.Offset, tag.Length);
                if (tag.Packet == FlvPacket.SequenceStart)
                {
                    audio = Tracks.FromAac(payload);
                }
                else if (tag.Packet == FlvPacket.CodedFrames)
                {
                    frames.Add(new SourceFrame(audio!, time, time, true, payload));
                }
            }

            at += 11 + size + 4;
        }

        return frames;
    }
}
