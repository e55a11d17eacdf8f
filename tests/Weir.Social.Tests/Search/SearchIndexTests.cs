using Microsoft.Data.Sqlite;
using Weir.Social.Tests.Moments;

namespace Weir.Social.Tests.Search;

/// <summary>The index is derived: one that is of an older version or damaged is made anew at the next start, from everything that is there.</summary>
public sealed class SearchIndexTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_older_or_damaged_index_is_made_anew(bool older)
    {
        var folder = Directory.CreateTempSubdirectory("weir-index-").FullName;
        var kept = folder + ".kept";
        string handle;
        await using (var first = await Server.StartAsync(options: o => o with { DataDirectory = folder }))
        {
            var anna = await first.PersonAsync("Anna", admin: true);
            handle = anna.Handle;
            await anna.PostMomentAsync("The weir was there before the index");
            await first.Plane.StopAsync();
            SqliteConnection.ClearAllPools();
            Directory.Move(folder, kept);
            Directory.CreateDirectory(folder);
        }

        var file = Path.Combine(kept, "search.db");
        if (older)
        {
            await using var index = new SqliteConnection($"Data Source={file}");
            await index.OpenAsync(TestContext.Current.CancellationToken);
            await using var make = index.CreateCommand();
            make.CommandText = "DELETE FROM things; DELETE FROM thing_tokens; DELETE FROM readings; INSERT INTO readings (kind, last) VALUES (5, NULL); PRAGMA user_version=1;";
            await make.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        }
        else
        {
            File.Delete(file + "-wal");
            await File.WriteAllTextAsync(file, string.Concat(Enumerable.Repeat("this is no database ", 1000)), TestContext.Current.CancellationToken);
        }

        SqliteConnection.ClearAllPools();
        await using var second = await Server.StartAsync(options: o => o with { DataDirectory = kept });
        var again = await Someone.OfAsync(second, await second.Anybody.PostAsync("/api/sessions", new { handle, password = Someone.Password }));
        await second.Indexer().CatchUpAsync(default);
        Assert.Single(await again.FindAsync("moments", "weir"));
        Assert.False((await again.SearchAsync("weir")).GetProperty("indexing").GetBoolean());
    }
}
