using System.Text;
using CsCheck;
using Microsoft.Net.Http.Headers;
using Weir.Hosting.Texts;
using Weir.Social.Files;

namespace Weir.Social.Tests;

public sealed class FileNameTests
{
    [Theory]
    [InlineData("report.pdf", "report.pdf")]
    [InlineData("../../etc/passwd", "passwd")]
    [InlineData("C:\\Users\\anna\\photo.jpg", "photo.jpg")]
    [InlineData("会议记录.docx", "会议记录.docx")]
    [InlineData("photo\u202Egpj.exe", "photogpj.exe")]
    [InlineData("a\0b\r\nc.txt", "ab c.txt")]
    [InlineData("  many   blanks .txt ", "many blanks.txt")]
    [InlineData("CON.txt", "_CON.txt")]
    [InlineData("com1", "_com1")]
    [InlineData("LPT9.tar.gz", "_LPT9.tar.gz")]
    [InlineData("...", "file")]
    [InlineData(".htaccess", "htaccess")]
    [InlineData("", "file")]
    [InlineData("/", "file")]
    [InlineData("what?<is>\"this\".md", "what__is__this_.md")]
    [InlineData("name.txt.", "name.txt")]
    [InlineData("12345678901234567890123456789012345678901234567890123456789012345678901234567890123456789 .abcdefghijklmnop",
        "12345678901234567890123456789012345678901234567890123456789012345678901234567890123456789.abcdefghi")]
    [InlineData("\uFFFD", null)]
    [InlineData("a\uD800", null)]
    public void A_name_is_harmless(string typed, string? expected) => Assert.Equal(expected, FileName.Parse(typed, "file"));

    [Fact]
    public void Whatever_is_typed_becomes_one_plain_component_that_stays_the_same() => Gen.OneOf(
        Gen.String, Gen.String[Gen.Char["./\\:*\u202E\u200D\0\n ~%\"aCON1.é漢"], 0, 300]).Sample(
        typed =>
        {
            if (FileName.Parse(typed, "file") is not { } name)
            {
                return;
            }

            Assert.Equal(name, FileName.Parse(name, "file"));
            Assert.InRange(name.Length, 1, 120);
            Assert.True(Encoding.UTF8.GetByteCount(name) <= 220);
            Assert.DoesNotContain(name, c => c is '/' or '\\' or ':' or '"' or '<' or '>' || char.IsControl(c));
            Assert.Equal(name, UserText.RepairLine(name));
            Assert.False(name.StartsWith('.') || name.EndsWith('.') || name.EndsWith(' '));
            // RFC 6266: one header line, and a reader of it finds the name.
            var disposition = new ContentDispositionHeaderValue("attachment");
            disposition.SetHttpFileName(name);
            var line = disposition.ToString();
            Assert.DoesNotContain(line, c => c is < ' ' or > '~');
            Assert.Equal(name, ContentDispositionHeaderValue.Parse(line).FileNameStar.Value);
        }, iter: 20_000);
}
