using CsCheck;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Weir.Social.Accounts;
using Weir.Social.Conversations;
using Weir.Social.Data;
using Weir.Social.Search;

namespace Weir.Social.Tests.Search;

public sealed class SearchOracleOnSqlite : SearchOracleTests
{
    protected override Task<Server> StartAsync(FakeTimeProvider clock) => Server.StartAsync(configure: b => b.Services.AddSingleton<TimeProvider>(clock));
}

public sealed class SearchOracleOnPostgres(PostgresServer shared) : SearchOracleTests
{
    protected override Task<Server> StartAsync(FakeTimeProvider clock) => Server.StartAsync(shared.Cluster, b => b.Services.AddSingleton<TimeProvider>(clock));
}

/// <summary>
/// Random conversations, some of them in the index and some not, against an oracle that knows nothing of tokens, ranges or cursors: it goes through every message. Every page of every search must
/// be its answer, on both databases.
/// </summary>
public abstract class SearchOracleTests : IAsyncLifetime
{
    private const int People = 4;
    private static readonly string[] Words = ["天气", "今天", "天", "好", "气", "Hello", "help", "he", "World", "é", "été", "🎉", "42", "4", "天天", "x", "international", "interval"];
    private static readonly string[] Between = [" ", "", "，"];
    private static readonly DateTimeOffset Day = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private readonly FakeTimeProvider _clock = new(Day);
    private Server _server = null!;

    protected abstract Task<Server> StartAsync(FakeTimeProvider clock);

    public async ValueTask InitializeAsync() => _server = await StartAsync(_clock);

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private sealed record Said(int Conversation, int Sender, string Text, bool Recalled);

    private sealed record World(int[] Members, int[] From, Said[] Before, Said[] After, string[] Queries, int Limit);

    [Fact]
    public async Task Every_page_is_what_the_naive_oracle_says()
    {
        var text = Gen.Select(Gen.Int[0, Words.Length - 1].Array[1, 4], Gen.Int[0, 2]).Select((words, between) => string.Join(Between[between], words.Select(w => Words[w])));
        var said = Gen.Select(Gen.Int[0, 2], Gen.Int[0, People - 1], text, Gen.Int[0, 5]).Select(s => new Said(s.Item1, s.Item2, s.Item3, s.Item4 == 0));
        var world = Gen.Select(Gen.Int[0, 15].Array[3], Gen.Int[0, 6].Array[3], said.Array[0, 40], said.Array[0, 10], text.Array[3], Gen.Int[2, 9])
            .Select(w => new World(w.Item1, w.Item2, w.Item3, w.Item4, w.Item5, w.Item6));
        await world.SampleAsync(CheckAsync, iter: 15, threads: 1);
    }

    private async Task CheckAsync(World world)
    {
        await using var scope = _server.Plane.App.Services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<WeirDb>();
        var people = Enumerable.Range(0, People).Select(_ => Guid.CreateVersion7()).ToArray();
        var conversations = Enumerable.Range(0, 3).Select(_ => new Conversation { Id = Guid.CreateVersion7(), Name = "Group", CreatedAt = Day, LastAt = Day }).ToArray();
        db.Accounts.AddRange(people.Select(id => new Account { Id = id, UserName = $"p{id:N}"[..30], NormalizedUserName = $"p{id:N}"[..30], Name = "Person", CreatedAt = Day }));
        db.Conversations.AddRange(conversations);
        for (var c = 0; c < 3; c++)
        {
            db.ConversationMembers.AddRange(Enumerable.Range(0, People).Where(p => (world.Members[c] & (1 << p)) != 0).Select(p =>
                new ConversationMember { ConversationId = conversations[c].Id, AccountId = people[p], JoinedAt = Day, FromSeq = p == 0 ? world.From[c] : 0 }));
        }

        var all = new List<(Message Message, Said Said)>();
        void Say(Said said)
        {
            _clock.Advance(TimeSpan.FromSeconds(1));
            var conversation = conversations[said.Conversation];
            conversation.LastSeq++;
            conversation.LastAt = _clock.Now();
            var message = new Message
            {
                ConversationId = conversation.Id, Seq = conversation.LastSeq, Id = Guid.NewGuid(), SenderId = people[said.Sender], ClientId = "c", SentAt = _clock.Now(),
                Text = said.Recalled ? null : said.Text, RecalledAt = said.Recalled ? _clock.Now() : null,
            };
            all.Add((message, said));
            db.Messages.Add(message);
        }

        Array.ForEach(world.Before, Say);
        await db.SaveChangesAsync();
        // What was said before is in the index, and some of it is recalled afterwards all the same; what follows is not.
        _clock.Advance(Message.RecallLimit + TimeSpan.FromSeconds(1));
        var indexer = _server.Indexer();
        indexer.LookAtAll();
        await indexer.CatchUpAsync(default);
        foreach (var (message, _) in all.Where((_, i) => i % 7 == 3))
        {
            (message.Text, message.RecalledAt) = (null, _clock.Now());
        }

        Array.ForEach(world.After, Say);
        await db.SaveChangesAsync();
        db.ChangeTracker.Clear();

        foreach (var query in world.Queries)
        {
            for (var me = 0; me < People; me++)
            {
                foreach (var within in new int?[] { null, 0 })
                {
                    bool Mine(int c) => (world.Members[c] & (1 << me)) != 0;
                    if (within is { } one && !Mine(one))
                    {
                        continue;
                    }

                    var expected = all
                        .Where(m => Mine(m.Said.Conversation) && (within is null || m.Said.Conversation == within) && m.Message.Seq > (me == 0 ? world.From[m.Said.Conversation] : 0)
                            && m.Message.Text is { } text && Naive.Finds(text, query))
                        .OrderByDescending(m => m.Message.SentAt).Select(m => m.Message.Id).ToList();
                    Assert.Equal(expected, await AllPagesAsync(scope.ServiceProvider, SearchQuery.Parse(query), people[me], within is null ? null : conversations[within.Value].Id, world.Limit));
                }
            }
        }
    }

    private async Task<List<Guid>> AllPagesAsync(IServiceProvider services, SearchQuery query, Guid me, Guid? within, int limit)
    {
        var find = services.GetRequiredService<FindMessages>();
        var found = new List<Guid>();
        string? before = null;
        do
        {
            var page = (await find.FindAsync(new SearchRequest(query, me, before, limit, new SearchBudget(new SearchLimits(), _clock)), within, default))!;
            Assert.False(page.Partial);
            Assert.True(page.Hits.Count <= limit);
            found.AddRange(page.Hits.Select(h => h.Message!.Id));
            before = page.Next;
        }
        while (before is not null);
        return found;
    }

    /// <summary>For the words above only: no diacritics but é, no tokens, nothing clever.</summary>
    private static class Naive
    {
        public static bool Finds(string text, string query)
        {
            var (words, signs) = Parts(text);
            var (wanted, runs) = Parts(query);
            return wanted.TrueForAll(w => words.Exists(word => word.StartsWith(w, StringComparison.Ordinal))) && runs.TrueForAll(r => signs.Exists(sign => sign.Contains(r, StringComparison.Ordinal)));
        }

        private static (List<string> Words, List<string> Signs) Parts(string text)
        {
            var plain = text.ToLowerInvariant().Replace("é", "e", StringComparison.Ordinal);
            List<string> Runs(System.Text.RegularExpressions.Regex kind) => [.. kind.Matches(plain).Select(m => m.Value)];
            return (Runs(new("[a-z0-9]+")), Runs(new("(?:[天气今好]|🎉)+")));
        }
    }
}
