using System.Buffers.Binary;

namespace Weir.Bench.Load;

/// <summary>Counts the coded bytes in FLV tags.</summary>
internal sealed class FlvPayload
{
    private readonly byte[] _header = new byte[11];
    private int _have;
    private long _skip = 9 + 4; // File header and the first, empty PreviousTagSize.

    public long Bytes { get; private set; }

    public void Receive(ReadOnlySpan<byte> data)
    {
        while (!data.IsEmpty)
        {
            if (_skip > 0)
            {
                var skipped = (int)Math.Min(_skip, data.Length);
                _skip -= skipped;
                data = data[skipped..];
                continue;
            }

            var taken = Math.Min(_header.Length - _have, data.Length);
            data[..taken].CopyTo(_header.AsSpan(_have));
            _have += taken;
            data = data[taken..];
            if (_have == _header.Length)
            {
                var length = (_header[1] << 16) | (_header[2] << 8) | _header[3];
                Bytes += (_header[0] & 0x1f) switch { 8 => Math.Max(0, length - 2), 9 => Math.Max(0, length - 5), _ => 0 };
                _skip = length + 4;
                _have = 0;
            }
        }
    }
}

/// <summary>Counts the bytes in <c>mdat</c> boxes.</summary>
internal sealed class Mp4Payload
{
    private readonly byte[] _header = new byte[8];
    private int _have;
    private long _left;
    private bool _media;

    public long Bytes { get; private set; }

    public void Receive(ReadOnlySpan<byte> data)
    {
        while (!data.IsEmpty)
        {
            if (_left > 0)
            {
                var passed = (int)Math.Min(_left, data.Length);
                Bytes += _media ? passed : 0;
                _left -= passed;
                data = data[passed..];
                continue;
            }

            var taken = Math.Min(_header.Length - _have, data.Length);
            data[..taken].CopyTo(_header.AsSpan(_have));
            _have += taken;
            data = data[taken..];
            if (_have == _header.Length)
            {
                var size = BinaryPrimitives.ReadUInt32BigEndian(_header);
                if (size < 8)
                {
                    throw new LoadException($"MP4 box of size {size} in a fragment");
                }

                _media = _header.AsSpan(4).SequenceEqual("mdat"u8);
                _left = size - 8;
                _have = 0;
            }
        }
    }
}
