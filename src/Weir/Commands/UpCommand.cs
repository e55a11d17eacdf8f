using System.CommandLine;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Weir.Demo;
using Weir.Social;
using Weir.Supervision;

namespace Weir.Commands;

/// <summary><c>weir up</c>: both planes on this machine, the live plane as a supervised child.</summary>
internal static class UpCommand
{
    private static readonly Option<bool> Demo = new("--demo") { Description = "Five people, a running broadcast and a replay to look at, on loopback only, in ./data-demo" };

    public static Command Create()
    {
        var command = new Command("up", "Run Weir on this machine") { Demo };
        Settings.AddTo(
            command, "--data", "--recordings", "--http", "--live-http", "--rtmp", "--rtc", "--public-url", "--live-public-url", "--rtmp-public-url", "--rtc-public-ip", "--ice-servers",
            "--tls", "--trusted-proxy", "--database", "--metrics-token", "--interruption-limit", "--silence-limit", "--merge",
            "--setup-code", "--file-limit", "--storage-limit", "--call-limit", "--recording-limit", "--link-cards", "--web");
        command.SetAction((line, cancellation) => RunAsync(line, cancellation));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult line, CancellationToken cancellation)
    {
        var demo = line.GetValue(Demo);
        var settings = new Settings(line) { Demo = demo };
        using var dataLock = DataLock.Take(settings.DataDirectory);
        OpenPaths.Warn(settings);
        if (demo)
        {
            if (settings.TlsFiles() is not null)
            {
                throw new RefusedException("--demo is for this machine alone, where nothing needs --tls.", ExitCodes.BadOptions);
            }

            DemoDirectory.Prepare(settings.DataDirectory);
        }

        // After the demo has looked at its directory, which must hold nothing yet and is emptied.
        RecordingsDirectory.Prepare(settings.RecordingsDirectory);

        var options = SocialSettings.From(settings, demo, liveIsChild: true);
        await using var social = SocialPlane.Build(options);
        var log = social.App.Services.GetRequiredService<ILoggerFactory>();
        await SocialSettings.StartAsync(social, options, cancellation);

        // Not as an argument: every user of the machine can read those of every process.
        var environment = new Dictionary<string, string> { ["WEIR_METRICS_TOKEN"] = options.MetricsToken ?? "" };
        if (demo)
        {
            // Nobody operates a demo: its broadcasts' comings and goings would push the address to open off the screen.
            environment["Logging__LogLevel__Weir"] = nameof(LogLevel.Warning);
        }

        var health = new LiveHealth(
            new Uri($"{(options.Tls is null ? "http" : "https")}://127.0.0.1:{Text(options.LiveHttpPort)}"),
            SilenceLimit(settings),
            TimeProvider.System);
        var supervisor = new LiveSupervisor(
            LiveArguments(settings, options, social, demo), environment, health, TimeProvider.System, log.CreateLogger<LiveSupervisor>());
        var stopping = social.App.Lifetime.ApplicationStopping;
        var supervising = supervisor.RunAsync(stopping);
        try
        {
            if (await supervisor.ReadyAsync(() => social.LiveAvailable, stopping) is { } failure)
            {
                return failure;
            }

            await SayAsync(social, options, demo, log, stopping);
            await social.App.WaitForShutdownAsync(cancellation);
            return 0;
        }
        finally
        {
            social.App.Lifetime.StopApplication();
            await supervising;
        }
    }

    private static async Task SayAsync(SocialPlane social, SocialOptions options, bool demo, ILoggerFactory log, CancellationToken stopping)
    {
        var url = SocialSettings.Url(social, options);
        if (demo)
        {
            var show = new DemoShow(await social.SeedDemoAsync(stopping), new Uri($"http://localhost:{social.HttpPort}"), log.CreateLogger<DemoShow>());
            await show.BeginAsync(stopping);
        }

        Console.WriteLine($"Weir is ready at {url}");
        // The last line is the address to open.
        if (!demo && social.SetupCode is { } code)
        {
            Console.WriteLine($"Set it up: {url}/setup#{code}");
        }
    }

    private static TimeSpan SilenceLimit(Settings settings) => settings.Number("--silence-limit", 30) is var seconds and >= 1
        ? TimeSpan.FromSeconds(seconds)
        : throw new RefusedException("--silence-limit is at least a second.", ExitCodes.BadOptions);

    private static List<string> LiveArguments(Settings settings, SocialOptions options, SocialPlane social, bool demo)
    {
        List<string> arguments =
        [
            "live", "--child", "--data", options.DataDirectory, "--recordings", settings.RecordingsDirectory, "--node-key", options.NodeKeyFile, "--social", social.PlanesAddress.ToString(),
            "--live-http", Text(options.LiveHttpPort), "--rtmp", Text(options.RtmpPort), "--rtc", Text(options.RtcPort),
            "--interruption-limit", Text(settings.Number("--interruption-limit", 120)),
            "--recording-limit", Text(settings.Number("--recording-limit", Settings.RecordingLimit)),
        ];
        if (options.Tls is { } tls)
        {
            arguments.AddRange(["--tls", tls.Certificate, tls.Key]);
        }

        if (settings.Text("--merge") is { } merge)
        {
            arguments.AddRange(["--merge", merge]);
        }

        foreach (var name in new[] { "--rtc-public-ip", "--ice-servers" })
        {
            if (settings.Text(name) is { Length: > 0 } value)
            {
                arguments.AddRange([name, value]);
            }
        }

        if (options.TrustedProxies.Count > 0)
        {
            arguments.AddRange(["--trusted-proxy", string.Join(',', options.TrustedProxies)]);
        }

        if (demo)
        {
            arguments.Add("--loopback");
        }

        return arguments;
    }

    private static string Text(int number) => number.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
