using System.Net;
using CsCheck;
using Weir.Social.Outgoing;

namespace Weir.Social.Tests;

public sealed class PublicAddressTests
{
    // A second list, from RFC 6890 and its successors, in the form people write networks.
    private static readonly System.Net.IPNetwork[] Inside = [.. """
        0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 192.88.99.0/24 192.168.0.0/16 198.18.0.0/15
        198.51.100.0/24 203.0.113.0/24 224.0.0.0/3 192.31.196.0/24 192.52.193.0/24 192.175.48.0/24 168.63.129.16/32
        """.Split((char[])[' ', '\n', '\r'], StringSplitOptions.RemoveEmptyEntries).Select(System.Net.IPNetwork.Parse)];

    private static readonly Gen<IPAddress> Gen4 = Gen.OneOf(
        Gen.UInt.Select(value => new IPAddress([(byte)(value >> 24), (byte)(value >> 16), (byte)(value >> 8), (byte)value])),
        Gen.Select(Gen.Int[0, Inside.Length - 1], Gen.UInt).Select((index, value) =>
        {
            // Near the edges of the networks, on both sides.
            var network = Inside[index];
            var start = System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(network.BaseAddress.GetAddressBytes());
            var size = network.PrefixLength == 32 ? 1u : 1u << (32 - network.PrefixLength);
            var near = (value & 3) switch { 0 => start, 1 => start + size - 1, 2 => start - 1, _ => start + size };
            return new IPAddress([(byte)(near >> 24), (byte)(near >> 16), (byte)(near >> 8), (byte)near]);
        }));

    [Fact]
    public void An_ipv4_address_is_public_unless_a_registry_says_otherwise_in_every_form_that_carries_it() => Gen4.Sample(
        address =>
        {
            var expected = !Inside.Any(network => network.Contains(address));
            Assert.Equal(expected, PublicAddress.IsPublic(address));
            var v4 = address.GetAddressBytes();
            Assert.Equal(expected, PublicAddress.IsPublic(address.MapToIPv6()));
            Assert.Equal(expected, PublicAddress.IsPublic(new IPAddress([0, 0x64, 0xFF, 0x9B, 0, 0, 0, 0, 0, 0, 0, 0, .. v4])));
            Assert.Equal(expected, PublicAddress.IsPublic(new IPAddress([0x20, 0x02, .. v4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1])));
            Assert.Equal(expected, PublicAddress.IsPublic(new IPAddress([0x2A, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x5E, 0xFE, .. v4])));
            Assert.False(PublicAddress.IsPublic(new IPAddress([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, .. v4])));
        }, iter: 50_000);

    [Fact]
    public void Only_global_unicast_ipv6_is_public() => Gen.Byte.Array[16].Sample(
        bytes =>
        {
            if (PublicAddress.IsPublic(new IPAddress(bytes)))
            {
                Assert.True((bytes[0] & 0xE0) == 0x20, new IPAddress(bytes).ToString());
            }
        }, iter: 50_000);

    [Theory]
    [InlineData("8.8.8.8", true)]
    [InlineData("93.184.216.34", true)]
    [InlineData("2606:4700:4700::1111", true)]
    [InlineData("2a00:1450:4001:80b::200e", true)]
    [InlineData("2002:808:808::1", true)]
    [InlineData("::1", false)]
    [InlineData("::", false)]
    [InlineData("::ffff:127.0.0.1", false)]
    [InlineData("::ffff:169.254.169.254", false)]
    [InlineData("64:ff9b::a9fe:a9fe", false)]
    [InlineData("64:ff9b:1::8.8.8.8", false)]
    [InlineData("2002:7f00:1::1", false)]
    [InlineData("2001:0:4136:e378:8000:63bf:3fff:fdd2", false)]
    [InlineData("2001:db8::1", false)]
    [InlineData("2001:2::1", false)]
    [InlineData("fd00:ec2::254", false)]
    [InlineData("fe80::1", false)]
    [InlineData("fec0::1", false)]
    [InlineData("ff02::1", false)]
    [InlineData("3fff::1", false)]
    [InlineData("5f00::1", false)]
    [InlineData("100::1", false)]
    [InlineData("255.255.255.255", false)]
    [InlineData("100.100.100.200", false)]
    [InlineData("0.0.0.0", false)]
    [InlineData("10.1.2.3", false)]
    [InlineData("172.31.255.255", false)]
    [InlineData("172.32.0.1", true)]
    [InlineData("::ffff:8.8.8.8", true)]
    [InlineData("64:ff9b::7f00:1", false)]
    [InlineData("2606:2800:220:1::1", true)]
    [InlineData("127.0.0.1", false)]
    [InlineData("100.64.0.1", false)]
    [InlineData("169.254.169.254", false)]
    [InlineData("192.168.1.1", false)]
    [InlineData("198.18.0.1", false)]
    [InlineData("224.0.0.1", false)]
    [InlineData("::ffff:10.0.0.1", false)]
    [InlineData("::127.0.0.1", false)]
    [InlineData("2002:7f00:1::", false)]
    [InlineData("2001:0:1::1", false)]
    [InlineData("fd00::1", false)]
    public void Known_addresses(string address, bool expected) => Assert.Equal(expected, PublicAddress.IsPublic(IPAddress.Parse(address)));
}
