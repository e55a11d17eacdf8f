using Microsoft.AspNetCore.Connections;
using Weir.Social;

namespace Weir.Commands;

/// <summary>What <c>up</c> and <c>social</c> share: the social plane's options out of the settings, and its start.</summary>
internal static class SocialSettings
{
    /// <param name="liveIsChild">Whether this process also starts the live plane, and decides its ports.</param>
    public static SocialOptions From(Settings settings, bool demo, bool liveIsChild)
    {
        var database = settings.Text("--database");
        int Port(string name, int otherwise) => liveIsChild ? Ports.Concrete(settings.Number(name, otherwise)) : settings.Number(name, otherwise);
        return new SocialOptions
        {
            DataDirectory = settings.DataDirectory,
            HttpPort = settings.Number("--http", 8080),
            LiveHttpPort = Port("--live-http", 8081),
            RtmpPort = Port("--rtmp", 1935),
            RtcPort = Port("--rtc", 8082),
            PublicUrl = settings.Url("--public-url"),
            LivePublicUrl = settings.Url("--live-public-url"),
            RtmpPublicUrl = settings.Url("--rtmp-public-url"),
            Tls = settings.TlsFiles(settings.Url("--public-url"), settings.Url("--live-public-url"), settings.Url("--rtmp-public-url")),
            Database = database is null ? DatabaseProvider.Sqlite : DatabaseProvider.Postgres,
            ConnectionString = database,
            Demo = demo,
            LiveIsChild = liveIsChild,
            SetupCode = settings.Text("--setup-code"),
            FileLimit = (long)settings.Number("--file-limit", 100) << 20,
            StorageLimit = (long)settings.Number("--storage-limit", 5120) << 20,
            CallLimit = settings.Number("--call-limit", 100),
            LinkCards = settings.Switch("--link-cards", otherwise: true),
            WebRoot = settings.Text("--web") is { Length: > 0 } web ? web : null,
            MetricsToken = settings.Text("--metrics-token"),
            TrustedProxies = settings.List("--trusted-proxy"),
        };
    }

    /// <summary>How the pages are reached: from outside where that is known, else from this machine.</summary>
    public static string Url(SocialPlane social, SocialOptions options) =>
        options.PublicUrl?.AbsoluteUri.TrimEnd('/') ?? $"{(options.Tls is null ? "http" : "https")}://localhost:{social.HttpPort}";

    public static async Task StartAsync(SocialPlane social, SocialOptions options, CancellationToken cancellation)
    {
        try
        {
            await social.StartAsync(cancellation);
        }
        catch (IOException fault) when (fault.InnerException is AddressInUseException)
        {
            throw new RefusedException($"port {options.HttpPort} is taken by another program. Choose another one with --http.", ExitCodes.PortTaken);
        }
        catch (LaterDatabaseException fault)
        {
            throw new RefusedException(fault.Message);
        }
    }
}
