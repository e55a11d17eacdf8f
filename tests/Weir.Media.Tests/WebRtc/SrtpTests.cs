using System.Buffers.Binary;
using CsCheck;
using Weir.Media.WebRtc.Transport.Srtp;

namespace Weir.Media.Tests.WebRtc;

public sealed class SrtpTests
{
    private static readonly SrtpMaster Master = new(Hex("E1F97A0D3E018BE0D64FA32C06DE4139"), Hex("0EC675AD498AFEEBB6960B3AABE6"));
    private static readonly SrtpMaster GcmMaster = new(Master.Key, Master.Salt[..12]);

    public static TheoryData<int> Profiles => [(int)SrtpProfile.Aes128CmHmacSha1_80, (int)SrtpProfile.AeadAes128Gcm];

    [Fact]
    public void Session_keys_are_those_of_RFC_3711_B_3()
    {
        Assert.Equal(Hex("C61E7A93744F39EE10734AFE3FF7A087"), KeyDerivation.Derive(Master, KeyDerivation.RtpEncryption, 16));
        Assert.Equal(Hex("30CBBC08863D8C85D49DB34A9AE1"), KeyDerivation.Derive(Master, KeyDerivation.RtpSalt, 14));
        Assert.Equal(
            Hex("CEBE321F6FF7716B6FD4AB49AF256A156D38BAA48F0A0ACF3C34E2359E6CDBCE"),
            KeyDerivation.Derive(Master, KeyDerivation.RtpAuthentication, 32));
    }

    [Fact]
    public void Counter_mode_and_authentication_match_what_libsrtp_makes()
    {
        using var sender = new SrtpSender(new CounterCipher(Master));
        Span<byte> to = stackalloc byte[200];
        var packet = Hex("800f1234decafbadcafebabe" + string.Concat(Enumerable.Repeat("ab", 16)));
        var length = sender.ProtectRtp(packet.AsSpan(0, 12), packet.AsSpan(12), to);
        Assert.Equal(Hex("800f1234decafbadcafebabe4e55dc4ce79978d88ca4d215949d2402b78d6acc99ea179b8dbb"), to[..length].ToArray());

        var report = Hex("81c8000bcafebabe" + string.Concat(Enumerable.Repeat("ab", 16)));
        length = sender.ProtectRtcp(report, to);
        Assert.Equal(Hex("81c8000bcafebabe7128035be487b9bdbef89041f977a5a880000001993e08cd54d6c1230798"), to[..length].ToArray());
    }

    [Fact]
    public void Galois_counter_mode_is_that_of_RFC_7714_16_1_and_17_1()
    {
        byte[] key = Hex("000102030405060708090a0b0c0d0e0f"), salt = Hex("517569642070726f2071756f");
        using var cipher = new GcmCipher(key, salt, key, salt);
        Span<byte> to = stackalloc byte[200];
        var header = Hex("8040f17b8041f8d35501a0b2");
        var length = cipher.SealRtp(header, "Gallia est omnis divisa in partes tres"u8, 0x5501a0b2, 0xf17b, to);
        Assert.Equal(
            Hex("8040f17b8041f8d35501a0b2f24de3a3fb34de6cacba861c9d7e4bcabe633bd50d294e6f42a5f47a51c7d19b36de3adf8833899d7f27beb16a9152cf765ee4390cce"),
            to[..length].ToArray());

        var report = Hex("81c8000d4d6172734e5450314e545032525450200000042a0000e9304c756e61deadbeefdeadbeefdeadbeefdeadbeefdeadbeef");
        length = cipher.SealRtcp(report, 0x4d617273, 0x5d4, to);
        Assert.Equal(
            Hex("81c8000d4d61727363e94885dcdab67ca727d7662f6b7e997ff5c0f76c06f32dc676a5f1730d6fda4ce09b4686303ded0bb9275bc84aa45896cf4d2fc5abf87245d9eade800005d4"),
            to[..length].ToArray());
    }

