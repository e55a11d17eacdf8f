namespace Weir.Media.Formats;

/// <summary>What a picture that is called a keyframe says of itself.</summary>
public enum KeyPictureKind
{
    /// <summary>Nothing in it lets a decoder begin.</summary>
    None,

    /// <summary>A recovery point that is exact at once; whether a decoder may begin depends on the pictures around it.</summary>
    RecoveryPoint,

    /// <summary>An IDR picture, or what HEVC has in its place: a decoder can begin.</summary>
    Complete,
}

/// <summary>Looks into keyframes: where a decoder can begin, and parameter sets in band. Payloads are well formed.</summary>
public static class KeyPicture
{
    private const int H264Idr = 5;
    private const int H264Sei = 6;
    private const int H264Sps = 7;
    private const int H264Pps = 8;
    private const int RecoveryPointSei = 6;

    /// <summary>ITU-T H.264 7.4.1.2.4 and D.2.8.</summary>
    public static KeyPictureKind OfH264(ReadOnlySpan<byte> payload)
    {
        var kind = KeyPictureKind.None;
        foreach (var unit in new NalUnits(payload))
        {
            switch (unit[0] & 0x1f)
            {
                case H264Idr:
                    return KeyPictureKind.Complete;
                case H264Sei when IsExactRecoveryPoint(unit):
                    kind = KeyPictureKind.RecoveryPoint;
                    break;
                default:
                    break;
            }
        }

        return kind;
    }

    /// <summary>ITU-T H.265 7.4.2.2: pictures of the types 16 to 23 are random access points, and decoders skip what leads them.</summary>
    public static KeyPictureKind OfHevc(ReadOnlySpan<byte> payload)
    {
        foreach (var unit in new NalUnits(payload))
        {
            if (((unit[0] >> 1) & 0x3f) is >= 16 and <= 23)
            {
                return KeyPictureKind.Complete;
            }
        }

        return KeyPictureKind.None;
    }

    /// <summary>The first of each kind, empty where there is none.</summary>
    public static void ParameterSetsOfH264(ReadOnlySpan<byte> payload, out ReadOnlySpan<byte> sps, out ReadOnlySpan<byte> pps)
    {
        sps = pps = default;
        foreach (var unit in new NalUnits(payload))
        {
            switch (unit[0] & 0x1f)
            {
                case H264Sps when sps.IsEmpty:
                    sps = unit;
                    break;
                case H264Pps when pps.IsEmpty:
                    pps = unit;
                    break;
                default:
                    break;
            }
        }
    }

    // 7.3.2.3.1: type and size are sums of bytes, of which 255 says that another follows. The first bits of recovery_point are
    // recovery_frame_cnt; ue(v) of 0 is one bit that is set.
    private static bool IsExactRecoveryPoint(ReadOnlySpan<byte> unit)
    {
        Span<byte> buffer = stackalloc byte[1024];
        var rest = NalUnits.Unescape(unit[1..], buffer);
        while (TrySum(ref rest, out var type) && TrySum(ref rest, out var size) && size > 0 && size <= rest.Length)
        {
            if (type == RecoveryPointSei)
            {
                return (rest[0] & 0x80) != 0;
            }

            rest = rest[size..];
        }

        return false;
    }

    private static bool TrySum(ref ReadOnlySpan<byte> rest, out int sum)
    {
        sum = 0;
        while (!rest.IsEmpty)
        {
            var next = rest[0];
            rest = rest[1..];
            sum += next;
            if (next != 255)
            {
                return true;
            }
        }

        return false;
    }
}
