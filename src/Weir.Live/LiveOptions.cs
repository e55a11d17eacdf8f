using System.Text.RegularExpressions;
using Weir.Hosting;

namespace Weir.Live;

/// <summary>Settings of a live node.</summary>
public sealed partial record LiveOptions
{
    /// <summary>Recordings and the node's own files.</summary>
    public required string DataDirectory { get; init; }

    /// <summary>File with the secret shared with the social plane.</summary>
    public required string NodeKeyFile { get; init; }

    /// <summary>Where the social plane listens for live nodes, for instance <c>http://127.0.0.1:43117</c>.</summary>
    public required Uri SocialAddress { get; init; }

    public string NodeName { get; init; } = "live-1";

    /// <summary>0 takes a free port.</summary>
    public int HttpPort { get; init; } = 8081;

    public int RtmpPort { get; init; } = 1935;

    /// <summary>Listen on loopback only.</summary>
    public bool LoopbackOnly { get; init; }

    /// <summary>How long a broadcast waits for its publisher to come back.</summary>
    public TimeSpan InterruptionLimit { get; init; } = TimeSpan.FromSeconds(120);

    public int SessionsPerTicket { get; init; } = 5;

    /// <summary>Open connections at most, all protocols together; the rest is refused at once.</summary>
    public int MaxConnections { get; init; } = 20_000;

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
            .Require(InterruptionLimit >= TimeSpan.FromSeconds(1) && InterruptionLimit <= TimeSpan.FromDays(1), "interruption-limit", "must be 1 second to 1 day.")
            .Require(SessionsPerTicket is >= 1 and <= 1000, "sessions-per-ticket", "must be 1 to 1000.")
            .Require(MaxConnections is >= 10 and <= 1_000_000, "max-connections", "must be 10 to 1000000.");
        faults.ThrowIfAny();
    }

    [GeneratedRegex("^[A-Za-z0-9-]{1,40}$")]
    private static partial Regex Name();
}
