using CsCheck;
using Weir.Media.Formats;

namespace Weir.Media.Tests.Formats;

public class Amf0Tests
{
    private static readonly Gen<object?> Simple = Gen.OneOf<object?>(
        Gen.Double.Where(d => !double.IsNaN(d)).Select(d => (object?)d),
        Gen.Bool.Select(b => (object?)b),
        Gen.String.AlphaNumeric.Select(s => (object?)s),
        Gen.Const((object?)null));

    [Fact]
    public void Written_values_read_back() =>
        Simple.List[0, 8].Sample(values => Assert.Equal(values, Amf0Reader.ReadAll(Amf0Writer.Write([.. values]))));

    [Fact]
    public void Objects_keep_their_names_and_order() =>
        Gen.Select(Gen.String.AlphaNumeric.Where(s => s.Length > 0), Simple).List[0, 8].Sample(entries =>
        {
            var written = new Amf0Object { IsEcmaArray = entries.Count % 2 == 0 };
            foreach (var (name, value) in entries)
            {
                written.Add(name, value);
            }

            var read = Assert.IsType<Amf0Object>(Amf0Reader.ReadAll(Amf0Writer.Write(written)).Single());
            Assert.Equal(written.IsEcmaArray, read.IsEcmaArray);
            Assert.Equal(written.ToList(), read.ToList());
        });

    [Fact]
    public void Strings_beyond_65535_bytes_travel_as_long_strings()
    {
        var text = new string('x', 70_000);
        Assert.Equal([text], Amf0Reader.ReadAll(Amf0Writer.Write(text)));
    }

    [Fact]
    public void An_array_without_its_end_marker_at_the_end_of_a_message_is_read()
    {
        var bytes = Amf0Writer.Write(new Amf0Object { IsEcmaArray = true, });
        Assert.Empty(Assert.IsType<Amf0Object>(Amf0Reader.ReadAll(bytes.AsSpan(0, bytes.Length - 3)).Single()));
    }

    [Theory]
    [InlineData("1106076c6976", "liv")]
    [InlineData("110401", 1.0)]
    [InlineData("1104ffffffff", -1.0)]
    [InlineData("1103", true)]
    [InlineData("1101", null)]
    public void Simple_AMF3_values_inside_AMF0_are_read(string hex, object? expected) =>
        Assert.Equal([expected], Amf0Reader.ReadAll(Convert.FromHexString(hex)));

    [Theory]
    [InlineData("110a0b")]
    [InlineData("0d")]
    [InlineData("0affffffff")]
    [InlineData("0cffffffff")]
    [InlineData("02ffff")]
    public void What_it_cannot_hold_is_refused(string hex) =>
        Assert.Throws<MalformedException>(() => Amf0Reader.ReadAll(Convert.FromHexString(hex)));
}
