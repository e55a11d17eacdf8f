using Weir.Hosting;
using Weir.Social.WebApp;

namespace Weir.Social.Notifications.Push;

/// <summary>
/// Whom the people of a push service may turn to (RFC 8292 2.1): the public address, or without one the address at which a browser last
/// subscribed. Apple's service refuses pushes signed with a name that is only this machine's. A push needs HTTPS in the browser, so
/// wherever one is switched on there is such an address.
/// </summary>
internal sealed class PushContact(SocialOptions options, ILogger<PushContact> log)
{
    private static readonly Uri Nobody = new("https://localhost");
    private readonly Lock _lock = new();
    private Uri? _heard = Read(options.PushContactFile);

    public Uri Current => options.PublicUrl is { } known && IsUsable(known) ? known : _heard ?? options.PublicUrl ?? Nobody;

    /// <summary>A browser subscribes: its page's origin is how the outside reaches this site.</summary>
    public void Hear(HttpRequest request)
    {
        var origin = request.Headers.Origin.ToString();
        if (!OwnOrigin.Is(origin, request, options) || !Uri.TryCreate(origin, UriKind.Absolute, out var site) || !IsUsable(site))
        {
            return;
        }

        lock (_lock)
        {
            if (_heard == site)
            {
                return;
            }

            _heard = site;
            try
            {
                var partial = options.PushContactFile + ".partial";
                File.WriteAllText(partial, site.AbsoluteUri);
                File.Move(partial, options.PushContactFile, overwrite: true);
            }
            catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
            {
                // Known until the process ends, and heard again from the next browser.
                log.LogWarning("The address of this site cannot be written down: {Reason}", fault.Message);
            }
        }
    }

    /// <summary>An https address by a name that can be another machine's.</summary>
    private static bool IsUsable(Uri site) =>
        site.Scheme == Uri.UriSchemeHttps && site.HostNameType == UriHostNameType.Dns && site.Host.Contains('.')
        && !site.Host.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase)
        && !site.Host.EndsWith(".local", StringComparison.OrdinalIgnoreCase);

    private static Uri? Read(string file) =>
        File.Exists(file) && Uri.TryCreate(File.ReadAllText(file).Trim(), UriKind.Absolute, out var site) && IsUsable(site) ? site : null;
}
