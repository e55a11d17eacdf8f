using System.CommandLine;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Hosting;
using Weir.Live;
using Weir.Supervision;

namespace Weir.Commands;

/// <summary><c>weir live</c>: one live node. <c>weir up</c> starts it as its child.</summary>
internal static class LiveCommand
{
    private static readonly Option<bool> Child = new("--child") { Hidden = true, Description = "End when standard input closes" };
    private static readonly Option<bool> Loopback = new("--loopback") { Description = "Listen on loopback only" };

    public static Command Create()
    {
        var command = new Command("live", "Run a live node on its own") { Child, Loopback };
        Settings.AddTo(
            command, "--data", "--recordings", "--live-http", "--rtmp", "--rtc", "--rtc-public-ip", "--ice-servers", "--social", "--node-key", "--metrics-token",
            "--interruption-limit", "--recording-limit", "--merge", "--tls", "--trusted-proxy");
        command.SetAction((line, cancellation) => RunAsync(line, cancellation));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult line, CancellationToken cancellation)
    {
        var settings = new Settings(line);
        var options = new LiveOptions
        {
            DataDirectory = Path.Combine(settings.DataDirectory, "live"),
            RecordingsDirectory = settings.RecordingsDirectory,
            NodeKeyFile = settings.Text("--node-key") ?? Path.Combine(settings.DataDirectory, "secrets", "node.key"),
            SocialAddress = settings.Url("--social") ?? throw new RefusedException("--social must say where the social plane waits for live nodes.", ExitCodes.BadOptions),
            HttpPort = settings.Number("--live-http", 8081),
            RtmpPort = settings.Number("--rtmp", 1935),
            RtcPort = settings.Number("--rtc", 8082),
            RtcPublicAddresses = settings.Addresses("--rtc-public-ip"),
            IceServers = settings.List("--ice-servers"),
            MergeAge = settings.Milliseconds("--merge"),
            Tls = settings.TlsFiles(),
            TrustedProxies = settings.List("--trusted-proxy"),
            LoopbackOnly = line.GetValue(Loopback),
            EndWithParent = line.GetValue(Child),
            MetricsToken = settings.Text("--metrics-token") ?? "",
            InterruptionLimit = TimeSpan.FromSeconds(settings.Number("--interruption-limit", 120)),
            RecordingLimit = (long)settings.Number("--recording-limit", Settings.RecordingLimit) << 20,
        };
        RecordingsDirectory.Prepare(options.RecordingsDirectory);
        if (!options.EndWithParent)
        {
            OpenPaths.Warn(settings);
        }

        await using var node = LiveNode.Build(options);
        try
        {
            await node.StartAsync(cancellation);
        }
        catch (IOException fault) when (fault.InnerException is AddressInUseException)
        {
            throw new RefusedException($"{fault.Message} Choose other ports with --live-http, --rtmp and --rtc.", ExitCodes.PortTaken);
        }
        catch (System.Net.Sockets.SocketException fault)
        {
            throw new RefusedException($"Port {options.RtcPort} for WebRTC: {fault.Message}. Choose another one with --rtc.", ExitCodes.PortTaken);
        }

        await node.WaitForShutdownAsync(cancellation);
        return 0;
    }
}
