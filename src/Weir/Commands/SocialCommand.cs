using System.CommandLine;
using Microsoft.Extensions.Hosting;
using Weir.Social;
using Weir.Supervision;

namespace Weir.Commands;

/// <summary><c>weir social</c>: the social plane alone; live nodes connect to it.</summary>
internal static class SocialCommand
{
    public static Command Create()
    {
        var command = new Command("social", "Run the social plane on its own");
        Settings.AddTo(
            command, "--data", "--http", "--live-http", "--rtmp", "--rtc", "--public-url", "--live-public-url", "--rtmp-public-url", "--rtc-public-ip",
            "--tls", "--trusted-proxy", "--database", "--metrics-token", "--setup-code", "--file-limit", "--storage-limit",
            "--call-limit", "--link-cards", "--web", "--planes");
        command.SetAction((line, cancellation) => RunAsync(line, cancellation));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult line, CancellationToken cancellation)
    {
        var settings = new Settings(line);
        using var dataLock = DataLock.Take(settings.DataDirectory);
        OpenPaths.Warn(settings);
        var options = SocialSettings.From(settings, demo: false, liveIsChild: false) with { PlanesPort = settings.Number("--planes", 0) };
        await using var social = SocialPlane.Build(options);
        await SocialSettings.StartAsync(social, options, cancellation);
        var url = SocialSettings.Url(social, options);
        Console.WriteLine($"Live nodes connect with: weir live --social {social.PlanesAddress} --node-key {options.NodeKeyFile}");
        Console.WriteLine($"The social plane is ready at {url}");
        if (social.SetupCode is { } code)
        {
            Console.WriteLine($"Set it up: {url}/setup#{code}");
        }

        await social.App.WaitForShutdownAsync(cancellation);
        return 0;
    }
}
