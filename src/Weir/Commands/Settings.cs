using System.CommandLine;
using System.Globalization;
using Microsoft.Extensions.Configuration;
using Weir.Hosting.Tls;

namespace Weir.Commands;

/// <summary>
/// The options that more than one command has. Each is looked for on the command line, then in the environment
/// (<c>--live-http</c> as <c>WEIR_LIVE_HTTP</c>), then in <c>weir.json</c> in the data directory (<c>"live-http": 8081</c>).
/// </summary>
internal sealed class Settings
{
    /// <summary>In MB.</summary>
    public const int RecordingLimit = 50 << 10;

    private static readonly Option<string?>[] All =
    [
        new("--data") { Description = "Directory for everything Weir keeps (default ./data)" },
        new("--recordings") { Description = "Directory for recordings, on another disk for instance (default: live/recordings in the data directory)" },
        new("--http") { Description = "Port of the pages and the social plane (default 8080)" },
        new("--live-http") { Description = "Port of the live plane's HTTP (default 8081)" },
        new("--rtmp") { Description = "Port for encoders, RTMP (default 1935)" },
        new("--rtc") { Description = "Port for WebRTC, UDP and TCP (default 8082)" },
        new("--public-url") { Description = "How the outside reaches the pages, for instance https://live.example.org" },
        new("--live-public-url") { Description = "How the outside reaches the live plane's HTTP" },
        new("--rtmp-public-url") { Description = "How encoders reach the RTMP port" },
        new("--rtc-public-ip") { Description = "The address WebRTC peers are told to send to; several with commas" },
        new("--ice-servers") { Description = "STUN and TURN servers that WebRTC clients are told of, for instance stun:stun.example.org; several with commas" },
        new("--trusted-proxy") { Description = "Network of a proxy whose forwarded headers are believed, for instance 127.0.0.1/32; several with commas" },
        new("--database") { Description = "PostgreSQL connection string; without it SQLite in the data directory" },
        new("--metrics-token") { Description = "Bearer token with which /metrics answers from elsewhere" },
        new("--interruption-limit") { Description = "Seconds a broadcast waits for its publisher to come back (default 120)" },
        new("--silence-limit") { Description = "Seconds without any answer after which the live plane is started anew (default 30)" },
        new("--merge") { Description = "Milliseconds a frame may wait to be sent together with the next (default: none, and up to 100 as the core fills)" },
        new("--file-limit") { Description = "The largest file that can be sent, in MB (default 100)" },
        new("--call-limit") { Description = "Calls a second of one account (default 100)" },
        new("--storage-limit") { Description = "What one person's files may take of the disk, in MB (default 5120)" },
        new("--recording-limit") { Description = "What the recordings of one person's broadcasts may take of the disk, in MB (default 51200)" },
        new("--link-cards") { Description = "on or off: whether the server looks at pages that messages link to (default on)" },
        new("--setup-code") { Description = "Fixes the code of the first start, at least 12 characters" },
        new("--web") { Description = "Directory of the built web app" },
        new("--planes") { Description = "Port on loopback on which the social plane waits for live nodes (default: a free one)" },
        new("--social") { Description = "Address of the social plane for live nodes, for instance http://127.0.0.1:43117" },
        new("--node-key") { Description = "File with the secret that a live node shares with the social plane" },
    ];

    /// <summary>In the environment and in <c>weir.json</c> the two files stand in one text, with a comma between them.</summary>
    private static readonly Option<string[]> Tls = new("--tls")
    {
        Description = "Serve HTTPS, WSS and RTMPS: CERT KEY (PEM files), or 'self' for a certificate of its own, for a trial in the local network",
        Arity = new ArgumentArity(1, 2),
        AllowMultipleArgumentsPerToken = true,
    };

    private readonly ParseResult _line;
    private readonly IConfiguration _file;

