using Weir.Hosting;

namespace Weir.Social.WebApp;

/// <summary>Whether an <c>Origin</c> is this site: the host that the request names, or the configured public address.</summary>
internal static class OwnOrigin
{
    public static bool Is(string origin, HttpRequest request, SocialOptions options) =>
        Uri.TryCreate(origin, UriKind.Absolute, out var uri)
        && (string.Equals(uri.Authority, Uri.TryCreate($"{request.Scheme}://{HostNames.Authority(request)}", UriKind.Absolute, out var own) ? own.Authority : null, StringComparison.OrdinalIgnoreCase)
            || (options.PublicUrl is { } known && Uri.Compare(uri, known, UriComponents.SchemeAndServer, UriFormat.Unescaped, StringComparison.OrdinalIgnoreCase) == 0));
}
