using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Npgsql;
using Weir.Social.Data;

namespace Weir.Social.Tests;

public sealed class WriteScopeTests
{
    [Theory]
    // Whoever is in the way for long is waited for, and not by more and more attempts; two who make the same row agree at once, or there is a fault.
    [InlineData(PostgresErrorCodes.SerializationFailure, 25, true)]
    [InlineData(PostgresErrorCodes.DeadlockDetected, 25, true)]
    [InlineData(PostgresErrorCodes.UniqueViolation, 25, false)]
    [InlineData(PostgresErrorCodes.UniqueViolation, 5, true)]
    [InlineData(PostgresErrorCodes.CheckViolation, 1, false)]
    public async Task A_change_that_meets_others_is_tried_again(string state, int times, bool comesThrough)
    {
        // By a clock that stands still, however long the attempts take.
        await using var server = await Server.StartAsync(configure: builder => builder.Services.AddSingleton<TimeProvider>(new FakeTimeProvider(DateTimeOffset.UtcNow)));
        await using var scope = server.Plane.App.Services.CreateAsyncScope();
        var met = 0;
        var change = scope.ServiceProvider.GetRequiredService<WriteScope>().RunAsync(
            () => met++ < times ? throw new PostgresException("", "ERROR", "ERROR", state) : Task.FromResult(met), default);
        if (comesThrough)
        {
            Assert.Equal(times + 1, await change);
        }
        else
        {
            Assert.Equal(state, (await Assert.ThrowsAsync<PostgresException>(() => change)).SqlState);
        }
    }
}
