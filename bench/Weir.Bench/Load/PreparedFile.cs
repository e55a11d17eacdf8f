using System.Buffers.Binary;

namespace Weir.Bench.Load;

/// <summary>A prepared FLV file in memory, for any number of publishers.</summary>
internal sealed class PreparedFile
{
    private const byte Audio = 8;
    private const byte Video = 9;

    public PreparedFile(string file, uint milliseconds)
    {
        Milliseconds = milliseconds;
        var headers = new List<RtmpPublisher.Tag>();
        var frames = new List<RtmpPublisher.Tag>();
        var data = File.ReadAllBytes(file).AsSpan(9 + 4);
        while (data.Length >= 11)
        {
            var length = BinaryPrimitives.ReadInt32BigEndian(data) & 0xffffff;
            var timestamp = (BinaryPrimitives.ReadUInt32BigEndian(data[4..]) >> 8) | ((uint)data[7] << 24);
            var tag = new RtmpPublisher.Tag((byte)(data[0] & 0x1f), timestamp, data.Slice(11, length).ToArray());
            (tag.Type is not (Audio or Video) || tag.IsHeader ? headers : frames).Add(tag);
            data = data[(11 + length + 4)..];
        }

        // The file's sound and picture each are in order, the two together need not be.
        (Headers, Frames) = (headers, [.. frames.OrderBy(frame => frame.Timestamp)]);
    }

    public uint Milliseconds { get; }

    public IReadOnlyList<RtmpPublisher.Tag> Headers { get; }

    public IReadOnlyList<RtmpPublisher.Tag> Frames { get; }
}
