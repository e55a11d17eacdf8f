using System.Buffers.Binary;
using Weir.Media.Formats;

namespace Weir.Media.Rtmp;

/// <summary>Several messages in one, RTMP 7.1.6: each behind a header like that of an FLV tag, and before its own length.</summary>
internal static class AggregateMessage
{
    private const string Clause = "RTMP 7.1.6";
    private const int HeaderLength = 11;
    private const int BackPointerLength = 4;

    /// <summary>The next message, whose payload is a part of the aggregate's. False at the end.</summary>
    /// <param name="position">Where it begins; afterwards where the one after it does.</param>
    /// <param name="origin">The time stamp of the first message, which the aggregate's own stands for; null before it was read.</param>
    public static bool TryTake(in RtmpMessage aggregate, ref int position, ref uint? origin, out RtmpMessage message)
    {
        message = default;
        var rest = aggregate.Payload.Span[position..];
        if (rest.IsEmpty)
        {
            return false;
        }

        if (rest.Length < HeaderLength)
        {
            throw new MalformedException(Clause, $"A header of {rest.Length} bytes");
        }

        var length = (rest[1] << 16) | (rest[2] << 8) | rest[3];

        // Of the time stamp the highest byte comes last, as in FLV.
        var time = ((uint)rest[7] << 24) | ((uint)rest[4] << 16) | BinaryPrimitives.ReadUInt16BigEndian(rest[5..]);
        if (length > rest.Length - HeaderLength)
        {
            throw new MalformedException(Clause, $"A message of {length} bytes, {rest.Length - HeaderLength} are left");
        }

        origin ??= time;
        message = new RtmpMessage((RtmpMessageType)rest[0], aggregate.StreamId, aggregate.Timestamp + (time - origin.Value), aggregate.Payload.Slice(position + HeaderLength, length));

        // Some encoders leave out the last length.
        position = Math.Min(position + HeaderLength + length + BackPointerLength, aggregate.Payload.Length);
        return true;
    }
}
