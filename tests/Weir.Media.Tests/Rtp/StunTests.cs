using System.Net;
using System.Text;
using CsCheck;
using Weir.Media.Formats.Stun;

namespace Weir.Media.Tests.Rtp;

public sealed class StunTests
{
    private static readonly byte[] Password = Encoding.ASCII.GetBytes("VOkJxbRl1RmTxUk/WvJxBt");

    // RFC 5769 2.1, 2.2 and 2.3.
    public static readonly byte[] Request = Convert.FromHexString(
        "000100582112a442b7e7a701bc34d686fa87dfae802200105354554e207465737420636c69656e74002400046e0001ff80290008932ff9b151263b36"
        + "000600096576746a3a68367659202020000800149aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a280280004e57a3bcf");

    private static readonly byte[] Answer4 = Convert.FromHexString(
        "0101003c2112a442b7e7a701bc34d686fa87dfae8022000b7465737420766563746f7220002000080001a147e112a643"
        + "000800142b91f599fd9e90c38c7489f92af9ba53f06be7d780280004c07d4c96");

    private static readonly byte[] Answer6 = Convert.FromHexString(
        "010100482112a442b7e7a701bc34d686fa87dfae8022000b7465737420766563746f7220002000140002a1470113a9faa5d3f179bc25f4b5bed2b9d9"
        + "00080014a382954e4be67bf11784c97c8292c275bfe3ed4180280004c8fb0b4c");

    [Fact]
    public void The_sample_request_of_RFC_5769_is_read_and_verified()
    {
        Assert.True(StunMessage.TryRead(Request, out var message));
        Assert.Equal(StunType.BindingRequest, message.Type);
        Assert.True(message.HasIntegrity(Password));
        Assert.False(message.HasIntegrity(Encoding.ASCII.GetBytes("another password")));
        Assert.True(message.HasFingerprint());
        Assert.True(message.TryFind(StunAttribute.Username, out var name));
        Assert.Equal("evtj:h6vY", Encoding.ASCII.GetString(name));
    }

    [Fact]
    public void The_sample_answers_of_RFC_5769_name_their_addresses()
    {
        foreach (var (bytes, address) in new[] { (Answer4, "192.0.2.1:32853"), (Answer6, "[2001:db8:1234:5678:11:2233:4455:6677]:32853") })
        {
            Assert.True(StunMessage.TryRead(bytes, out var message));
            Assert.Equal(StunType.BindingSuccess, message.Type);
            Assert.True(message.HasIntegrity(Password));
            Assert.True(message.HasFingerprint());
            Assert.True(message.TryXorMappedAddress(out var mapped));
            Assert.Equal(IPEndPoint.Parse(address), mapped);
        }
    }

    [Theory]
    [InlineData("203.0.113.9:3478")]
    [InlineData("[2001:db8::7]:40000")]
    public void What_is_written_is_read_again(string address)
    {
        var end = IPEndPoint.Parse(address);
        var buffer = new byte[500];
        var writer = new StunWriter(buffer, StunType.BindingSuccess, Request.AsSpan(8, 12));
        writer.XorMappedAddress(end.Address, end.Port);
        writer.Add(StunAttribute.Software, "odd"u8);
        var length = writer.Finish(Password);
        Assert.True(StunMessage.TryRead(buffer.AsSpan(0, length), out var message));
        Assert.True(message.HasIntegrity(Password));
        Assert.True(message.HasFingerprint());
        Assert.True(message.TryXorMappedAddress(out var mapped));
        Assert.Equal(end, mapped);
    }

    [Fact]
    public void Cut_anywhere_it_is_no_message()
    {
        for (var length = 0; length < Request.Length; length++)
        {
            Assert.False(StunMessage.TryRead(Request.AsSpan(0, length), out _));
        }
    }

    [Fact]
    public void Any_changed_bit_breaks_the_fingerprint_or_the_message() =>
        Gen.Select(Gen.Int[0, Request.Length - 1], Gen.Int[0, 7]).Sample((at, bit) =>
        {
            var bytes = Request.ToArray();
            bytes[at] ^= (byte)(1 << bit);
            return !StunMessage.TryRead(bytes, out var message) || !message.HasFingerprint();
        });
}
