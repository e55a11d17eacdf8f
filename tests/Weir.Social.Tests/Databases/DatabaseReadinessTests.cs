using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Weir.Social.Data;

namespace Weir.Social.Tests.Databases;

public sealed class DatabaseReadinessTests
{
    [Fact]
    public async Task Ready_is_true_for_a_second_and_not_for_longer()
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var server = await Server.StartAsync(configure: builder => builder.Services.AddSingleton<TimeProvider>(clock));
        (await server.Anybody.GetAsync("/health/ready")).Is(HttpStatusCode.OK);
        var file = server.Options.DatabaseFile;
        File.Move(file, file + ".away");
        clock.Advance(DatabaseReadiness.Belief - TimeSpan.FromMilliseconds(1));
        (await server.Anybody.GetAsync("/health/ready")).Is(HttpStatusCode.OK);
        clock.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal("not-ready", (await server.Anybody.GetAsync("/health/ready")).Is(HttpStatusCode.ServiceUnavailable).Code);
        File.Move(file + ".away", file);
        clock.Advance(DatabaseReadiness.Belief);
        (await server.Anybody.GetAsync("/health/ready")).Is(HttpStatusCode.OK);
    }
}
