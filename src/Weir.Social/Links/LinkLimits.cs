using System.Net;
using Weir.Social.Outgoing;

namespace Weir.Social.Links;

/// <summary>Bounds of what the server fetches for a card, and whom it asks. Tests replace the last three; nothing else does.</summary>
internal sealed record LinkLimits
{
    /// <summary>Messages that wait for their card. One more gets none.</summary>
    public int MaxWaiting { get; init; } = 256;

    /// <summary>Of those that wait or are looked at, messages of one person.</summary>
    public int EachWaiting { get; init; } = 8;

    /// <summary>The same of all people at one address, who leave half of <see cref="MaxWaiting"/> to others.</summary>
    public int OfAddressWaiting { get; init; } = 128;

    public int AtOnce { get; init; } = 3;

    /// <summary>For the page with all its redirects, and again for the picture.</summary>
    public TimeSpan Time { get; init; } = TimeSpan.FromSeconds(5);

    public int MaxPage { get; init; } = 512 * 1024;

    public int MaxPicture { get; init; } = 5 << 20;

    public int MaxRedirects { get; init; } = 3;

    /// <summary>Links of one person, and pages of one host, before they come back one by one.</summary>
    public int Burst { get; init; } = 20;

    public TimeSpan Refill { get; init; } = TimeSpan.FromSeconds(3);

    public Func<string, CancellationToken, Task<IPAddress[]>> Resolve { get; init; } = Dns.GetHostAddressesAsync;

    public Func<IPAddress, bool> MayConnect { get; init; } = PublicAddress.IsPublic;

    public Func<int, bool> MayUsePort { get; init; } = port => port is 80 or 443;
}
