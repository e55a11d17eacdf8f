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
            command, "--data", "--http", "--live-http", "--rtmp", "--rtc", "--public-url", "--live-public-url", "--rtmp-public-url", "--rtc-public-ip",
            "--trusted-proxy", "--database", "--metrics-token", "--interruption-limit", "--setup-code", "--web");
        command.SetAction((line, cancellation) => RunAsync(line, cancellation));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult line, CancellationToken cancellation)
    {
        var demo = line.GetValue(Demo);
        var settings = new Settings(line) { Demo = demo };
        using var dataLock = DataLock.Take(settings.DataDirectory);
        if (demo)
        {
            DemoDirectory.Prepare(settings.DataDirectory);
        }

        var options = SocialSettings.From(settings, demo, ports: true);
        await using var social = SocialPlane.Build(options);
        var log = social.App.Services.GetRequiredService<ILoggerFactory>();
        await SocialSettings.StartAsync(social, options, cancellation);

        // Not as an argument: every user of the machine can read those of every process.
        var environment = new Dictionary<string, string> { ["WEIR_METRICS_TOKEN"] = options.MetricsToken ?? "" };
        var supervisor = new LiveSupervisor(LiveArguments(settings, options, social, demo), environment, TimeProvider.System, log.CreateLogger<LiveSupervisor>());
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
        var local = $"http://localhost:{social.HttpPort}";
        if (demo)
        {
            var show = new DemoShow(await social.SeedDemoAsync(stopping), new Uri(local), log.CreateLogger<DemoShow>());
            await show.BeginAsync(stopping);
        }
        else if (social.SetupCode is { } code)
        {
            Console.WriteLine($"Set it up: {options.PublicUrl?.ToString().TrimEnd('/') ?? local}/setup#{code}");
        }

        Console.WriteLine($"Weir is ready at {options.PublicUrl?.ToString().TrimEnd('/') ?? local}");
    }

    private static List<string> LiveArguments(Settings settings, SocialOptions options, SocialPlane social, bool demo)
    {
        List<string> arguments =
        [
            "live", "--child", "--data", options.DataDirectory, "--node-key", options.NodeKeyFile, "--social", social.PlanesAddress.ToString(),
            "--live-http", Text(options.LiveHttpPort), "--rtmp", Text(options.RtmpPort), "--rtc", Text(options.RtcPort),
            "--interruption-limit", Text(settings.Number("--interruption-limit", 120)),
        ];
        if (demo)
        {
            arguments.Add("--loopback");
        }

        return arguments;
    }

    private static string Text(int number) => number.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
