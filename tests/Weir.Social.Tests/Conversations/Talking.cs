using System.Net;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Weir.Social.Accounts;
using Weir.Social.Data;
using Weir.Social.Friends;

namespace Weir.Social.Tests;

/// <summary>What people do in conversations.</summary>
internal static class Talking
{
    public static async Task<string> TalkAsync(this Someone one, Someone other) =>
        (await one.PostAsync("/api/conversations", new { members = new[] { other.Handle } })).Is(HttpStatusCode.Created).Text("id");

    /// <summary>Makes one the friend of all others, straight in the database: requests and answers have their own tests.</summary>
    public static async Task BefriendAllAsync(this Server server, Someone one, IEnumerable<Someone> others)
    {
        await using var scope = server.Plane.App.Services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<WeirDb>();
        var (id, now) = (Guid.Parse(one.Id), TimeProvider.System.Now());
        await scope.ServiceProvider.GetRequiredService<WriteScope>().RunAsync(() =>
        {
            foreach (var other in others.Select(other => Guid.Parse(other.Id)))
            {
                db.Friendships.AddRange(new Friendship { OwnerId = id, FriendId = other, Since = now }, new Friendship { OwnerId = other, FriendId = id, Since = now });
            }

            return Task.FromResult(true);
        }, default);
    }

    /// <summary>So many people more in a group, who never signed in.</summary>
    public static async Task CrowdAsync(this Server server, string conversation, int count)
    {
        await using var scope = server.Plane.App.Services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<WeirDb>();
        await scope.ServiceProvider.GetRequiredService<WriteScope>().RunAsync(async () =>
        {
            var group = await db.Conversations.SingleAsync(c => c.Id == Guid.Parse(conversation));
            for (var i = 0; i < count; i++)
            {
                var handle = $"crowd_{Guid.NewGuid():N}"[..20];
                var account = new Account { Id = Guid.NewGuid(), UserName = handle, NormalizedUserName = handle, Name = handle };
                db.Accounts.Add(account);
                group.Admit(db, account.Id, TimeProvider.System.Now());
            }

            return true;
        }, default);
    }

    public static Task<Answer> SayAsync(this Someone one, string conversation, string? text, string? clientId = null) =>
        one.PostAsync($"/api/conversations/{conversation}/messages", new { clientId = clientId ?? Guid.NewGuid().ToString(), text });

    /// <summary>Everything after a number, page by page.</summary>
    public static async Task<List<(long Seq, string Text)>> CatchUpAsync(this Someone one, string conversation, long after, int limit)
    {
        var all = new List<(long, string)>();
        while (true)
        {
            var page = (await one.GetAsync($"/api/conversations/{conversation}/messages?after={after}&limit={limit}")).Is(HttpStatusCode.OK).Json.EnumerateArray()
                .Select(m => (m.GetProperty("seq").GetInt64(), m.GetProperty("text").GetString()!)).ToList();
            if (page.Count == 0)
            {
                return all;
            }

            all.AddRange(page);
            after = page[^1].Item1;
        }
    }
}