    public Settings(ParseResult line)
    {
        _line = line;
        _file = new ConfigurationBuilder().Build();
        try
        {
            _file = new ConfigurationBuilder().AddJsonFile(Path.GetFullPath(Path.Combine(DataDirectory, "weir.json")), optional: true).Build();
        }
        catch (InvalidDataException broken)
        {
            throw new RefusedException($"{Path.Combine(DataDirectory, "weir.json")} cannot be read: {broken.InnerException?.Message ?? broken.Message}", ExitCodes.BadOptions);
        }
    }

    public string DataDirectory => Path.GetFullPath(Text("--data") ?? (Demo ? "data-demo" : "data"));

    /// <summary>Where the live plane keeps recordings; the same for every command that reads or writes them.</summary>
    public string RecordingsDirectory => Path.GetFullPath(Text("--recordings") is { Length: > 0 } elsewhere ? elsewhere : Path.Combine(DataDirectory, "live", "recordings"));

    public bool Demo { get; init; }

    /// <summary>Gives a command the options it understands.</summary>
    public static void AddTo(Command command, params string[] names)
    {
        foreach (var name in names)
        {
            command.Options.Add(name == Tls.Name ? Tls : All.Single(option => option.Name == name));
        }
    }

    public string? Text(string name)
    {
        var option = All.Single(candidate => candidate.Name == name);
        if (_line.GetResult(option) is { Implicit: false })
        {
            return _line.GetValue(option);
        }

        return Elsewhere(name);
    }

    /// <summary>The certificate to serve with; null serves without TLS. With <c>self</c> it is made when it is not there.</summary>
    /// <param name="hosts">How the outside names this machine, for a certificate of its own.</param>
    public TlsFiles? TlsFiles(params Uri?[] hosts)
    {
        var parts = _line.GetResult(Tls) is { Implicit: false }
            ? _line.GetValue(Tls)
            : Elsewhere(Tls.Name)?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return parts switch
        {
            null or [] => null,
            ["self"] => SelfSigned.Ensure(Path.Combine(DataDirectory, "secrets"), hosts.OfType<Uri>().Select(host => host.IdnHost), TimeProvider.System),
            [var certificate, var key] => new TlsFiles(Path.GetFullPath(certificate), Path.GetFullPath(key)),
            _ => throw new RefusedException("--tls takes a certificate and its key (PEM files), or 'self'.", ExitCodes.BadOptions),
        };
    }

    public int Number(string name, int otherwise)
    {
        var text = Text(name);
        if (text is null)
        {
            return otherwise;
        }

        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw new RefusedException($"{name} must be a number, not '{text}'.", ExitCodes.BadOptions);
    }

    public TimeSpan? Milliseconds(string name) => Text(name) is null ? null : TimeSpan.FromMilliseconds(Number(name, 0));

    public bool Switch(string name, bool otherwise) => Text(name) switch
    {
        null => otherwise,
        "on" => true,
        "off" => false,
        { } text => throw new RefusedException($"{name} is on or off, not '{text}'.", ExitCodes.BadOptions),
    };

    public Uri? Url(string name)
    {
        var text = Text(name);
        if (text is null)
        {
            return null;
        }

        return Uri.TryCreate(text, UriKind.Absolute, out var url)
            ? url
            : throw new RefusedException($"{name} must be a whole URL like https://live.example.org, not '{text}'.", ExitCodes.BadOptions);
    }

    /// <summary>Several may be given, with commas between them.</summary>
    public string[] List(string name) => Text(name)?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) ?? [];

    /// <summary>IP addresses, with commas between them.</summary>
    public IReadOnlyList<System.Net.IPAddress> Addresses(string name) => [.. List(name).Select(text => System.Net.IPAddress.TryParse(text, out var address)
        ? address
        : throw new RefusedException($"{name} must be an IP address, not '{text}'.", ExitCodes.BadOptions))];

    private string? Elsewhere(string name)
    {
        var environment = Environment.GetEnvironmentVariable("WEIR_" + name[2..].Replace('-', '_').ToUpperInvariant());
        return !string.IsNullOrEmpty(environment) ? environment : _file[name[2..]];
    }
}
