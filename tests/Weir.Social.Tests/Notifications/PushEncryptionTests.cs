using System.Buffers.Text;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Weir.Social.Notifications;
using Weir.Social.Notifications.Push;
using Weir.Social.Outgoing;

namespace Weir.Social.Tests;

public sealed class PushEncryptionTests
{
    private const string BrowserPublic = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
    private const string Auth = "BTBZMqHH6r4Tts7J_aSIgg";

    [Fact]
    public void The_example_of_RFC_8291_appendix_A_comes_out_byte_for_byte()
    {
        var own = Base64Url.DecodeFromChars("BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8");
        using var key = ECDiffieHellman.Create(new ECParameters
        {
            Curve = ECCurve.NamedCurves.nistP256,
            D = Base64Url.DecodeFromChars("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"),
            Q = new ECPoint { X = own[1..33], Y = own[33..] },
        });
        var message = PushEncryption.Encrypt(
            "When I grow up, I want to be a watermelon"u8, Base64Url.DecodeFromChars(BrowserPublic), Base64Url.DecodeFromChars(Auth), key, Base64Url.DecodeFromChars("DGv6ra1nlYgDCS1FRnbzlw"), 0);
        Assert.Equal(
            "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN",
            Base64Url.EncodeToString(message));
    }

    [Fact]
    public void A_browser_reads_what_was_encrypted_for_it_whatever_its_length_and_texts_of_about_one_length_look_alike()
    {
        using var browser = new PushBrowser();
        foreach (var length in new[] { 0, 1, 254, 255, 256, 3000, PushEncryption.MaxPlaintext })
        {
            var text = RandomNumberGenerator.GetBytes(length);
            var message = PushEncryption.Encrypt(text, browser.Key, browser.Auth);
            Assert.InRange(message.Length, length, 4096);
            Assert.Equal(text, browser.Decrypt(message));
        }

        Assert.Equal(PushEncryption.Encrypt("yes"u8, browser.Key, browser.Auth).Length, PushEncryption.Encrypt("not at all"u8, browser.Key, browser.Auth).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => PushEncryption.Encrypt(new byte[PushEncryption.MaxPlaintext + 1], browser.Key, browser.Auth));
    }

    [Fact]
    public void Only_points_on_the_curve_are_keys()
    {
        using var browser = new PushBrowser();
        Assert.True(PushEncryption.IsKey(browser.Key));
        Assert.False(PushEncryption.IsKey(null));
        Assert.False(PushEncryption.IsKey(new byte[65]));
        Assert.False(PushEncryption.IsKey([4, .. new byte[63], 1]));
        Assert.False(PushEncryption.IsKey(browser.Key[..64]));
    }

    [Fact]
    public void The_server_signs_with_one_key_that_only_its_owner_can_read()
    {
        var directory = Directory.CreateTempSubdirectory("weir-push-").FullName;
        try
        {
            var path = Path.Combine(directory, "push.key");
            using var key = PushKey.LoadOrCreate(path);
            using var again = PushKey.LoadOrCreate(path);
            Assert.Equal(key.Public, again.Public);
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));

            var now = new DateTimeOffset(2026, 5, 1, 12, 0, 0, TimeSpan.Zero);
            var header = key.Authorization(new Uri("https://push.example.net:8443/x/y"), new Uri("https://weir.example.org"), now);
            var claims = Vapid(header, key.Public);
            Assert.Equal("https://push.example.net:8443", claims.GetProperty("aud").GetString());
            Assert.Equal("https://weir.example.org", claims.GetProperty("sub").GetString());
            Assert.InRange(claims.GetProperty("exp").GetInt64(), now.ToUnixTimeSeconds() + 3600, now.AddDays(1).ToUnixTimeSeconds());

            File.WriteAllText(path, "nonsense");
            Assert.Throws<InvalidDataException>(() => PushKey.LoadOrCreate(path));
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Fact]
    public async Task A_name_of_this_machine_is_not_called()
    {
        using var http = new HttpClient(PublicNetwork.Handler());
        Assert.Contains("not public", (await Assert.ThrowsAnyAsync<HttpRequestException>(() => http.GetAsync("http://localhost:9/"))).ToString());
    }

    [Fact]
    public void Quiet_hours_and_the_summary_follow_the_clock_on_the_wall()
    {
        var settings = new NoticeSettings { QuietFrom = 22 * 60, QuietTo = 7 * 60, SummaryAt = 150, TimeZone = "Europe/Berlin" };
        // 21:00 UTC is 22:00 in winter and 23:00 in summer.
        Assert.True(settings.IsQuiet(new(2026, 1, 10, 21, 0, 0, TimeSpan.Zero)));
        Assert.False(settings.IsQuiet(new(2026, 1, 10, 20, 59, 0, TimeSpan.Zero)));
        Assert.True(settings.IsQuiet(new(2026, 7, 10, 20, 0, 0, TimeSpan.Zero)));
        Assert.False(settings.IsQuiet(new(2026, 1, 10, 6, 0, 0, TimeSpan.Zero)));
        Assert.Equal(new(2026, 1, 10, 1, 30, 0, TimeSpan.Zero), settings.LastSummary(new(2026, 1, 10, 21, 0, 0, TimeSpan.Zero)));
        Assert.Equal(new(2026, 1, 9, 1, 30, 0, TimeSpan.Zero), settings.LastSummary(new(2026, 1, 10, 1, 29, 0, TimeSpan.Zero)));
        // 02:30 is skipped on 29 March 2026: 03:00, which is 01:00 UTC.
        Assert.Equal(new(2026, 3, 29, 1, 0, 0, TimeSpan.Zero), settings.LastSummary(new(2026, 3, 29, 12, 0, 0, TimeSpan.Zero)));
        Assert.Null(new NoticeSettings { SummaryAt = null }.LastSummary(DateTimeOffset.UnixEpoch));
        Assert.False(new NoticeSettings().IsQuiet(DateTimeOffset.UnixEpoch));
    }

    internal static JsonElement Vapid(string header, string key)
    {
        Assert.StartsWith("vapid t=", header, StringComparison.Ordinal);
        var (token, named) = (header["vapid t=".Length..].Split(", k=")[0], header.Split(", k=")[1]);
        Assert.Equal(key, named);
        var parts = token.Split('.');
        var point = Base64Url.DecodeFromChars(key);
        using var verifier = ECDsa.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, Q = new ECPoint { X = point[1..33], Y = point[33..] } });
        Assert.True(verifier.VerifyData(Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}"), Base64Url.DecodeFromChars(parts[2]), HashAlgorithmName.SHA256));
        Assert.Equal("ES256", JsonDocument.Parse(Base64Url.DecodeFromChars(parts[0])).RootElement.GetProperty("alg").GetString());
        return JsonDocument.Parse(Base64Url.DecodeFromChars(parts[1])).RootElement;
    }
}