    [Theory]
    [MemberData(nameof(Profiles))]
    public void What_is_protected_opens_again_and_only_once(int profile)
    {
        using var sender = Sender(profile);
        using var receiver = Receiver(profile);
        Gen.Byte.Array[0, 1400].Select(Gen.Byte.Array[0, 60]).Sample(
            (payload, more) =>
            {
                var packet = Packet(7, _next++, payload);
                var wire = new byte[1500];
                var length = sender.ProtectRtp(packet.AsSpan(0, 12), packet.AsSpan(12), wire);
                var again = wire[..length];
                Assert.Equal(SrtpVerdict.Good, receiver.UnprotectRtp(wire.AsSpan(0, length), out var opened));
                Assert.Equal(packet, wire[..opened]);
                Assert.Equal(SrtpVerdict.Replayed, receiver.UnprotectRtp(again, out _));

                byte[] report = [0x80, 201, 0, 1, 0, 0, 0, 9, .. more];
                length = sender.ProtectRtcp(report, wire);
                again = wire[..length];
                Assert.Equal(SrtpVerdict.Good, receiver.UnprotectRtcp(wire.AsSpan(0, length), out opened));
                Assert.Equal(report, wire[..opened]);
                Assert.Equal(SrtpVerdict.Replayed, receiver.UnprotectRtcp(again, out _));
            },
            threads: 1);
    }

