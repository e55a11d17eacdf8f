using System.Buffers.Binary;

namespace Weir.Media.Formats.Rtp;

/// <summary>A picture out of RTP payloads. Parameter sets are taken out of it, for they live in the configuration.</summary>
/// <param name="Payload">NAL units behind lengths of 4 bytes.</param>
public sealed record H264Picture(ReadOnlyMemory<byte> Payload, bool IsKeyframe, byte[]? Sps, byte[]? Pps);

/// <summary>
/// Puts H.264 pictures together out of the payloads of one time stamp, in order and without gaps (RFC 6184, packetization mode 1). What lacks
/// packets must be thrown away by <see cref="Reset"/>.
/// </summary>
public sealed class H264Depacketizer
{
    /// <summary>A picture is not larger; whoever sends more is not sending pictures.</summary>
    private const int MaxPicture = 4 << 20;
    private const string Clause = "RFC 6184 5";

    private byte[] _picture = new byte[64 << 10];
    private int _length;
    private int _fragmentAt = -1;
    private bool _keyframe;
    private byte[]? _sps;
    private byte[]? _pps;

    /// <summary>Forgets the picture that was begun.</summary>
    public void Reset()
    {
        _length = 0;
        _fragmentAt = -1;
        _keyframe = false;
        _sps = _pps = null;
    }

    /// <summary>Takes the next payload.</summary>
    /// <exception cref="MalformedException">It makes no sense; the picture is lost.</exception>
    public void Take(ReadOnlySpan<byte> payload)
    {
        if (payload.IsEmpty)
        {
            return;
        }

        switch (payload[0] & 0x1f)
        {
            case >= 1 and <= 23:
                CheckNoFragment();
                Add(payload);
                break;
            case 24:
                CheckNoFragment();
                for (var rest = payload[1..]; !rest.IsEmpty;)
                {
                    var length = rest.Length < 2 ? int.MaxValue : BinaryPrimitives.ReadUInt16BigEndian(rest);
                    if (length > rest.Length - 2 || length == 0)
                    {
                        throw new MalformedException("RFC 6184 5.7.1", "A STAP-A's sizes do not add up");
                    }

                    Add(rest.Slice(2, length));
                    rest = rest[(2 + length)..];
                }

                break;
            case 28:
                TakeFragment(payload);
                break;
            case var type:
                throw new MalformedException(Clause, $"Type {type} is not of packetization mode 1");
        }
    }

    /// <summary>The picture is whole (marker, or another time stamp): gives it, null when nothing was left of it.</summary>
    public H264Picture? Finish()
    {
        CheckNoFragment();
        var picture = _length == 0 && _sps is null && _pps is null ? null : new H264Picture(_picture.AsSpan(0, _length).ToArray(), _keyframe, _sps, _pps);
        Reset();
        return picture;
    }

    private void TakeFragment(ReadOnlySpan<byte> payload)
    {
        if (payload.Length < 3)
        {
            throw new MalformedException("RFC 6184 5.8", "An FU-A without content");
        }

        var (start, end) = ((payload[1] & 0x80) != 0, (payload[1] & 0x40) != 0);
        if (start != _fragmentAt < 0)
        {
            throw new MalformedException("RFC 6184 5.8", start ? "An FU-A begins within another" : "An FU-A goes on that never began");
        }

        if (start)
        {
            _fragmentAt = _length;
            Append([0, 0, 0, 0, (byte)((payload[0] & 0xe0) | (payload[1] & 0x1f))]);
        }

        Append(payload[2..]);
        if (end)
        {
            // What was put together is taken again as a unit like any other.
            var at = _fragmentAt;
            var unit = _picture.AsSpan(at + 4, _length - at - 4).ToArray();
            (_fragmentAt, _length) = (-1, at);
            Add(unit);
        }
    }

    private void Add(ReadOnlySpan<byte> unit)
    {
        switch (unit[0] & 0x1f)
        {
            case 7:
                _sps = unit.ToArray();
                break;
            case 8:
                _pps = unit.ToArray();
                break;
            case 9 or 12:
                break;
            case var type:
                _keyframe |= type == 5;
                Span<byte> length = stackalloc byte[4];
                BinaryPrimitives.WriteInt32BigEndian(length, unit.Length);
                Append(length);
                Append(unit);
                break;
        }
    }

    private void Append(ReadOnlySpan<byte> bytes)
    {
        if (_length + bytes.Length > MaxPicture)
        {
            throw new MalformedException(Clause, $"A picture of more than {MaxPicture} bytes");
        }

        if (_length + bytes.Length > _picture.Length)
        {
            Array.Resize(ref _picture, Math.Max(_picture.Length * 2, _length + bytes.Length));
        }

        bytes.CopyTo(_picture.AsSpan(_length));
        _length += bytes.Length;
    }

    private void CheckNoFragment()
    {
        if (_fragmentAt >= 0)
        {
            throw new MalformedException("RFC 6184 5.8", "An FU-A never ended");
        }
    }
}
