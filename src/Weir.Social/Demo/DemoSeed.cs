using Microsoft.EntityFrameworkCore;
using Weir.Social.Accounts;
using Weir.Social.Circles;
using Weir.Social.Conversations;
using Weir.Social.Data;
using Weir.Social.Friends;

namespace Weir.Social.Demo;

/// <summary>What <c>--demo</c> starts with: five people, a circle, and what they said to each other. Who of them is live is up to the program, through the ordinary API.</summary>
/// <param name="Conversation">Of the host and the first friend.</param>
/// <param name="Group">Of the host and all friends.</param>
/// <param name="Club">Of the friends and the stranger, without the host.</param>
public sealed record DemoWorld(string Host, IReadOnlyList<string> Friends, string Stranger, Guid Circle, Guid Conversation, Guid Group, Guid Club);

/// <summary>Makes the demo people once. They have no passwords: one click signs in as each, on loopback only.</summary>
internal static class DemoSeed
{
    private static readonly (string Handle, string Name)[] People =
    [
        ("lin", "林晓梅"), ("tom", "Tom Becker"), ("zhang_wei", "张伟"), ("aisha", "Aisha Rahman"), ("max", "Max Novak"),
    ];

    public static async Task<DemoWorld> EnsureAsync(IServiceProvider services, CancellationToken cancellation)
    {
        await using var scope = services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<WeirDb>();
        var creation = scope.ServiceProvider.GetRequiredService<AccountCreation>();
        var clock = scope.ServiceProvider.GetRequiredService<TimeProvider>();
        var circle = await scope.ServiceProvider.GetRequiredService<WriteScope>().RunAsync(async () =>
        {
            if (await db.Circles.Where(c => db.Accounts.Any(a => a.Id == c.OwnerId && a.UserName == People[0].Handle)).OrderBy(c => c.CreatedAt).FirstOrDefaultAsync(cancellation) is { } there)
            {
                return there.Id;
            }

            var accounts = new List<Account>();
            foreach (var (handle, name) in People)
            {
                var account = creation.New(handle, name);
                // The same in every demo, because the colour of a face without a picture comes from the id: these are far apart.
                account.Id = Guid.ParseExact($"de3000000000000000000000000000{2 * accounts.Count}0", "N");
                account.IsAdmin = accounts.Count == 0;
                if (await creation.AddAsync(account, cancellation) is not null)
                {
                    throw new InvalidOperationException($"The demo's data directory already has a person called '{handle}'.");
                }

                accounts.Add(account);
            }

            // The fifth knows only the second: to the host and the circle a stranger.
            for (var one = 0; one < 4; one++)
            {
                for (var other = one + 1; other < 4; other++)
                {
                    await Friendships.AddAsync(db, accounts[one].Id, accounts[other].Id, clock.Now(), cancellation);
                }
            }

            await Friendships.AddAsync(db, accounts[1].Id, accounts[4].Id, clock.Now(), cancellation);
            var family = new Circle { Id = Guid.NewGuid(), OwnerId = accounts[0].Id, Name = "家人 Family", CreatedAt = clock.Now() };
            family.Members.AddRange(accounts[1..3].Select(a => new CircleMember { CircleId = family.Id, AccountId = a.Id }));
            db.Circles.Add(family);
            DemoTalk.Add(db, accounts, clock.Now());
            return family.Id;
        }, cancellation);
        var (host, friend, stranger) = (People[0].Handle, People[1].Handle, People[4].Handle);
        var conversation = await Of(db, host, friend).Where(c => c.OneId != null).Select(c => c.Id).SingleAsync(cancellation);
        var group = await Of(db, host, friend).Where(c => c.OneId == null).OrderBy(c => c.CreatedAt).Select(c => c.Id).FirstAsync(cancellation);
        var club = await Of(db, friend, stranger).Where(c => c.OneId == null).OrderBy(c => c.CreatedAt).Select(c => c.Id).FirstAsync(cancellation);
        return new DemoWorld(host, [.. People[1..4].Select(p => p.Handle)], stranger, circle, conversation, group, club);
    }

    private static IQueryable<Conversation> Of(WeirDb db, string one, string other) => db.Conversations.Where(c =>
        c.Members.Any(m => db.Accounts.Any(a => a.Id == m.AccountId && a.UserName == one)) && c.Members.Any(m => db.Accounts.Any(a => a.Id == m.AccountId && a.UserName == other)));
}
