using System.Net;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace Weir.Live.Tests;

/// <summary>
/// A node that ran out of memory again and again says so. Failures are of the whole process: tests beside these see them too.
/// </summary>
public sealed class MemoryFailureTests
{
    [Fact]
    public async Task A_node_that_had_no_memory_too_often_says_so_where_it_is_asked_whether_it_is_ready()
    {
        var data = Directory.CreateTempSubdirectory("weir-memory-");
        try
        {
            await using var node = LiveNode.Build(LoneNode.Options(data));
            await node.StartAsync(TestContext.Current.CancellationToken);
            var addresses = node.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses;
            using var http = new HttpClient { BaseAddress = new Uri(addresses.First()) };
            // Nobody has told it anything yet.
            Assert.Contains("\"not-ready\"", await AskAsync(http));
            for (var i = 0; i < MemoryFailures.Most; i++)
            {
                Fail();
            }

            Assert.Contains("\"out-of-memory\"", await AskAsync(http));
            await node.StopAsync(TestContext.Current.CancellationToken);
        }
        finally
        {
            data.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task One_failure_counts_once_however_often_it_is_raised_again()
    {
        using var failures = new MemoryFailures(new FakeTimeProvider());
        await Assert.ThrowsAsync<OutOfMemoryException>(() => DeepAsync(3 * MemoryFailures.Most));
        Assert.False(failures.TooMany);

        static async Task DeepAsync(int depth)
        {
            await Task.Yield();
            if (depth > 0)
            {
                await DeepAsync(depth - 1);
            }
            else
            {
                Allocate();
            }
        }
    }

    [Fact]
    public void Failures_that_are_far_apart_are_not_too_many()
    {
        var clock = new FakeTimeProvider();
        using var failures = new MemoryFailures(clock);
        for (var i = 0; i < MemoryFailures.Most - 1; i++)
        {
            Fail();
        }

        Assert.False(failures.TooMany);
        clock.Advance(MemoryFailures.Window + TimeSpan.FromSeconds(1));
        Fail();
        Assert.False(failures.TooMany);
        for (var i = 1; i < MemoryFailures.Most; i++)
        {
            Fail();
        }

        Assert.True(failures.TooMany);
        clock.Advance(TimeSpan.FromDays(1));
        Assert.True(failures.TooMany);
    }

    private static async Task<string> AskAsync(HttpClient http)
    {
        using var answer = await http.GetAsync("/health/ready", TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        return await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
    }

    private static void Fail() => Assert.Throws<OutOfMemoryException>(Allocate);

    /// <summary>More than any array has: the runtime's own failure, and no memory is taken.</summary>
    private static void Allocate() => GC.KeepAlive(new byte[Array.MaxLength + 1]);
}
