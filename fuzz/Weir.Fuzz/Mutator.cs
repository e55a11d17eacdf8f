using System.Buffers.Binary;

namespace Weir.Fuzz;

/// <summary>Makes an input out of others: some changes to one of them, often with a piece of another.</summary>
internal sealed class Mutator(Random random)
{
    private const int MaxLength = 4096;
    private const int MaxPiece = 64;
    private static readonly uint[] Edges = [0, 1, 2, 3, 4, 7, 8, 15, 16, 31, 32, 63, 64, 127, 128, 255, 256, 1023, 4095, 32767, 32768, 65535, 1 << 24, int.MaxValue, 1u << 31, uint.MaxValue];
    private readonly byte[] _bytes = new byte[MaxLength];
    private int _length;

    /// <summary>The result holds until the next call.</summary>
    public ReadOnlyMemory<byte> Make(IReadOnlyList<byte[]> corpus)
    {
        var seed = corpus[random.Next(corpus.Count)];
        _length = Math.Min(seed.Length, MaxLength);
        seed.AsSpan(0, _length).CopyTo(_bytes);
        for (var left = 1 << random.Next(5); left > 0; left--)
        {
            Change(corpus);
        }

        return _bytes.AsMemory(0, _length);
    }

    private void Change(IReadOnlyList<byte[]> corpus)
    {
        var at = random.Next(_length + 1);
        var rest = _bytes.AsSpan(at, _length - at);
        switch (random.Next(9))
        {
            case 0 when rest.Length > 0:
                rest[0] = (byte)random.Next(256);
                break;
            case 1 when rest.Length > 0:
                rest[0] ^= (byte)(1 << random.Next(8));
                break;
            case 2 when rest.Length > 0:
                rest[0] += (byte)random.Next(-16, 17);
                break;
            case 3 when rest.Length > 1:
                BinaryPrimitives.WriteUInt16BigEndian(rest, (ushort)Edges[random.Next(Edges.Length)]);
                break;
            case 4 when rest.Length > 3:
                BinaryPrimitives.WriteUInt32BigEndian(rest, Edges[random.Next(Edges.Length)]);
                break;
            case 5:
                Remove(at, random.Next(1, MaxPiece));
                break;
            case 6 when rest.Length > 0:
                Insert(random.Next(_length + 1), rest[..random.Next(1, Math.Min(rest.Length, MaxPiece) + 1)].ToArray());
                break;
            case 7:
                var other = corpus[random.Next(corpus.Count)];
                if (other.Length > 0)
                {
                    var from = random.Next(other.Length);
                    Insert(at, other.AsSpan(from, random.Next(1, Math.Min(other.Length - from, MaxPiece) + 1)));
                }

                break;
            default:
                Insert(at, [(byte)random.Next(256)]);
                break;
        }
    }

    private void Remove(int at, int count)
    {
        count = Math.Min(count, _length - at);
        _bytes.AsSpan(at + count, _length - at - count).CopyTo(_bytes.AsSpan(at));
        _length -= count;
    }

    private void Insert(int at, ReadOnlySpan<byte> piece)
    {
        piece = piece[..Math.Min(piece.Length, MaxLength - _length)];
        _bytes.AsSpan(at, _length - at).CopyTo(_bytes.AsSpan(at + piece.Length));
        piece.CopyTo(_bytes.AsSpan(at));
        _length += piece.Length;
    }
}
