using Google.Protobuf;

namespace Weir.Contracts;

/// <summary>Identifiers in their two outward forms: 32 hexadecimal digits in URLs and JSON, 16 big-endian bytes on the wire.</summary>
public static class Ids
{
    public static string ToText(this Guid id) => id.ToString("N");

    public static bool TryParse(ReadOnlySpan<char> text, out Guid id) => Guid.TryParseExact(text, "N", out id);

    public static ByteString ToWire(this Guid id) => UnsafeByteOperations.UnsafeWrap(id.ToByteArray(bigEndian: true));

    public static Guid FromWire(ByteString bytes) => new(bytes.Span, bigEndian: true);
}
