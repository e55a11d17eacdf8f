using Weir.Media.Broadcasting;
using Weir.Media.Formats;

namespace Weir.Media.Transcoding;

/// <summary>A frame that came out of a transcoder, <paramref name="Count"/> samples of the output after its beginning.</summary>
internal readonly record struct CodedAudio(Track Track, byte[] Payload, long Count, int Samples);

/// <summary>One way of transcoding audio: ffmpeg's arguments, and both pipes' framing. One instance serves one run of ffmpeg.</summary>
internal abstract class AudioCoding
{
    protected static readonly string[] Quietly = ["-hide_banner", "-loglevel", "error", "-probesize", "32", "-analyzeduration", "0"];

    public abstract IReadOnlyList<string> Arguments { get; }

    /// <summary>Hertz of <see cref="CodedAudio.Count"/>.</summary>
    public abstract int OutputRate { get; }

    /// <summary>Samples that the encoder puts before the first of the input.</summary>
    public abstract int Delay { get; }

    /// <summary>What to write for a frame; null when it cannot be written.</summary>
    public abstract byte[]? Write(ReadOnlySpan<byte> frame);

    /// <summary>How long a frame lasts, microseconds.</summary>
    public abstract long DurationOf(ReadOnlySpan<byte> frame);

    /// <summary>Takes what is whole out of the output.</summary>
    /// <exception cref="MalformedException">ffmpeg wrote something else.</exception>
    public abstract void Read(ref ReadOnlySpan<byte> output, List<CodedAudio> frames);

    /// <summary>Null where there is no way from one to the other.</summary>
    public static AudioCoding? Between(Track source, Codec target) => (source.Codec, target) switch
    {
        (Codec.Aac, Codec.Opus) when AudioSpecificConfig.Read(source.Configuration.Span) is var configuration && Adts.Fits(configuration) => new AacToOpus(configuration),
        (Codec.Opus, Codec.Aac) => new OpusToAac(OpusHeader.ReadDOps(source.Configuration.Span)),
        _ => null,
    };

    private sealed class AacToOpus(AudioSpecificConfig configuration) : AudioCoding
    {
        private static readonly Track Opus = Tracks.FromDOps(new OpusHeader(2, 0, OpusHeader.SampleRate, 0, 0).WriteDOps());
        private readonly OggReader _reader = new();
        private readonly List<byte[]> _packets = [];
        private long _count;
        private int _headers;
        private int _preSkip = 312;

        public override IReadOnlyList<string> Arguments { get; } =
        [
            .. Quietly, "-f", "aac", "-i", "pipe:0", "-vn", "-c:a", "libopus", "-b:a", "96k", "-ac", "2", "-ar", "48000", "-application", "lowdelay",
            "-frame_duration", "20", "-f", "ogg", "-page_duration", "20000", "-flush_packets", "1", "pipe:1",
        ];

        public override int OutputRate => OpusHeader.SampleRate;

        public override int Delay => _preSkip;

        public override byte[]? Write(ReadOnlySpan<byte> frame) => Adts.Write(configuration, frame);

        public override long DurationOf(ReadOnlySpan<byte> frame) => configuration.SamplesPerFrame * 1_000_000L / configuration.SampleRate;

        public override void Read(ref ReadOnlySpan<byte> output, List<CodedAudio> frames)
        {
            while (_reader.TryRead(ref output, _packets))
            {
                foreach (var packet in _packets)
                {
                    if (_headers < 2)
                    {
                        // RFC 7845 3: OpusHead, then OpusTags.
                        _preSkip = _headers++ == 0 ? OpusHeader.ReadHead(packet).PreSkip : _preSkip;
                        continue;
                    }

                    var samples = OpusHeader.SamplesOf(packet);
                    frames.Add(new CodedAudio(Opus, packet, _count, samples));
                    _count += samples;
                }

                _packets.Clear();
            }
        }
    }

    private sealed class OpusToAac(OpusHeader header) : AudioCoding
    {
        private const int Rate = 48_000;
        private static readonly Track Aac = Tracks.FromAac(AudioSpecificConfig.WriteLowComplexity(Rate, 2));
        private readonly OggWriter _writer = new(serial: 1);
        private long _position;
        private long _count;
        private bool _begun;

        public override IReadOnlyList<string> Arguments { get; } =
        [
            .. Quietly, "-f", "ogg", "-i", "pipe:0", "-vn", "-c:a", "aac", "-b:a", "128k", "-ac", "2", "-ar", "48000", "-f", "adts", "-flush_packets", "1", "pipe:1",
        ];

        public override int OutputRate => Rate;

        // ffmpeg's encoder begins with one frame of silence.
        public override int Delay => 1024;

        public override byte[]? Write(ReadOnlySpan<byte> frame)
        {
            if (OpusHeader.SamplesOf(frame) is not (> 0 and var samples))
            {
                return null;
            }

            var begin = _begun ? [] : _writer.Begin(header with { PreSkip = 0 });
            _begun = true;
            _position += samples;
            return [.. begin, .. _writer.Packet(frame, _position)];
        }

        public override long DurationOf(ReadOnlySpan<byte> frame) => OpusHeader.SamplesOf(frame) * 1_000_000L / OpusHeader.SampleRate;

        public override void Read(ref ReadOnlySpan<byte> output, List<CodedAudio> frames)
        {
            while (Adts.TryRead(ref output, out _, out var frame))
            {
                frames.Add(new CodedAudio(Aac, frame.ToArray(), _count, 1024));
                _count += 1024;
            }
        }
    }
}
