using Weir.Hosting;
using Weir.Hosting.Tls;
using Weir.Social.Throttling;

namespace Weir.Social;

public enum DatabaseProvider
{
    Sqlite,
    Postgres,
}

/// <summary>What the social plane is started with.</summary>
public sealed record SocialOptions
{
    public const int MinSetupCode = 12;

    /// <summary>Holds the SQLite database and the secrets. Made when it is not there.</summary>
    public required string DataDirectory { get; init; }

    /// <summary>0 takes a free port.</summary>
    public int HttpPort { get; init; } = 8080;

    public DatabaseProvider Database { get; init; }

    /// <summary>PostgreSQL only.</summary>
    public string? ConnectionString { get; init; }

    /// <summary>Ports of the live plane, for URLs where no public one is given.</summary>
    public int LiveHttpPort { get; init; } = 8081;

    public int RtmpPort { get; init; } = 1935;

    public int RtcPort { get; init; } = 8082;

    /// <summary>Loopback port of the stream between the planes; 0 takes a free one.</summary>
    public int PlanesPort { get; init; }

    /// <summary>How the outside reaches the pages; its host is in ASCII, as those of the two below.</summary>
    public Uri? PublicUrl { get; init => field = HostNames.ToAscii(value); }

    public Uri? LivePublicUrl { get; init => field = HostNames.ToAscii(value); }

    public Uri? RtmpPublicUrl { get; init => field = HostNames.ToAscii(value); }

    /// <summary>Serve HTTPS, and say HTTPS, WSS and RTMPS in addresses of the live plane; null is without TLS.</summary>
    public TlsFiles? Tls { get; init; }

    /// <summary>One-click sign-in as each demo person, on loopback only.</summary>
    public bool Demo { get; init; }

    /// <summary>Fixes the code of the first start; null makes a random one.</summary>
    public string? SetupCode { get; init; }

    /// <summary>The secret shared with the live node; by default in <see cref="SecretsDirectory"/>.</summary>
    public string? NodeKeyPath { get; init; }

    /// <summary>The live plane is a child of this process, which is told elsewhere when it is ready and when it ends.</summary>
    public bool LiveIsChild { get; init; }

    /// <summary>The built web app (the folder with index.html); null serves the API alone.</summary>
    public string? WebRoot { get; init; }

    public string? MetricsToken { get; init; }

    /// <summary>Networks of proxies whose X-Forwarded-* headers are believed, as address/prefix.</summary>
    public IReadOnlyList<string> TrustedProxies { get; init; } = [];

    /// <summary>Rounds of PBKDF2-HMAC-SHA512 for new passwords.</summary>
    public int PasswordIterations { get; init; } = 210_000;

    /// <summary>The largest file that can be sent, in bytes.</summary>
    public long FileLimit { get; init; } = 100L << 20;

    /// <summary>What one person's files may take of the disk together, in bytes.</summary>
    public long StorageLimit { get; init; } = 5L << 30;

    /// <summary>Calls a second of one account.</summary>
    public int CallLimit { get; init; } = CallRates.CallsPerSecond;

    /// <summary>Whether the server looks at pages that messages link to, and shows a card of them.</summary>
    public bool LinkCards { get; init; } = true;

    public string DatabaseFile => Path.Combine(DataDirectory, "weir.db");

    /// <summary>Pictures and files that people sent.</summary>
    public string FilesDirectory => Path.Combine(DataDirectory, "files");

    public string SecretsDirectory => Path.Combine(DataDirectory, "secrets");

    public string NodeKeyFile => NodeKeyPath ?? Path.Combine(SecretsDirectory, "node.key");

    internal string PushKeyFile => Path.Combine(SecretsDirectory, "push.key");

    internal string PushContactFile => Path.Combine(DataDirectory, "push.contact");

    internal string ServerSecretFile => Path.Combine(SecretsDirectory, "server.key");

    /// <summary>Whether cookies of this answer must not travel without TLS.</summary>
    internal bool IsSecure(HttpContext context) => context.Request.IsHttps || PublicUrl?.Scheme == Uri.UriSchemeHttps;

    /// <exception cref="InvalidOptionsException">With every fault.</exception>
    public void Validate()
    {
        var faults = new OptionFaults()
            .Require(!string.IsNullOrWhiteSpace(DataDirectory), "--data", "must name a directory.")
            .Require(!File.Exists(DataDirectory), "--data", $"'{DataDirectory}' is a file, not a directory.")
            .Port(HttpPort, "--http")
            .Port(LiveHttpPort, "--live-http")
            .Port(RtmpPort, "--rtmp")
            .Port(RtcPort, "--rtc")
            .Port(PlanesPort, "--planes")
            .Require(FileLimit is > 0 and <= 10L << 30, "--file-limit", "must be 1 to 10240 MB.")
            .Require(StorageLimit >= FileLimit, "--storage-limit", "must not be smaller than --file-limit.")
            .Require(CallLimit is >= 10 and <= 1_000_000, "--call-limit", "must be 10 to 1000000.")
            .Require(Database != DatabaseProvider.Postgres || !string.IsNullOrWhiteSpace(ConnectionString), "--database", "postgres needs a connection string.")
            .Url(PublicUrl, "--public-url", "http", "https")
            .Url(LivePublicUrl, "--live-public-url", "http", "https")
            .Url(RtmpPublicUrl, "--rtmp-public-url", "rtmp", "rtmps")
            .Require(SetupCode is null || SetupCode.Length >= MinSetupCode, "--setup-code", $"must have at least {MinSetupCode} characters.")
            .Require(WebRoot is null || File.Exists(Path.Combine(WebRoot, "index.html")), "--web", $"'{WebRoot}' has no index.html.")
            .Require(PasswordIterations >= 1000, "--password-iterations", "must be at least 1000.");
        faults.Tls(Tls).Networks(TrustedProxies, "--trusted-proxy");

        if (HttpPort != 0)
        {
            faults.Require(HttpPort != LiveHttpPort && HttpPort != RtmpPort, "--http", "must differ from the live plane's ports.");
        }

        faults.ThrowIfAny();
    }
}
