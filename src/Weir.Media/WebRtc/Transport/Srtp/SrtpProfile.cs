namespace Weir.Media.WebRtc.Transport.Srtp;

/// <summary>The protection profiles that use_srtp may agree on, with their numbers (RFC 5764 4.1.2, RFC 7714 14.2).</summary>
internal enum SrtpProfile
{
    Aes128CmHmacSha1_80 = 0x0001,
    AeadAes128Gcm = 0x0007,
}

/// <summary>One direction's master key and salt.</summary>
internal readonly record struct SrtpMaster(byte[] Key, byte[] Salt)
{
    public const int KeyLength = 16;

    /// <summary>What the handshake has to export: both sides' keys, then both sides' salts (RFC 5764 4.2).</summary>
    public static int ExportLength(SrtpProfile profile) => 2 * (KeyLength + SaltLength(profile));

    public static (SrtpMaster Client, SrtpMaster Server) Split(SrtpProfile profile, byte[] exported)
    {
        var salt = SaltLength(profile);
        var salts = exported.AsSpan(2 * KeyLength);
        return (
            new(exported[..KeyLength], salts[..salt].ToArray()),
            new(exported[KeyLength..(2 * KeyLength)], salts.Slice(salt, salt).ToArray()));
    }

    private static int SaltLength(SrtpProfile profile) => profile == SrtpProfile.AeadAes128Gcm ? 12 : 14;
}
