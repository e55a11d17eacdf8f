using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Weir.Hosting;

namespace Weir.Social.Tests;

/// <summary>How full the server's disk is, as a test says it. A real one that runs full is in the end-to-end tests.</summary>
internal sealed class SmallDisk
{
    public const long Size = 1600L << 20;

    public long Free { get; set; } = Size;

    /// <summary>Every look counts: nothing is remembered for a quarter of a second.</summary>
    public void Use(WebApplicationBuilder builder) =>
        builder.Services.AddSingleton(_ => new DiskRoom("/", new EverLater(), () => new DiskSpace(Free, Size)));

    private sealed class EverLater : TimeProvider
    {
        private long _now;

        public override long GetTimestamp() => _now += TimestampFrequency;
    }
}
