namespace Weir.Media.Formats.Mp4;

/// <summary>Box and sample entry types as big-endian integers.</summary>
public static class BoxType
{
    public const uint Ftyp = 0x66747970, Styp = 0x73747970, Moov = 0x6D6F6F76, Mvhd = 0x6D766864, Trak = 0x7472616B;
    public const uint Tkhd = 0x746B6864, Mdia = 0x6D646961, Mdhd = 0x6D646864, Hdlr = 0x68646C72, Minf = 0x6D696E66;
    public const uint Vmhd = 0x766D6864, Smhd = 0x736D6864, Dinf = 0x64696E66, Dref = 0x64726566, Url = 0x75726C20;
    public const uint Stbl = 0x7374626C, Stsd = 0x73747364, Stts = 0x73747473, Stsc = 0x73747363, Stsz = 0x7374737A;
    public const uint Stco = 0x7374636F, Mvex = 0x6D766578, Trex = 0x74726578, Moof = 0x6D6F6F66, Mfhd = 0x6D666864;
    public const uint Traf = 0x74726166, Tfhd = 0x74666864, Tfdt = 0x74666474, Trun = 0x7472756E, Mdat = 0x6D646174;
    public const uint Prft = 0x70726674, Esds = 0x65736473;
    public const uint Avc1 = 0x61766331, AvcC = 0x61766343, Hvc1 = 0x68766331, HvcC = 0x68766343;
    public const uint Av01 = 0x61763031, Av1C = 0x61763143, Mp4a = 0x6D703461, Opus = 0x4F707573, DOps = 0x644F7073;
    public const uint Vide = 0x76696465, Soun = 0x736F756E;

    public static string ToText(uint type) =>
        string.Create(4, type, static (span, value) =>
        {
            for (var i = 0; i < 4; i++)
            {
                span[i] = (char)((value >> (24 - (8 * i))) & 0xFF);
            }
        });
}
