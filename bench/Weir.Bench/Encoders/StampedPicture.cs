namespace Weir.Bench.Encoders;

/// <summary>
/// Raw pictures (yuv420p) with the current time in them as blocks so large that no encoder at any sensible bit rate can
/// blur them; <c>Browser/stamps.js</c> reads them. Something moves below, so that the encoder has work.
/// </summary>
internal sealed class StampedPicture
{
    public const int Width = 640;
    public const int Height = 360;
    public const int FramesPerSecond = 30;

    private const int Block = 32;
    private const int BitsPerRow = 16;
    private const byte Black = 16;
    private const byte White = 235;

    private readonly byte[] _picture = new byte[Width * Height * 3 / 2];
    private int _count;

    public StampedPicture() => _picture.AsSpan(Width * Height).Fill(128);

    /// <summary>Draws the next picture; it is valid until the next call.</summary>
    public ReadOnlyMemory<byte> Draw(long unixMilliseconds)
    {
        Move();
        var high = (int)(unixMilliseconds >> 32) & 0xffff;
        var middle = (int)(unixMilliseconds >> 16) & 0xffff;
        var low = (int)unixMilliseconds & 0xffff;
        Row(0, high);
        Row(1, middle);
        Row(2, low);
        Row(3, (high ^ (middle * 3) ^ (low * 5) ^ 0xa5c3) & 0xffff);
        return _picture;
    }

    private void Row(int row, int bits)
    {
        for (var i = 0; i < BitsPerRow; i++)
        {
            var luma = (bits >> (BitsPerRow - 1 - i) & 1) == 1 ? White : Black;
            for (var y = row * Block; y < (row + 1) * Block; y++)
            {
                _picture.AsSpan((y * Width) + (i * Block), Block).Fill(luma);
            }
        }
    }

    private void Move()
    {
        _count++;
        for (var y = 4 * Block; y < Height; y++)
        {
            var line = _picture.AsSpan(y * Width, Width);
            for (var x = 0; x < Width; x++)
            {
                line[x] = (byte)(48 + (((x + (4 * _count)) ^ (y + _count)) & 0x7f));
            }
        }
    }
}