    [Theory]
    [MemberData(nameof(Profiles))]
    public void A_changed_bit_anywhere_is_refused_and_takes_no_number(int profile)
    {
        using var sender = Sender(profile);
        using var receiver = Receiver(profile);
        var packet = Packet(7, 100, new byte[40]);
        var wire = new byte[200];
        var length = sender.ProtectRtp(packet.AsSpan(0, 12), packet.AsSpan(12), wire);
        byte[] report = [0x80, 201, 0, 1, 0, 0, 0, 9, 1, 2, 3, 4];
        var reportWire = new byte[200];
        var reportLength = sender.ProtectRtcp(report, reportWire);
        for (var bit = 0; bit < length * 8; bit++)
        {
            var broken = wire[..length];
            broken[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.NotEqual(SrtpVerdict.Good, receiver.UnprotectRtp(broken, out _));
        }

        for (var bit = 0; bit < reportLength * 8; bit++)
        {
            var broken = reportWire[..reportLength];
            broken[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.NotEqual(SrtpVerdict.Good, receiver.UnprotectRtcp(broken, out _));
        }

        Assert.Equal(SrtpVerdict.Good, receiver.UnprotectRtp(wire.AsSpan(0, length), out _));
        Assert.Equal(SrtpVerdict.Good, receiver.UnprotectRtcp(reportWire.AsSpan(0, reportLength), out _));
    }

    [Theory]
    [MemberData(nameof(Profiles))]
    public void Cut_anywhere_it_is_refused(int profile)
    {
        using var sender = Sender(profile);
        using var receiver = Receiver(profile);
        var packet = Packet(7, 100, new byte[40]);
        var wire = new byte[200];
        var length = sender.ProtectRtp(packet.AsSpan(0, 12), packet.AsSpan(12), wire);
        for (var cut = 0; cut < length; cut++)
        {
            Assert.NotEqual(SrtpVerdict.Good, receiver.UnprotectRtp(wire[..cut], out _));
            Assert.NotEqual(SrtpVerdict.Good, receiver.UnprotectRtcp(wire[..cut], out _));
        }
    }

    [Theory]
    [MemberData(nameof(Profiles))]
    public void The_rollover_counter_follows_through_wraps_loss_and_disorder(int profile)
    {
        using var sender = Sender(profile);
        using var receiver = Receiver(profile);
        List<byte[]> wires = [];
        for (var i = 0; i < 200_000; i += 97)
        {
            var packet = Packet(7, (ushort)(60_000 + i), [1, 2, 3]);
            var wire = new byte[100];
            wires.Add(wire[..sender.ProtectRtp(packet.AsSpan(0, 12), packet.AsSpan(12), wire)]);
        }

        // Every tenth is lost, pairs come in the wrong order.
        var random = new Random(1);
        for (var i = 0; i + 1 < wires.Count; i += 2)
        {
            foreach (var wire in random.Next(2) == 0 ? [wires[i], wires[i + 1]] : new[] { wires[i + 1], wires[i] })
            {
                if (random.Next(10) > 0 || i < 4)
                {
                    Assert.Equal(SrtpVerdict.Good, receiver.UnprotectRtp(wire, out _));
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Profiles))]
    public void A_sequence_number_is_not_sent_twice(int profile)
    {
        using var sender = Sender(profile);
        Span<byte> to = stackalloc byte[100];
        var packet = Packet(7, 5, [1]);
        Assert.True(sender.ProtectRtp(packet.AsSpan(0, 12), packet.AsSpan(12), to) > 0);
        Assert.Equal(0, sender.ProtectRtp(packet.AsSpan(0, 12), packet.AsSpan(12), to));
    }

    [Fact]
    public void A_session_has_a_bounded_number_of_streams()
    {
        using var sender = new ManySenders();
        using var receiver = Receiver((int)SrtpProfile.AeadAes128Gcm);
        for (uint ssrc = 0; ssrc < SrtpReceiver.MaxStreams; ssrc++)
        {
            Assert.Equal(SrtpVerdict.Good, receiver.UnprotectRtp(sender.Wire(ssrc), out _));
        }

        Assert.Equal(SrtpVerdict.TooManyStreams, receiver.UnprotectRtp(sender.Wire(1000), out _));
        Assert.Equal(SrtpVerdict.Good, receiver.UnprotectRtp(sender.Wire(3, 2), out _));
    }

    [Theory]
    [MemberData(nameof(Profiles))]
    public void Protecting_and_opening_allocate_nothing(int profile)
    {
        using var sender = Sender(profile);
        using var receiver = Receiver(profile);
        var payload = new byte[1100];
        var wire = new byte[1500];
        var header = Packet(7, 0, []);
        ushort sequence = 0;
        void Once()
        {
            BinaryPrimitives.WriteUInt16BigEndian(header.AsSpan(2), ++sequence);
            var length = sender.ProtectRtp(header, payload, wire);
            receiver.UnprotectRtp(wire.AsSpan(0, length), out _);
            length = sender.ProtectRtcp(header, wire);
            receiver.UnprotectRtcp(wire.AsSpan(0, length), out _);
        }

        Once();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
        {
            Once();
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void The_replay_window_takes_each_number_once() =>
        Gen.Int[0, 5000].Array[1, 400].Sample(numbers =>
        {
            var window = new ReplayWindow();
            HashSet<int> taken = [];
            foreach (var number in numbers)
            {
                var fresh = !taken.Contains(number) && (taken.Count == 0 || taken.Max() - number < ReplayWindow.Width);
                Assert.Equal(fresh, window.IsFresh(number));
                if (fresh)
                {
                    window.Take(number);
                    taken.Add(number);
                }
            }
        });

    private static ushort _next = 40_000;

    private static byte[] Hex(string text) => Convert.FromHexString(text);

    private static SrtpMaster For(int profile) => profile == (int)SrtpProfile.AeadAes128Gcm ? GcmMaster : Master;

    private static SrtpSender Sender(int profile) => new(SrtpCipher.Create((SrtpProfile)profile, For(profile)));

    private static SrtpReceiver Receiver(int profile) => new(SrtpCipher.Create((SrtpProfile)profile, For(profile)));

    private static byte[] Packet(uint ssrc, ushort sequence, byte[] payload)
    {
        var header = new byte[12];
        Weir.Media.Formats.Rtp.RtpHeader.Write(header, false, 96, sequence, 1234, ssrc, false);
        return [.. header, .. payload];
    }

    /// <summary>More streams than one of our senders would send.</summary>
    private sealed class ManySenders : IDisposable
    {
        private readonly SrtpCipher _cipher = SrtpCipher.Create(SrtpProfile.AeadAes128Gcm, GcmMaster);

        public byte[] Wire(uint ssrc, ushort sequence = 1)
        {
            var packet = Packet(ssrc, sequence, [1, 2]);
            var wire = new byte[100];
            return wire[.._cipher.SealRtp(packet.AsSpan(0, 12), packet.AsSpan(12), ssrc, sequence, wire)];
        }

        public void Dispose() => _cipher.Dispose();
    }
}
