using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.StaticFiles;
using Weir.Hosting.Texts;

namespace Weir.Social.Files;

/// <summary>A name from somebody else's computer, made harmless on everybody's: it is shown, and saved under on any system.</summary>
internal static class FileName
{
    private const int MaxLength = 100;
    private const int MaxExtension = 12;
    private static readonly FileExtensionContentTypeProvider Types = new();

    /// <summary>
    /// Its last part as a line of text (<see cref="UserText"/>) without what has a meaning to a file system (paths, reserved names and
    /// characters, dots at either end);
    /// null when the bytes were no UTF-8.
    /// </summary>
    public static string? Parse(string? typed, string otherwise)
    {
        if (typed is null)
        {
            return otherwise;
        }

        // A lone surrogate is no text, and every byte that was no UTF-8 is read as the replacement character.
        var last = typed[(typed.LastIndexOfAny(['/', '\\']) + 1)..];
        if (last.Contains('\uFFFD') || UserText.RepairLine(last) is not { } text)
        {
            return null;
        }

        // Cutting can leave what counts as an extension now, or half a flag: once more, until nothing changes. A saved name keeps its
        // name when it is sent on.
        for (var shaped = Shape(text); shaped != text; shaped = Shape(text))
        {
            text = shaped;
        }

        return UserText.IsVisible(text) ? text : otherwise;
    }

    private static string Shape(string text)
    {
        text = WithoutReserved(text).Trim(' ', '.', '~');
        var extension = Path.GetExtension(text);
        extension = extension.Length is > 1 and <= MaxExtension ? extension : "";
        var stem = Cut(text[..^extension.Length].TrimEnd(' ', '.', '~'), MaxLength - extension.Length);
        return stem.Length == 0 ? "" : (IsReserved(stem) ? "_" + stem : stem) + extension;
    }

    /// <summary>
    /// One blank where there were several, and nothing that a file system has another meaning for: some keep such characters as private
    /// ones.
    /// </summary>
    private static string WithoutReserved(string text)
    {
        var name = new StringBuilder(text.Length);
        foreach (var rune in (UserText.RepairLine(text) ?? "").EnumerateRunes())
        {
            if (Rune.IsWhiteSpace(rune))
            {
                name.Append(name.Length > 0 && name[^1] != ' ' ? " " : "");
            }
            else if (rune.Value is '<' or '>' or ':' or '"' or '|' or '?' or '*' or '%')
            {
                name.Append('_');
            }
            else if (Rune.GetUnicodeCategory(rune) is not UnicodeCategory.PrivateUse)
            {
                name.Append(rune.ToString());
            }
        }

        return name.ToString();
    }

    /// <summary>The media type that the name suggests.</summary>
    public static string TypeOf(string name) => Types.TryGetContentType(name, out var type) ? type : "application/octet-stream";

    // Windows has devices of these names in every folder, with any extension.
    private static bool IsReserved(string stem)
    {
        var first = stem.Split('.')[0].TrimEnd().ToUpperInvariant();
        return first is "CON" or "PRN" or "AUX" or "NUL" or "CONIN$" or "CONOUT$"
            || (first.Length == 4 && first[..3] is "COM" or "LPT" && first[3] is (>= '0' and <= '9') or '¹' or '²' or '³');
    }

    private static string Cut(string text, int length)
    {
        // File systems count bytes: 255 of them. Four for each character is the most there can be.
        while (text.Length > length || Encoding.UTF8.GetByteCount(text) > 200)
        {
            text = text[..^(text.Length > 1 && char.IsLowSurrogate(text[^1]) ? 2 : 1)];
        }

        return text.TrimEnd(' ', '.', '~');
    }
}
