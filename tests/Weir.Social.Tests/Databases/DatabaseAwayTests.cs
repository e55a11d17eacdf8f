using System.Net;
using Microsoft.Data.Sqlite;
using Npgsql;
using Weir.Social.Data;

namespace Weir.Social.Tests.Databases;

public sealed class DatabaseAwayTests
{
    [Fact]
    public async Task While_postgresql_is_away_calls_are_told_to_come_again_and_then_come_through()
    {
        await using var cluster = new PostgresCluster();
        await cluster.InitializeAsync();
        await using var server = await Server.StartAsync(cluster);
        var (anna, ben) = (await server.PersonAsync("Anna", admin: true), await server.PersonAsync("Ben"));
        await anna.BefriendAsync(ben);
        var conversation = await anna.TalkAsync(ben);

        await cluster.StopAsync();
        for (var times = 0; times < 3; times++)
        {
            foreach (var answer in await Task.WhenAll(
                anna.GetAsync("/api/conversations"),
                anna.GetAsync("/api/friends"),
                anna.SayAsync(conversation, "Are you there?", "same"),
                anna.PatchAsync("/api/me", new { name = "Anna B" }),
                server.Anybody.GetAsync("/api/server"),
                server.Anybody.GetAsync("/a/some_paper/feed.atom"),
                server.Anybody.PostAsync("/api/sessions", new { handle = ben.Handle, password = Someone.Password })))
            {
                Assert.Equal("unavailable", answer.Is(HttpStatusCode.ServiceUnavailable).Code);
                Assert.Equal(TimeSpan.FromSeconds(1), answer.Message.Headers.RetryAfter!.Delta);
            }
        }

        await cluster.StartAsync();
        // A connection that broke is found out by whoever uses it first.
        await Patience.HoldsAsync(async () => (await anna.SayAsync(conversation, "Are you there?", "same")).Status == HttpStatusCode.Created);
        await Patience.HoldsAsync(async () => (await ben.GetAsync($"/api/conversations/{conversation}/messages")).Status switch
        {
            HttpStatusCode.OK => true,
            HttpStatusCode.ServiceUnavailable => false,
            var other => throw new InvalidOperationException($"{other}"),
        });
        Assert.Single(await ben.CatchUpAsync(conversation, 0, 10));
    }

    [Fact]
    public void What_the_database_refuses_is_no_absence()
    {
        Assert.True(DatabaseAway.Is(new InvalidOperationException("", new NpgsqlException("", new IOException()))));
        Assert.True(DatabaseAway.Is(new PostgresException("", "FATAL", "FATAL", "57P01")));
        Assert.True(DatabaseAway.Is(new SqliteException("", 5)));
        Assert.False(DatabaseAway.Is(new PostgresException("", "ERROR", "ERROR", PostgresErrorCodes.UniqueViolation)));
        Assert.False(DatabaseAway.Is(new SqliteException("", 11)));
        Assert.False(DatabaseAway.Is(new InvalidOperationException()));
        Assert.False(DatabaseAway.Is(new NullReferenceException { Source = "Weir.Social" }));
        Assert.True(DatabaseAway.Is(new NullReferenceException { Source = "Npgsql" }));
    }
}
