using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Weir.Hosting.Tls;

namespace Weir.Social.Tests;

/// <summary>Certificates: made, kept, renewed while connections go on.</summary>
public sealed class TlsTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("weir-tls-").FullName;
    private readonly FakeTimeProvider _clock = new(DateTimeOffset.UtcNow);

    private TlsFiles Files => new(Path.Combine(_directory, "tls.crt"), Path.Combine(_directory, "tls.key"));

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void A_certificate_of_its_own_stays_until_a_name_is_missing_or_it_runs_out()
    {
        SelfSigned.Ensure(_directory, ["weir.example.org"], _clock);
        var first = File.ReadAllText(Files.Certificate);
        using (var certificate = X509Certificate2.CreateFromPemFile(Files.Certificate, Files.Key))
        {
            Assert.True(certificate.MatchesHostname("localhost") && certificate.MatchesHostname("127.0.0.1") && certificate.MatchesHostname("weir.example.org"));
        }

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Files.Key));
        SelfSigned.Ensure(_directory, ["weir.example.org"], _clock);
        Assert.Equal(first, File.ReadAllText(Files.Certificate));
        SelfSigned.Ensure(_directory, [], _clock);
        Assert.Equal(first, File.ReadAllText(Files.Certificate));
        SelfSigned.Ensure(_directory, ["other.example.org"], _clock);
        var second = File.ReadAllText(Files.Certificate);
        Assert.NotEqual(first, second);
        _clock.Advance(TimeSpan.FromDays(340));
        SelfSigned.Ensure(_directory, ["other.example.org"], _clock);
        Assert.NotEqual(second, File.ReadAllText(Files.Certificate));
    }

    [Fact]
    public void Renewed_files_are_taken_up_and_broken_ones_are_not()
    {
        Make("one");
        var certificate = new ServerCertificate(Files, _clock, NullLogger<ServerCertificate>.Instance);
        Assert.Equal("CN=one", Subject(certificate));
        Make("two");
        Assert.Equal("CN=one", Subject(certificate));
        _clock.Advance(TimeSpan.FromSeconds(11));
        Assert.Equal("CN=two", Subject(certificate));
        File.WriteAllText(Files.Certificate, "half of a cert");
        Touch();
        _clock.Advance(TimeSpan.FromSeconds(11));
        Assert.Equal("CN=two", Subject(certificate));
        Make("three");
        _clock.Advance(TimeSpan.FromSeconds(11));
        Assert.Equal("CN=three", Subject(certificate));
    }

    [Fact]
    public void What_cannot_serve_is_said_at_start()
    {
        Assert.Contains("cannot be read", Files.Fault(_clock));
        Make("one");
        Assert.Null(Files.Fault(_clock));
        _clock.Advance(TimeSpan.FromDays(3));
        Assert.Contains("expired", Files.Fault(_clock));
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        File.WriteAllText(Files.Key, other.ExportPkcs8PrivateKeyPem());
        Assert.Contains("is not the key", Files.Fault(_clock));
        File.WriteAllText(Files.Key, "nothing");
        Assert.Contains("PEM", Files.Fault(_clock));
    }

    private static string Subject(ServerCertificate certificate) => certificate.Options().ServerCertificateContext!.TargetCertificate.Subject;

    private void Make(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        using var certificate = request.CreateSelfSigned(_clock.GetUtcNow().AddDays(-1), _clock.GetUtcNow().AddDays(2));
        File.WriteAllText(Files.Certificate, certificate.ExportCertificatePem());
        File.WriteAllText(Files.Key, key.ExportPkcs8PrivateKeyPem());
        Touch();
    }

    // Two writes within one tick of the file system's clock must differ here as they do in life.
    private int _touched;

    private void Touch() => File.SetLastWriteTimeUtc(Files.Certificate, DateTime.UnixEpoch.AddDays(1000 + _touched++));
}
