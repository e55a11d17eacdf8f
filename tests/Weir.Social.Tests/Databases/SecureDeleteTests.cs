using System.Net;
using Microsoft.EntityFrameworkCore;

namespace Weir.Social.Tests;

/// <summary>What people took back is not left in the file.</summary>
public sealed class SecureDeleteTests
{
    [Fact]
    public async Task What_is_deleted_is_gone_from_the_pages_of_the_database_too()
    {
        await using var server = await Server.StartAsync();
        var anna = await server.PersonAsync("Anna", admin: true);
        var ben = await server.PersonAsync("Ben");
        await anna.BefriendAsync(ben);
        var talk = await anna.TalkAsync(ben);
        const string said = "a secret of ours, ";
        // Long enough for pages of its own, which are free afterwards.
        var id = (await anna.SayAsync(talk, string.Concat(Enumerable.Repeat(said, 220)))).Is(HttpStatusCode.Created).Text("id");
        // Somebody who reads may keep the log from being taken over whole.
        await Patience.HoldsAsync(async () => await CheckpointAsync() && Holds(said));
        (await anna.PostAsync($"/api/conversations/{talk}/messages/{id}/recall")).Is(HttpStatusCode.NoContent);
        await Patience.HoldsAsync(async () => await CheckpointAsync() && !Holds(said));

        Task<bool> CheckpointAsync() => server.ReadAsync(async db =>
            await db.Database.SqlQueryRaw<int>("PRAGMA wal_checkpoint(TRUNCATE)").ToListAsync() is [0]);

        bool Holds(string text)
        {
            using var file = new FileStream(server.Options.DatabaseFile, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            var bytes = new byte[file.Length];
            file.ReadExactly(bytes);
            return bytes.AsSpan().IndexOf(System.Text.Encoding.UTF8.GetBytes(text)) >= 0;
        }
    }
}
