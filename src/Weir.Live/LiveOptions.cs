using System.Text.RegularExpressions;
using Weir.Hosting;
using Weir.Hosting.Tls;
using Weir.Media.Transcoding;

namespace Weir.Live;

/// <summary>Settings of a live node.</summary>
public sealed partial record LiveOptions
{
    /// <summary>The node's own files, and its recordings unless they are elsewhere.</summary>
    public required string DataDirectory { get; init; }

    /// <summary>A directory for each recording is made in it.</summary>
    public string RecordingsDirectory
    {
        get => field ?? Path.Combine(DataDirectory, "recordings");
        init;
    }

    /// <summary>File with the secret shared with the social plane.</summary>
    public required string NodeKeyFile { get; init; }

    /// <summary>Where the social plane listens for live nodes, for instance <c>http://127.0.0.1:43117</c>.</summary>
    public required Uri SocialAddress { get; init; }

    public string NodeName { get; init; } = "live-1";

    /// <summary>0 takes a free port.</summary>
    public int HttpPort { get; init; } = 8081;

    public int RtmpPort { get; init; } = 1935;

    /// <summary>WebRTC, UDP and TCP; 0 takes a number that is free in both.</summary>
    public int RtcPort { get; init; } = 8082;

    /// <summary>Addresses that WebRTC peers are told to send to instead of the machine's own.</summary>
    public IReadOnlyList<System.Net.IPAddress> RtcPublicAddresses { get; init; } = [];

    /// <summary>STUN and TURN servers that WHIP and WHEP clients are told of, as URIs.</summary>
    public IReadOnlyList<string> IceServers { get; init; } = [];

    /// <summary>For transcoding sound; null goes without.</summary>
    public FfmpegProgram? Ffmpeg { get; init; } = FfmpegProgram.Find();

    /// <summary>Serve HTTPS, WSS and RTMPS; null is without TLS.</summary>
    public TlsFiles? Tls { get; init; }

    /// <summary>Networks of proxies whose X-Forwarded-* headers are believed, as address/prefix.</summary>
    public IReadOnlyList<string> TrustedProxies { get; init; } = [];

    /// <summary>Listen on loopback only.</summary>
    public bool LoopbackOnly { get; init; }

    /// <summary>How long a broadcast waits for its publisher to come back.</summary>
    public TimeSpan InterruptionLimit { get; init; } = TimeSpan.FromSeconds(120);

    /// <summary>What one host's recordings may take of the disk together, in bytes.</summary>
    public long RecordingLimit { get; init; } = 50L << 30;

    public int SessionsPerTicket { get; init; } = 5;

    /// <summary>How old a frame may get before it is sent to RTMP, HTTP-FLV and WebSocket viewers; null: at once, and later as the core fills.</summary>
    public TimeSpan? MergeAge { get; init; }

    /// <summary>Open connections at most, all protocols together; the rest is refused at once.</summary>
    public int MaxConnections { get; init; } = 20_000;

    /// <summary>Of one address.</summary>
    public int ConnectionsPerAddress => MaxConnections / 2;

    /// <summary>Lets a collector from elsewhere read <c>/metrics</c>; empty: loopback only.</summary>
    public string MetricsToken { get; init; } = "";

    /// <summary>End when standard input closes: the supervising process is gone and its ports must become free.</summary>
    public bool EndWithParent { get; init; }

    /// <exception cref="InvalidOptionsException">Lists every fault.</exception>
    public void Check()
    {
        var faults = new OptionFaults()
            .Require(DataDirectory.Length > 0, "data", "must name a directory.")
            .Require(NodeKeyFile.Length > 0, "node-key", "must name a file.")
            .Url(SocialAddress, "social", "http", "https")
            .Require(Name().IsMatch(NodeName), "node", "must be 1 to 40 letters, digits or hyphens.")
            .Port(HttpPort, "live-http")
            .Port(RtmpPort, "rtmp")
            .Port(RtcPort, "rtc")
            .Require(RtcPort == 0 || (RtcPort != HttpPort && RtcPort != RtmpPort), "rtc", "must be another port than those of --live-http and --rtmp.")
            .Tls(Tls)
            .Networks(TrustedProxies, "trusted-proxy")
            .Require(InterruptionLimit >= TimeSpan.FromSeconds(1) && InterruptionLimit <= TimeSpan.FromDays(1), "interruption-limit", "must be 1 second to 1 day.")
            .Require(MergeAge is null || (MergeAge >= TimeSpan.Zero && MergeAge <= TimeSpan.FromSeconds(2)), "merge", "must be 0 to 2000 milliseconds.")
            .Require(RecordingLimit > 0, "recording-limit", "must be at least 1 MB.")
            .Require(SessionsPerTicket is >= 1 and <= 1000, "sessions-per-ticket", "must be 1 to 1000.")
            .Require(MaxConnections is >= 10 and <= 1_000_000, "max-connections", "must be 10 to 1000000.");
        faults.ThrowIfAny();
    }

    [GeneratedRegex("^[A-Za-z0-9-]{1,40}$")]
    private static partial Regex Name();
}
