using Weir.Hosting;

namespace Weir.Social.Throttling;

/// <summary>Counts what it refuses. Its keys are texts, as <see cref="AttemptLimiter.KeyOf"/> gives them.</summary>
internal sealed class AddressLimiter(TimeProvider clock, int burst, TimeSpan refill) : AddressLimiter<string>(
    new Rate(burst, refill),
    rate => new AttemptLimiter(clock, rate.Burst, rate.Refill),
    static (address, out site) => (site = AddressKey.SiteOf(address)!) is not null);
