using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Weir.Live;

/// <summary>Settings of a live node. Checked at start, with every fault listed.</summary>
public sealed class LiveOptions
{
    /// <summary>Recordings and the node's own files.</summary>
    [Required]
    public string DataDirectory { get; set; } = "";

    /// <summary>File with the secret shared with the social plane.</summary>
    [Required]
    public string NodeKeyFile { get; set; } = "";

    /// <summary>Where the social plane listens for live nodes, for instance <c>http://127.0.0.1:43117</c>.</summary>
    [Required, Url]
    public string SocialAddress { get; set; } = "";

    [Required, RegularExpression("[A-Za-z0-9-]{1,40}")]
    public string NodeName { get; set; } = "live-1";

    /// <summary>0 takes a free port.</summary>
    [Range(0, 65535)]
    public int HttpPort { get; set; } = 8081;

    [Range(0, 65535)]
    public int RtmpPort { get; set; } = 1935;

    /// <summary>Listen on loopback only.</summary>
    public bool LoopbackOnly { get; set; }

    /// <summary>How long a broadcast waits for its publisher to come back.</summary>
    [Range(1, 86_400)]
    public int InterruptionLimitSeconds { get; set; } = 120;

    [Range(1, 1000)]
    public int SessionsPerTicket { get; set; } = 5;

    /// <summary>Open connections at most, all protocols together; the rest is refused at once.</summary>
    [Range(10, 1_000_000)]
    public int MaxConnections { get; set; } = 20_000;

    /// <summary>Lets a collector from elsewhere read <c>/metrics</c>; empty: loopback only.</summary>
    public string MetricsToken { get; set; } = "";
}

[OptionsValidator]
public sealed partial class LiveOptionsValidator : IValidateOptions<LiveOptions>
{
}
