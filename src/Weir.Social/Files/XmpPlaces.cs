namespace Weir.Social.Files;

/// <summary>
/// The positions and names of places in XMP, which is text. Their values become blanks. One pass: a byte is looked at a few times,
/// whatever stands around it.
/// </summary>
internal static class XmpPlaces
{
    private static ReadOnlySpan<byte> Blanks => " \t\r\n"u8;

    public static bool Clean(Span<byte> head, RemovalBudget budget)
    {
        var removed = false;
        for (var at = 0; head[at..].IndexOf("<x:xmpmeta"u8) is >= 0 and var found;)
        {
            at += found;
            var length = head[at..].IndexOf("</x:xmpmeta>"u8);
            var packet = length < 0 ? head[at..] : head.Slice(at, length);
            removed |= CleanPacket(packet, budget);
            at += packet.Length;
        }

        return removed;
    }

    private static bool CleanPacket(Span<byte> packet, RemovalBudget budget)
    {
        var removed = false;
        for (var at = 0; !budget.Exceeded && packet[at..].IndexOf((byte)':') is >= 0 and var found;)
        {
            var colon = at + found;
            at = colon + 1;
            var name = packet.Slice(at, LetterCount(packet[at..]));
            if (IsPlace(packet[..colon], name) && TryValue(packet, at + name.Length, budget, out var first, out var length))
            {
                // A value with a structure in it (rdf:Alt) has only blanks before the structure.
                var value = packet.Slice(first, length);
                removed |= value.ContainsAnyExcept(Blanks);
                value.Fill((byte)' ');
                at = first + length;
            }
        }

        return removed;
    }

    /// <summary>The longest name has fewer letters than these.</summary>
    private static int LetterCount(ReadOnlySpan<byte> text)
    {
        var count = 0;
        while (count < Math.Min(text.Length, 40) && char.IsAsciiLetterOrDigit((char)text[count]))
        {
            count++;
        }

        return count;
    }

    private static bool IsPlace(ReadOnlySpan<byte> before, ReadOnlySpan<byte> name) =>
        Is(before, "exif"u8) ? name.StartsWith("GPS"u8)
        : Is(before, "photoshop"u8) ? name.SequenceEqual("City"u8) || name.SequenceEqual("State"u8) || name.SequenceEqual("Country"u8)
        : Is(before, "Iptc4xmpCore"u8) ? name.SequenceEqual("Location"u8) || name.SequenceEqual("CountryCode"u8)
        : Is(before, "Iptc4xmpExt"u8)
            && (name.SequenceEqual("City"u8) || name.SequenceEqual("Sublocation"u8) || name.SequenceEqual("ProvinceState"u8)
                || name.SequenceEqual("CountryName"u8) || name.SequenceEqual("CountryCode"u8) || name.SequenceEqual("WorldRegion"u8));

    /// <summary>What ends an element has no value behind it.</summary>
    private static bool Is(ReadOnlySpan<byte> before, ReadOnlySpan<byte> prefix) =>
        before.EndsWith(prefix) && !before[..^prefix.Length].EndsWith((ReadOnlySpan<byte>)[(byte)'/']);

    /// <summary>Behind a name: an attribute's value in either quotes, or an element's text.</summary>
    private static bool TryValue(ReadOnlySpan<byte> packet, int at, RemovalBudget budget, out int first, out int length)
    {
        (first, length) = (0, 0);
        at = SkipBlanks(packet, at);
        if (at >= packet.Length || packet[at] is not ((byte)'=' or (byte)'>'))
        {
            return false;
        }

        var end = (byte)'<';
        if (packet[at] == (byte)'=')
        {
            at = SkipBlanks(packet, at + 1);
            if (at >= packet.Length || packet[at] is not ((byte)'"' or (byte)'\''))
            {
                return false;
            }

            end = packet[at];
        }

        first = at + 1;
        var rest = packet[first..];
        length = rest[..Math.Min(rest.Length, RemovalBudget.MaxText + 1)].IndexOf(end);
        if (length < 0 && rest.Length > RemovalBudget.MaxText)
        {
            budget.RefuseText();
        }

        return length >= 0;
    }

    private static int SkipBlanks(ReadOnlySpan<byte> packet, int at) =>
        packet[at..].IndexOfAnyExcept(Blanks) is >= 0 and var count ? at + count : packet.Length;
}
